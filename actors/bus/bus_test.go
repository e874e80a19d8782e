package bus_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/actors/bus"
	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var at = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func newBus(t testing.TB, o bus.Options) *bus.Bus {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Now = func() time.Time { return at }
	b := bus.New(o)
	t.Cleanup(b.Close)
	return b
}

// recorder passes on what it is told.
type recorder struct {
	topics []bus.Topic
	on     func(bus.Event)
}

func (r recorder) Topics() []bus.Topic { return r.topics }
func (r recorder) On(e bus.Event)      { r.on(e) }

func into(ch chan bus.Event, topics ...bus.Topic) recorder {
	return recorder{topics, func(e bus.Event) { ch <- e }}
}

func next(t testing.TB, ch chan bus.Event) bus.Event {
	t.Helper()
	select {
	case e := <-ch:
		return e
	case <-time.After(10 * time.Second):
		t.Fatal("no event")
		return bus.Event{}
	}
}

func TestHealthNewestWins(t *testing.T) {
	t.Parallel()
	var sent []any
	b := newBus(t, bus.Options{Broadcast: func(m any) { sent = append(sent, m) }})
	_, known := b.View().Health(1)
	require.False(t, known)
	require.Empty(t, b.View().All())

	say := func(id domain.ProviderID, epoch, seq int64) {
		b.HealthPublisher().Publish(domain.ProviderHealth{ProviderID: id, Epoch: epoch, Seq: seq})
	}
	seen := func(id domain.ProviderID) [2]int64 {
		h, ok := b.View().Health(id)
		require.True(t, ok)
		return [2]int64{h.Epoch, h.Seq}
	}
	say(2, 1, 1)
	say(1, 5, 5)
	require.Equal(t, [2]int64{5, 5}, seen(1))
	say(1, 5, 4)
	say(1, 4, 9)
	require.Equal(t, [2]int64{5, 5}, seen(1), "late news")
	say(1, 5, 6)
	require.Equal(t, [2]int64{5, 6}, seen(1))
	say(1, 6, 1)
	require.Equal(t, [2]int64{6, 1}, seen(1), "another incarnation counts from one")
	require.Len(t, sent, 4, "late news go no further")

	all := b.View().All()
	require.Len(t, all, 2)
	require.Equal(t, domain.ProviderID(1), all[0].ProviderID)
}

func TestHealthViewAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		b := bus.New(bus.Options{Logger: slog.New(slog.DiscardHandler), Now: time.Now})
		defer b.Close()
		news := rapid.SliceOf(rapid.Custom(func(rt *rapid.T) domain.ProviderHealth {
			return domain.ProviderHealth{
				ProviderID: domain.ProviderID(rapid.IntRange(1, 3).Draw(rt, "id")),
				Epoch:      rapid.Int64Range(1, 3).Draw(rt, "epoch"),
				Seq:        rapid.Int64Range(1, 5).Draw(rt, "seq"),
			}
		})).Draw(rt, "news")
		want := make(map[domain.ProviderID]domain.ProviderHealth)
		for _, h := range news {
			b.ProviderHealth(h)
			if old, ok := want[h.ProviderID]; !ok || h.Epoch*100+h.Seq > old.Epoch*100+old.Seq {
				want[h.ProviderID] = h
			}
		}
		for _, h := range b.View().All() {
			require.Equal(rt, want[h.ProviderID], h)
			delete(want, h.ProviderID)
		}
		if len(want) != 0 {
			rt.Fatalf("missing: %v", want)
		}
	})
}

func TestActorHearsOtherNodes(t *testing.T) {
	t.Parallel()
	var sent atomic.Int32
	b := newBus(t, bus.Options{Broadcast: func(any) { sent.Add(1) }})
	s := kit.NewSystem(kit.Options{})
	t.Cleanup(func() { require.NoError(t, s.Shutdown(context.Background())) })
	events := make(chan bus.Event, 10)
	b.Subscribe(into(events, bus.ProviderState, bus.EntityChanged))
	ref := s.Spawn(b.Kind(), "1")

	h := domain.ProviderHealth{ProviderID: 7, Epoch: 1, Seq: 1, InFlight: 3}
	ref.Tell(&protocol.ProviderHealth{ProviderHealth: h})
	require.Equal(t, bus.Event{Topic: bus.ProviderState, At: at, Data: h}, next(t, events))
	got, ok := b.View().Health(7)
	require.True(t, ok)
	require.Equal(t, h, got)

	changed := &protocol.ConfigChanged{Version: 4}
	ref.Tell(changed)
	require.Equal(t, bus.Event{Topic: bus.EntityChanged, At: at, Data: changed}, next(t, events))
	require.Zero(t, sent.Load(), "what came from another node is not sent on")

	b.ConfigChanged(changed)
	require.Equal(t, changed, next(t, events).Data)
	require.Equal(t, int32(1), sent.Load())
}

func TestSubscribersGetTheirTopicsInOrder(t *testing.T) {
	t.Parallel()
	b := newBus(t, bus.Options{})
	started, both := make(chan bus.Event, 100), make(chan bus.Event, 100)
	b.Subscribe(into(started, bus.RequestStarted))
	b.Subscribe(into(both, bus.RequestStarted, bus.RequestFinished))
	for i := range 10 {
		b.Publish(bus.Event{Topic: bus.RequestStarted, Data: i})
		b.Publish(bus.Event{Topic: bus.RequestFinished, Data: i})
		b.Publish(bus.Event{Topic: bus.Incident, Data: i})
	}
	b.Close()
	require.Len(t, started, 10)
	require.Len(t, both, 20)
	for i := range 10 {
		require.Equal(t, i, (<-started).Data)
		require.Equal(t, bus.Event{Topic: bus.RequestStarted, Data: i}, <-both)
		require.Equal(t, bus.Event{Topic: bus.RequestFinished, Data: i}, <-both)
	}
	b.Publish(bus.Event{Topic: bus.RequestStarted})
	late := b.Subscribe(into(started, bus.RequestStarted))
	late.Close()
	require.Empty(t, started, "closed is closed")
}

func TestSlowSubscriberLosesTheOldestOnly(t *testing.T) {
	t.Parallel()
	b := newBus(t, bus.Options{})
	entered, open, got := make(chan bool), make(chan bool), make(chan bus.Event, 5000)
	first := true
	slow := b.Subscribe(recorder{[]bus.Topic{bus.Incident}, func(e bus.Event) {
		if first {
			first = false
			entered <- true
			<-open
		}
		got <- e
	}})
	other := make(chan bus.Event, 5000)
	b.Subscribe(into(other, bus.Incident))
	b.Publish(bus.Event{Topic: bus.Incident, Data: 0})
	<-entered
	for i := range 3000 {
		b.Publish(bus.Event{Topic: bus.Incident, Data: i + 1}) // returns although nobody takes it
	}
	require.Equal(t, int64(3000-1024), slow.Dropped())
	require.GreaterOrEqual(t, b.Dropped(), slow.Dropped())
	close(open)
	require.Equal(t, 0, next(t, got).Data)
	for i := 3000 - 1024; i < 3000; i++ {
		require.Equal(t, i+1, next(t, got).Data)
	}
	b.Publish(bus.Event{Topic: bus.Incident, Data: "fresh"})
	require.Equal(t, "fresh", next(t, got).Data)
}

func TestSubscriberMayCloseItselfAndPanic(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var log bytes.Buffer
	b := newBus(t, bus.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	var sub *bus.Subscription
	got := make(chan bus.Event, 10)
	mu.Lock()
	sub = b.Subscribe(recorder{[]bus.Topic{bus.Incident}, func(e bus.Event) {
		switch e.Data {
		case "panic":
			panic("boom")
		case "close":
			mu.Lock()
			defer mu.Unlock()
			sub.Close()
			sub.Close()
		}
		got <- e
	}})
	mu.Unlock()
	for _, data := range []string{"panic", "hello", "close"} {
		b.Publish(bus.Event{Topic: bus.Incident, Data: data})
	}
	require.Equal(t, "hello", next(t, got).Data)
	require.Equal(t, "close", next(t, got).Data)
	b.Publish(bus.Event{Topic: bus.Incident, Data: "after"})
	b.Close()
	require.Empty(t, got)
	require.Contains(t, log.String(), "topic=incident cause=boom")
}

func TestConcurrentPublishAndSubscribe(t *testing.T) {
	t.Parallel()
	b := newBus(t, bus.Options{})
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for n := range 200 {
				b.ProviderHealth(domain.ProviderHealth{ProviderID: domain.ProviderID(n % 7), Epoch: int64(i), Seq: int64(n)})
				b.View().All()
				sub := b.Subscribe(recorder{[]bus.Topic{bus.ProviderState}, func(bus.Event) {}})
				sub.Close()
			}
		})
	}
	group.Wait()
	require.Len(t, b.View().All(), 7)
	require.Zero(t, b.Subscribers(), "who closed is forgotten")
}

func BenchmarkHealth(b *testing.B) {
	hub := newBus(b, bus.Options{})
	for id := range domain.ProviderID(1000) {
		hub.ProviderHealth(domain.ProviderHealth{ProviderID: id, Seq: 1})
	}
	view := hub.View()
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := view.Health(500); !ok {
			b.Fatal("unknown")
		}
	}
}

func BenchmarkPublish(b *testing.B) {
	hub := newBus(b, bus.Options{})
	for range 4 {
		hub.Subscribe(recorder{[]bus.Topic{bus.Incident}, func(bus.Event) {}})
	}
	b.ReportAllocs()
	for b.Loop() {
		hub.Publish(bus.Event{Topic: bus.Incident})
	}
}
