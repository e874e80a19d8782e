package lease

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Store keeps leases. Its clock alone says when they lapse.
type Store interface {
	// Take takes a lease that nobody has, that lapsed at least grace ago, or that
	// the holder has already; false = somebody else has it.
	Take(ctx context.Context, name, holder string, ttl, grace time.Duration) (fence int64, ok bool, err error)
	// Renew has it last for ttl from now on; false = it lapsed or was taken.
	Renew(ctx context.Context, name string, fence int64, ttl time.Duration) (ok bool, err error)
	Release(ctx context.Context, name string, fence int64) error
}

// Options are what a keeper is made of. All but the times must be set.
type Options struct {
	Store  Store
	Name   string // of the lease
	Holder string // who takes it, unlike all others
	Logger *slog.Logger
	TTL    time.Duration // 0 = 30 s; it is renewed three times as often
	Grace  time.Duration // how long it must have lapsed to be taken from another
}

// defaultTTL is how long a lease lasts without being renewed.
const defaultTTL = 30 * time.Second

// Keeper holds a lease as long as it can and tries to get it while another has
// it. Safe for concurrent use.
type Keeper struct {
	o Options

	mu   sync.Mutex
	held *term // nil = none
	lost bool  // to another, as the database said when it was asked last

	stop context.CancelFunc
	done chan struct{}
}

// term is the time from when a lease was taken until it was lost.
type term struct {
	fence int64
	until time.Time       // by the clock that is never set
	ctx   context.Context //nolint:containedctx // it ends with the term
	end   context.CancelFunc
}

// Keep tries to take the lease and begins to hold it. That it cannot be had, or
// the database does not answer, is no failure. Close ends it.
func Keep(ctx context.Context, o Options) *Keeper {
	if o.TTL == 0 {
		o.TTL = defaultTTL
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	k := &Keeper{o: o, stop: stop, done: make(chan struct{})}
	k.attend(run)
	go k.run(run)
	return k
}

func (k *Keeper) run(ctx context.Context) {
	defer close(k.done)
	tick := time.NewTicker(k.o.TTL / 3)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			k.attend(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// attend renews the lease, or tries to take it.
func (k *Keeper) attend(ctx context.Context) {
	if t := k.current(); t != nil {
		k.renew(ctx, t)
		if k.current() != nil {
			return
		}
	}
	ctx, cancel := context.WithTimeout(ctx, k.o.TTL/3)
	defer cancel()
	asked := time.Now()
	fence, ok, err := k.o.Store.Take(ctx, k.o.Name, k.o.Holder, k.o.TTL, k.o.Grace)
	if err == nil {
		k.mu.Lock()
		k.lost = !ok
		k.mu.Unlock()
	}
	switch {
	case err != nil && ctx.Err() == nil:
		k.o.Logger.WarnContext(ctx, "a lease cannot be taken, trying again", "lease", k.o.Name, "error", err)
	case ok:
		k.begin(ctx, fence, asked)
	}
}

func (k *Keeper) begin(ctx context.Context, fence int64, asked time.Time) {
	t := &term{fence: fence, until: k.expiry(asked)}
	t.ctx, t.end = context.WithCancel(context.WithoutCancel(ctx))
	k.mu.Lock()
	k.held = t
	k.mu.Unlock()
	k.o.Logger.InfoContext(ctx, "lease taken", "lease", k.o.Name, "fence", fence)
	time.AfterFunc(time.Until(t.until), func() { k.expire(t) })
}

// expiry leaves the tenth of a lease between what the holder believes and what
// the database does.
func (k *Keeper) expiry(asked time.Time) time.Time { return asked.Add(k.o.TTL - k.o.TTL/10) }

// expire ends a term whose time is over, or looks again when it was prolonged.
func (k *Keeper) expire(t *term) {
	k.mu.Lock()
	left := time.Until(t.until)
	over := k.held == t && left <= 0
	if over {
		k.held = nil
	}
	k.mu.Unlock()
	switch {
	case over:
		t.end()
		k.o.Logger.Warn("a lease lapsed, as the database did not answer", "lease", k.o.Name)
	case t.ctx.Err() == nil:
		time.AfterFunc(max(left, time.Millisecond), func() { k.expire(t) })
	}
}

// renew prolongs a term, or ends it if the lease is another's; whether it is held
// is what it returns. While the database does not answer, the term runs on.
func (k *Keeper) renew(ctx context.Context, t *term) bool {
	ctx, cancel := context.WithTimeout(ctx, k.o.TTL/3)
	defer cancel()
	asked := time.Now()
	ok, err := k.o.Store.Renew(ctx, k.o.Name, t.fence, k.o.TTL)
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.held != t:
		return false
	case err != nil:
		return false // nobody knows
	case ok:
		t.until = k.expiry(asked)
		return true
	}
	k.held = nil
	t.end()
	k.o.Logger.WarnContext(ctx, "a lease was lost to another process", "lease", k.o.Name)
	return false
}

// current is the term that runs; nil = none.
func (k *Keeper) current() *term {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held == nil || time.Now().After(k.held.until) {
		return nil
	}
	return k.held
}

// Holds tells whether the lease is held, by what is known here.
func (k *Keeper) Holds() bool { return k.current() != nil }

// Outrun tells whether another process has the lease.
func (k *Keeper) Outrun() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.held == nil && k.lost
}

// Lead asks the database whether the lease is held. If it is, the context it
// returns lasts no longer than that; done must be called.
func (k *Keeper) Lead(ctx context.Context) (led context.Context, done context.CancelFunc, ok bool) {
	t := k.current()
	if t == nil || !k.renew(ctx, t) {
		return ctx, func() {}, false
	}
	led, cancel := context.WithCancel(ctx)
	unlink := context.AfterFunc(t.ctx, cancel)
	return led, func() { unlink(); cancel() }, true
}

// Close gives the lease back for others to take at once.
func (k *Keeper) Close(ctx context.Context) error {
	k.stop()
	<-k.done
	k.mu.Lock()
	t := k.held
	k.held, k.lost = nil, false
	k.mu.Unlock()
	if t == nil {
		return nil
	}
	t.end()
	return k.o.Store.Release(ctx, k.o.Name, t.fence)
}

// Alone leads always: nobody else uses the database.
type Alone struct{}

// Holds is always true.
func (Alone) Holds() bool { return true }

// Lead gives the context back.
func (Alone) Lead(ctx context.Context) (led context.Context, done context.CancelFunc, ok bool) {
	return ctx, func() {}, true
}
