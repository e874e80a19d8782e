package redis

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	channelName = "cch:bus"
	waiting     = 1024 // announcements that wait to be sent
)

// Channel carries what nodes announce to each other. Nothing that is announced
// is kept: who was away missed it, and what waits while Redis is away is
// dropped. Safe for concurrent use.
type Channel struct {
	client  *Client
	node    string
	out     chan []byte
	dropped atomic.Int64

	running context.Context //nolint:containedctx // of the goroutines, ended by Close
	stop    context.CancelFunc
	ended   sync.WaitGroup
}

// NewChannel begins to send. node names this node and holds no line break.
func (c *Client) NewChannel(node string) *Channel {
	ch := &Channel{client: c, node: node, out: make(chan []byte, waiting)}
	ch.running, ch.stop = context.WithCancel(context.Background())
	ch.ended.Go(func() { ch.send(ch.running) })
	return ch
}

// Listen begins to receive. hear is called from one goroutine with what other
// nodes announce, in their order, and must not block for long. To be called
// once, before Close.
func (ch *Channel) Listen(hear func(message []byte)) {
	ch.ended.Go(func() { ch.receive(ch.running, hear) })
}

// Publish announces a message to every other node. It never blocks.
func (ch *Channel) Publish(message []byte) {
	select {
	case ch.out <- message:
	default:
		ch.dropped.Add(1)
	}
}

// Dropped counts the messages that were not sent.
func (ch *Channel) Dropped() int64 { return ch.dropped.Load() }

// Close ends sending and receiving.
func (ch *Channel) Close() {
	ch.stop()
	ch.ended.Wait()
}

func (ch *Channel) send(ctx context.Context) {
	for {
		select {
		case message := <-ch.out:
			framed := append([]byte(ch.node+"\n"), message...)
			err := ch.client.call(ctx, ch.client.o.Timeout, func(ctx context.Context) error {
				return ch.client.lib.Publish(ctx, channelName, framed).Err()
			})
			if err != nil {
				ch.dropped.Add(1)
			}
		case <-ctx.Done():
			return
		}
	}
}

// receive hears what comes. The library connects again by itself.
func (ch *Channel) receive(ctx context.Context, hear func([]byte)) {
	sub := ch.client.lib.Subscribe(ctx, channelName)
	defer func() {
		if err := sub.Close(); err != nil {
			ch.client.o.Logger.Debug("subscription was not closed properly", slog.Any("error", err))
		}
	}()
	messages := sub.Channel()
	for {
		select {
		case m, ok := <-messages:
			if !ok {
				return
			}
			if from, body, ok := strings.Cut(m.Payload, "\n"); ok && from != ch.node {
				hear([]byte(body))
			}
		case <-ctx.Done():
			return
		}
	}
}
