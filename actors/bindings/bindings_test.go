package bindings_test

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/claude-code-hub/cch/actors/bindings"
	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/internal/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// table keeps bindings in memory, or is away.
type table struct {
	mu    sync.Mutex
	rows  map[domain.ResourceKey]domain.ResourceBinding
	away  bool
	blind bool // finds nothing, for it does not answer
	reads int
}

var errAway = errors.New("the store is away")

func (t *table) Keep(_ context.Context, all []domain.ResourceBinding) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.away {
		return errAway
	}
	for _, b := range all {
		t.rows[b.Key] = b
	}
	return nil
}

func (t *table) Find(_ context.Context, k domain.ResourceKey) (domain.ResourceBinding, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reads++
	if t.away || t.blind {
		return domain.ResourceBinding{}, errAway
	}
	if b, ok := t.rows[k]; ok {
		return b, nil
	}
	return domain.ResourceBinding{}, domain.NotFound("resource", k.ID)
}

func (t *table) set(away bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.away = away
}

// node runs do with the bindings of a process that starts.
func node(t *testing.T, store *table, do func(b *bindings.Bindings)) {
	t.Helper()
	sys := kit.NewSystem(kit.Options{Name: "test", Logger: slog.New(slog.DiscardHandler)})
	b := bindings.New(store, time.Now)
	b.Start(sys)
	do(b)
	require.NoError(t, sys.Shutdown(context.Background()))
}

func key(n int) domain.ResourceKey { return domain.ResourceKey{KeyID: 1, ID: strconv.Itoa(n)} }

func find(t *testing.T, b *bindings.Bindings, n int) domain.ProviderID {
	t.Helper()
	p, err := b.Find(t.Context(), key(n))
	require.NoError(t, err)
	return p
}

func TestBindingsSurviveARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &table{rows: map[domain.ResourceKey]domain.ResourceBinding{}}
		node(t, store, func(b *bindings.Bindings) {
			for n := range 2000 {
				b.Keep(key(n), domain.ProviderID(n+1))
			}
			require.Equal(t, domain.ProviderID(8), find(t, b, 7), "at once")
			require.Zero(t, store.reads)
			synctest.Wait()
		})
		require.Len(t, store.rows, 2000)
		node(t, store, func(b *bindings.Bindings) {
			require.Equal(t, domain.ProviderID(8), find(t, b, 7))
			require.Equal(t, domain.ProviderID(8), find(t, b, 7))
			require.Equal(t, 1, store.reads, "then from memory")
			require.Zero(t, find(t, b, 9999))
		})
	})
}

func TestBindingsWaitForTheStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &table{rows: map[domain.ResourceKey]domain.ResourceBinding{}, away: true}
		node(t, store, func(b *bindings.Bindings) {
			b.Keep(key(1), 5)
			require.Equal(t, domain.ProviderID(5), find(t, b, 1))
			_, err := b.Find(t.Context(), key(2))
			require.ErrorIs(t, err, errAway)
			time.Sleep(2 * time.Second) // it is tried again after one second and after three
			b.Keep(key(3), 6)
			store.set(false)
			time.Sleep(2 * time.Second)
			synctest.Wait()
		})
		require.Len(t, store.rows, 2)
	})
}

func TestBindingsLapseAndAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &table{rows: map[domain.ResourceKey]domain.ResourceBinding{}, blind: true}
		node(t, store, func(b *bindings.Bindings) {
			b.Keep(key(0), 1)
			for n := range 50_000 {
				b.Keep(key(n+1), 2)
			}
			require.Equal(t, domain.ProviderID(2), find(t, b, 1))
			_, err := b.Find(t.Context(), key(0))
			require.ErrorIs(t, err, errAway, "forgotten: the table is asked")
			time.Sleep(domain.ResourceBindingTTL)
			_, err = b.Find(t.Context(), key(1))
			require.ErrorIs(t, err, errAway, "lapsed")
		})
	})
}
