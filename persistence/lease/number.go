package lease

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	numberPrefix = "node/"
	// numbers is how many nodes have numbers of their own. Those above are for
	// nodes that were away from the database for so long that theirs may have
	// been given to another: one in as many of them meets another such node.
	numbers = 512
	spare   = 512

	// numberGrace is how long a number stays unused after its holder was heard of
	// last, so that nobody else gives the same ids.
	numberGrace = 10 * time.Minute
	// deadAfter is how long a lease has lapsed when its holder's requests are
	// taken for lost. A holder that lives and only missed the database brings
	// their real ends later.
	deadAfter = 2 * time.Minute
	// strayAfter is the same for requests of nodes without a number.
	strayAfter = time.Hour
)

// ErrNoNumber says that every number is taken.
var ErrNoNumber = errors.New("all numbers of nodes are taken")

// NumberStore keeps leases and lists them.
type NumberStore interface {
	Store
	List(ctx context.Context, prefix string) ([]domain.HeldLease, error)
}

// Number is what tells this node's requests from those of others: a part of their
// ids. Safe for concurrent use.
type Number struct {
	store  NumberStore
	holder string
	logger *slog.Logger

	mu     sync.Mutex
	number int // in use
	leased int // by keeper
	keeper *Keeper
	heldAt time.Time          // when the lease was held last
	ids    *domain.RequestIDs // nil = none are given yet
	newest domain.RequestID   // when that began

	stop context.CancelFunc
	done chan struct{}
}

// TakeNumber takes the number that the holder had before, else the lowest that is
// free, and holds it. Close ends it.
func TakeNumber(ctx context.Context, store NumberStore, holder string, logger *slog.Logger) (*Number, error) {
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	n := &Number{store: store, holder: holder, logger: logger, stop: stop, done: make(chan struct{})}
	if err := n.choose(ctx); err != nil {
		stop()
		return nil, err
	}
	n.number = n.leased
	go n.run(run)
	return n, nil
}

// choose takes a lease of a number.
func (n *Number) choose(ctx context.Context) error {
	for range 3 { // others may choose at the same time
		list, err := n.store.List(ctx, numberPrefix)
		if err != nil {
			return err
		}
		number, ok := pick(list, n.holder)
		if !ok {
			return ErrNoNumber
		}
		k := Keep(ctx, Options{
			Store: n.store, Name: nameOf(number), Holder: n.holder, Logger: n.logger, Grace: numberGrace,
		})
		if k.Holds() {
			n.mu.Lock()
			n.keeper, n.leased, n.heldAt = k, number, time.Now()
			n.mu.Unlock()
			return nil
		}
		if err := k.Close(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("take the number of this node: %w", ErrNoNumber)
}

// pick is the number that the holder has, else the lowest that nobody has.
func pick(list []domain.HeldLease, holder string) (number int, ok bool) {
	taken := make(map[int]bool, len(list))
	for _, l := range list {
		n, isNumber := numberOf(l.Name)
		switch {
		case !isNumber:
		case l.Holder == holder:
			return n, true
		case l.Left > -numberGrace:
			taken[n] = true
		}
	}
	for n := range numbers {
		if !taken[n] {
			return n, true
		}
	}
	return 0, false
}

func nameOf(number int) string { return fmt.Sprintf("%s%03d", numberPrefix, number) }

func numberOf(name string) (number int, ok bool) {
	digits, ok := strings.CutPrefix(name, numberPrefix)
	number, err := strconv.Atoi(digits)
	return number, ok && err == nil && number >= 0 && number < numbers
}

func (n *Number) run(ctx context.Context) {
	defer close(n.done)
	tick := time.NewTicker(defaultTTL / 3)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			n.attend(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// attend sees to it that the number in use is one that no other node uses.
func (n *Number) attend(ctx context.Context) {
	n.mu.Lock()
	keeper, leased, number, away := n.keeper, n.leased, n.number, time.Since(n.heldAt)
	n.mu.Unlock()
	switch {
	case keeper.Holds():
		n.mu.Lock()
		n.heldAt = time.Now()
		n.mu.Unlock()
		n.use(ctx, leased)
	case keeper.Outrun():
		n.logger.ErrorContext(ctx, "another process has the number of this node, a new one is taken", "number", leased)
		n.use(ctx, stray(number))
		if err := errors.Join(keeper.Close(ctx), n.choose(ctx)); err != nil {
			n.logger.WarnContext(ctx, "there is no number for this node yet", "error", err)
		}
	case away > numberGrace-2*defaultTTL:
		n.use(ctx, stray(number)) // before anybody else may take it
	}
}

// stray is a number for a node that has none of its own.
func stray(number int) int {
	if number >= numbers {
		return number
	}
	return numbers + rand.N(spare)
}

func (n *Number) use(ctx context.Context, number int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.number == number {
		return
	}
	n.number = number
	if n.ids != nil {
		n.ids.MoveTo(number)
	}
	n.logger.WarnContext(ctx, "ids of requests have another number of a node from now on", "number", number)
}

// Current is the number to use now.
func (n *Number) Current() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.number
}

// IDs makes what gives ids to the requests of this node, greater ones than
// newest. The open requests of this node are not lost from now on.
func (n *Number) IDs(newest domain.RequestID) *domain.RequestIDs {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ids, n.newest = domain.NewRequestIDs(n.number, newest), newest
	return n.ids
}

// Lost looks who is alive and returns which requests that are open are nobody's
// any more: those of nodes that are dead, and those of earlier processes of this
// one.
func (n *Number) Lost(ctx context.Context) (func(domain.RequestID) bool, error) {
	list, err := n.store.List(ctx, numberPrefix)
	if err != nil {
		return nil, err
	}
	alive := make(map[int]bool, len(list))
	for _, l := range list {
		if number, ok := numberOf(l.Name); ok && l.Left > -deadAfter {
			alive[number] = true
		}
	}
	n.mu.Lock()
	own, newest, running := n.number, n.newest, n.ids != nil
	n.mu.Unlock()
	now := time.Now()
	return func(id domain.RequestID) bool {
		switch node := id.Node(); {
		case node == own:
			return !running || id <= newest
		case node >= numbers:
			return now.Sub(id.Time()) > strayAfter
		default:
			return !alive[node]
		}
	}, nil
}

// Close gives the lease back. The number stays unused for a while.
func (n *Number) Close(ctx context.Context) error {
	n.stop()
	<-n.done
	return n.keeper.Close(ctx)
}
