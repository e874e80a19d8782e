package bus

import (
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
)

// maxQueued is how many events wait for a subscriber before the oldest goes.
const maxQueued = 1024

// Stream delivers events to local subscribers. Safe for concurrent use.
type Stream struct {
	logger  *slog.Logger
	byTopic atomic.Pointer[map[Topic][]*Subscription]
	running sync.WaitGroup
	dropped atomic.Int64

	mu     sync.Mutex // of changes to the subscriptions
	all    map[*Subscription]struct{}
	closed bool
}

func newStream(logger *slog.Logger) *Stream {
	s := &Stream{logger: logger, all: make(map[*Subscription]struct{})}
	s.byTopic.Store(new(map[Topic][]*Subscription))
	return s
}

// Publish hands an event to its subscribers. It never blocks.
func (s *Stream) Publish(e Event) {
	for _, sub := range (*s.byTopic.Load())[e.Topic] {
		sub.offer(e)
	}
}

// Subscribe starts a subscriber's goroutine. After Close it does nothing.
func (s *Stream) Subscribe(to Subscriber) *Subscription {
	sub := &Subscription{stream: s, to: to, topics: slices.Clone(to.Topics()), wake: make(chan struct{}, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		sub.closed = true
		return sub
	}
	s.all[sub] = struct{}{}
	s.change(func(subs map[Topic][]*Subscription, t Topic) {
		subs[t] = append(slices.Clone(subs[t]), sub)
	}, sub.topics)
	s.running.Go(sub.run)
	return sub
}

// Subscribers is the number of open subscriptions.
func (s *Stream) Subscribers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}

// Dropped is the number of events that any subscriber was too slow for.
func (s *Stream) Dropped() int64 { return s.dropped.Load() }

// Close ends all subscriptions, after the events that are queued, and waits
// for their goroutines.
func (s *Stream) Close() {
	s.mu.Lock()
	s.closed = true
	all := slices.Collect(maps.Keys(s.all))
	s.mu.Unlock()
	for _, sub := range all {
		sub.Close()
	}
	s.running.Wait()
}

func (s *Stream) remove(sub *Subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, sub)
	s.change(func(subs map[Topic][]*Subscription, t Topic) {
		subs[t] = slices.DeleteFunc(slices.Clone(subs[t]), func(other *Subscription) bool { return other == sub })
	}, sub.topics)
}

// change replaces the map that publishers read.
func (s *Stream) change(f func(subs map[Topic][]*Subscription, t Topic), topics []Topic) {
	subs := maps.Clone(*s.byTopic.Load())
	if subs == nil {
		subs = make(map[Topic][]*Subscription)
	}
	for _, t := range topics {
		f(subs, t)
	}
	s.byTopic.Store(&subs)
}

// Subscription is a subscriber's place in the stream.
type Subscription struct {
	stream  *Stream
	to      Subscriber
	topics  []Topic
	wake    chan struct{} // capacity 1
	dropped atomic.Int64

	mu     sync.Mutex
	queue  []Event // a ring from head once it has reached maxQueued
	head   int
	closed bool
}

// Dropped is the number of events the subscriber was too slow for.
func (s *Subscription) Dropped() int64 { return s.dropped.Load() }

// Close ends the subscription once the queued events are handled. It does not
// wait, so that a subscriber may close its own.
func (s *Subscription) Close() {
	s.mu.Lock()
	was := s.closed
	s.closed = true
	s.mu.Unlock()
	if !was {
		s.stream.remove(s)
		s.rouse()
	}
}

func (s *Subscription) offer(e Event) {
	s.mu.Lock()
	switch {
	case s.closed:
	case len(s.queue) < maxQueued:
		s.queue = append(s.queue, e)
	default:
		s.queue[s.head] = e
		s.head = (s.head + 1) % maxQueued
		s.dropped.Add(1)
		s.stream.dropped.Add(1)
	}
	s.mu.Unlock()
	s.rouse()
}

func (s *Subscription) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// take empties the queue into events, oldest first.
func (s *Subscription) take(events []Event) (_ []Event, closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	events = append(events, s.queue[s.head:]...)
	events = append(events, s.queue[:s.head]...)
	clear(s.queue)
	s.queue, s.head = s.queue[:0], 0
	return events, s.closed
}

func (s *Subscription) run() {
	var events []Event
	for {
		var closed bool
		events, closed = s.take(events[:0])
		for i, e := range events {
			s.on(e)
			events[i] = Event{}
		}
		if closed {
			return
		}
		<-s.wake
	}
}

func (s *Subscription) on(e Event) {
	defer func() {
		if cause := recover(); cause != nil {
			s.stream.logger.Error("subscriber panicked", slog.String("topic", string(e.Topic)),
				slog.Any("cause", cause), slog.String("stack", string(debug.Stack())))
		}
	}()
	s.to.On(e)
}
