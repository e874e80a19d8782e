package cluster

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/eventstream"
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

const (
	// doorName is the process that takes what other nodes send.
	doorName = "cch"
	// queued is the room that a connection begins with for what is to be sent; the
	// library's own default is a million places each.
	queued = 4096
	// attempts is how often a connection is tried, two seconds apart, before what
	// waits for it is given up. In the meantime nothing is sent there anyway.
	attempts = 2
	// longestFrame bounds what is read from another node.
	longestFrame   = 8 << 20
	connectWithin  = time.Second
	keepaliveEvery = 10 * time.Second
	keepaliveWait  = 3 * time.Second
	// reconnectApart is the least time between two breaks of a stream on purpose.
	reconnectApart = 5 * time.Second
)

// transport is the library's remoting: it keeps a stream to every address that
// something is sent to.
type transport struct {
	system *actor.ActorSystem
	remote *remote.Remote
	lost   *eventstream.Subscription

	closed sync.Once

	mu    sync.Mutex
	fresh map[string]time.Time // when a stream was last broken on purpose, by address
}

// listen opens the port. take gets what other nodes send, on the goroutine that
// reads from that node; lost is told that the stream to an address broke.
func listen(g gate, logger *slog.Logger, take func(*Frame), lost func(addr string)) (t *transport, err error) {
	host, port, err := splitAddr(g.addr)
	if err != nil {
		return nil, err
	}
	defer func() { // the library panics when the port is taken
		if cause := recover(); cause != nil {
			t, err = nil, fmt.Errorf("listen at %s for other nodes: %v", g.addr, cause)
		}
	}()
	t = &transport{fresh: make(map[string]time.Time), system: actor.NewActorSystem(
		actor.WithDeveloperSupervisionLogging(false),
		actor.WithMetricProviders(nil),
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(hushed{logger.Handler()}) }),
	)}
	t.system.EventStream = eventstream.NewEventStream() // without those that log dead letters
	config := remote.Configure(host, port,
		remote.WithAdvertisedHost(g.addr),
		remote.WithEndpointWriterQueueSize(queued),
		remote.WithServerOptions(
			grpc.StreamInterceptor(g.accept), grpc.UnaryInterceptor(g.refuse), grpc.MaxRecvMsgSize(longestFrame),
			grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: keepaliveEvery / 2, PermitWithoutStream: true}),
			grpc.KeepaliveParams(keepalive.ServerParameters{Time: keepaliveEvery, Timeout: keepaliveWait}),
		),
		remote.WithDialOptions(
			grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithStreamInterceptor(g.connect),
			grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: keepaliveEvery, Timeout: keepaliveWait, PermitWithoutStream: true}),
			grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.DefaultConfig, MinConnectTimeout: connectWithin}),
		),
	)
	config.MaxRetryCount = attempts
	t.lost = t.system.EventStream.Subscribe(func(event any) {
		if e, ok := event.(*remote.EndpointTerminatedEvent); ok {
			lost(e.Address)
		}
	})
	if _, ok := t.system.ProcessRegistry.Add(door(take), doorName); !ok {
		return nil, fmt.Errorf("listen at %s: the name %s is taken", g.addr, doorName)
	}
	t.remote = remote.NewRemote(t.system, config)
	t.remote.Start()
	return t, nil
}

func splitAddr(addr string) (host string, port int, err error) {
	host, number, err := net.SplitHostPort(addr)
	if err == nil {
		port, err = strconv.Atoi(number)
	}
	if err != nil {
		return "", 0, fmt.Errorf("address %q of this node: %w", addr, err)
	}
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		host = "[" + host + "]" // the library joins them as they are
	}
	return host, port, nil
}

// send brings a frame on its way. Whether it arrives is not known.
func (t *transport) send(addr string, f *Frame) {
	t.system.Root.Send(actor.NewPID(addr, doorName), f)
}

// reconnect breaks the stream to an address, so that the next frame makes another
// one. The library may keep one that leads nowhere.
func (t *transport) reconnect(addr string, now time.Time) {
	t.mu.Lock()
	soon := now.Sub(t.fresh[addr]) < reconnectApart
	if !soon {
		t.fresh[addr] = now
	}
	t.mu.Unlock()
	if !soon {
		t.system.EventStream.Publish(&remote.EndpointTerminatedEvent{Address: addr})
	}
}

// close breaks the streams and closes the port.
func (t *transport) close(addrs []string) {
	t.closed.Do(func() {
		t.system.EventStream.Unsubscribe(t.lost)
		for _, addr := range addrs {
			t.system.EventStream.Publish(&remote.EndpointTerminatedEvent{Address: addr})
		}
		t.remote.Shutdown(false)
		t.system.Shutdown()
	})
}

// door is the process behind the name: no mailbox, for all that it does is to
// hand messages on.
type door func(*Frame)

var _ actor.Process = door(nil)

// SendUserMessage takes a message.
func (d door) SendUserMessage(_ *actor.PID, message any) {
	if f, ok := actor.UnwrapEnvelopeMessage(message).(*Frame); ok {
		d(f)
	}
}

// SendSystemMessage is for orders to actors, which a door is not.
func (door) SendSystemMessage(*actor.PID, any) {}

// Stop does nothing: a door is there as long as its system.
func (door) Stop(*actor.PID) {}

// hushed makes debug notes of all that the library says: for it every node that
// goes away is an error, several times over. The node itself tells of that.
type hushed struct{ slog.Handler }

func (h hushed) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, slog.LevelDebug)
}

func (h hushed) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelDebug
	return h.Handler.Handle(ctx, r)
}

func (h hushed) WithAttrs(attrs []slog.Attr) slog.Handler { return hushed{h.Handler.WithAttrs(attrs)} }

func (h hushed) WithGroup(name string) slog.Handler { return hushed{h.Handler.WithGroup(name)} }
