package pricesync_test

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricelist/pricelisttest"
	"github.com/claude-code-hub/cch/internal/pricesync"
	"github.com/claude-code-hub/cch/internal/pricing"
	"github.com/claude-code-hub/cch/persistence/store"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

// world is a Syncer over a real store, whose catalog is always the newest.
type world struct {
	*pricesync.Syncer
	t      *testing.T
	server *pricelisttest.Server
	store  *store.Store
	prices *pricing.Prices
	uses   []domain.ModelUse

	mu  sync.Mutex
	now time.Time
	cat *domain.Catalog
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, server: pricelisttest.New(t), now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
	var err error
	w.store, err = store.Open(t.Context(), store.Options{DataDir: t.TempDir(), Sealer: storetest.Sealer{}, AutoMigrate: true, Now: w.clock})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.store.Close()) })
	w.prices, err = pricing.NewPrices()
	require.NoError(t, err)
	require.NoError(t, w.Await(t.Context(), 0))
	w.Syncer = pricesync.New(pricesync.Options{
		Source: w.server.Source(t), Store: w.store.ModelPrices(), Catalog: w, Prices: w.prices, Now: w.clock,
		Uses:   func(context.Context, time.Time) ([]domain.ModelUse, error) { return w.uses, nil },
		Logger: slog.New(slog.DiscardHandler),
	})
	return w
}

// clock never tells the same time twice: of two prices that are set at once the
// second begins a millisecond later.
func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(time.Millisecond)
	return w.now
}

func (w *world) later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) Current() *domain.Catalog {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cat
}

func (w *world) Await(ctx context.Context, _ int64) error {
	c, err := w.store.Configuration(ctx)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cat = domain.NewCatalog(c)
	return nil
}

// list serves models with their input prices.
func (w *world) list(version string, prices map[string]string) {
	w.server.List(strconv.Quote(version), pricelisttest.CPT(version, prices))
}

func (w *world) sync(o domain.PriceSync) domain.PriceReport {
	w.t.Helper()
	r, err := w.Sync(w.t.Context(), o)
	require.NoError(w.t, err)
	return r
}

// rate is what a model costs now, "" if it has no price.
func (w *world) rate(model string) string {
	w.t.Helper()
	list, err := w.prices.Take(w.Current())
	require.NoError(w.t, err)
	p := list.Resolve(pricing.Lookup{Requested: model})
	if p == nil {
		return ""
	}
	return p.Rate(pricing.Input).String()
}

func (w *world) put(model, input string) {
	w.t.Helper()
	_, _, err := w.store.ModelPrices().Put(w.t.Context(), domain.ModelPrice{
		Model: model, Source: "manual", Mode: "chat", Data: []byte(`{"rates":{"input":"` + input + `"}}`),
	})
	require.NoError(w.t, err)
	require.NoError(w.t, w.Await(w.t.Context(), 0))
}

func many(n int, price string) map[string]string {
	list := map[string]string{}
	for i := range n {
		list["acme-"+strconv.Itoa(i)] = price
	}
	return list
}

func TestAListComesIntoForceAndFollowsItsServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.list("1", map[string]string{"acme-1": "3", "acme-2": "4", "claude-haiku-4-5": "1.5"})
	r := w.sync(domain.PriceSync{})
	require.Equal(t, 3, r.Added)
	require.Equal(t, "3", w.rate("acme-1"))
	require.Equal(t, "1.5", w.rate("claude-haiku-4-5"), "the cloud goes before the built-in list")

	before, err := w.store.ConfigVersion(t.Context())
	require.NoError(t, err)
	require.True(t, w.sync(domain.PriceSync{}).Unmodified)
	_, hits := w.server.Calls()
	require.Equal(t, 1, hits, "the tag spared the download")
	w.server.List(`"other tag"`, pricelisttest.CPT("1", many(9, "7")))
	require.True(t, w.sync(domain.PriceSync{}).Unmodified, "the version tells the same where tags do not")
	after, err := w.store.ConfigVersion(t.Context())
	require.NoError(t, err)
	require.Equal(t, before, after, "nothing was written")

	w.list("2", map[string]string{"acme-1": "3.5", "acme-2": "4", "claude-haiku-4-5": "1.5", "acme-3": "1", "acme-4": "1", "acme-5": "1"})
	r = w.sync(domain.PriceSync{DryRun: true})
	require.Equal(t, []int{3, 1, 2}, []int{r.Added, r.Updated, r.Unchanged})
	require.Equal(t, "3", w.rate("acme-1"), "a dry run changes nothing")
	w.sync(domain.PriceSync{})
	require.Equal(t, "3.5", w.rate("acme-1"))
	history, err := w.store.ModelPrices().History(t.Context(), "acme-1", 9)
	require.NoError(t, err)
	require.Len(t, history, 2)
	require.Equal(t, history[0].ValidFrom, history[1].ValidTo)

	w.list("3", map[string]string{"acme-1": "3.5", "acme-2": "4", "acme-3": "1", "acme-4": "1", "acme-5": "1"})
	require.Equal(t, 1, w.sync(domain.PriceSync{}).Ended)
	require.Equal(t, "1", w.rate("claude-haiku-4-5"), "the built-in price holds again")
}

func TestWhateverIsWrongLeavesPricesAlone(t *testing.T) {
	t.Parallel()
	text := func(s string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(s)) }
	}
	for name, serve := range map[string]http.HandlerFunc{
		"an error":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"garbage":      text("\x00\x01 this is no list"),
		"a page":       text("<!doctype html><title>Sign in</title>"),
		"an empty one": text(pricelisttest.CPT("2", nil)),
		"nothing":      text(""),
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://localhost:1/", http.StatusFound)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.list("1", map[string]string{"acme-1": "3"})
			w.sync(domain.PriceSync{})
			w.server.Handle(serve)
			_, err := w.Sync(t.Context(), domain.PriceSync{})
			require.Error(t, err)
			require.Equal(t, domain.KindUpstreamRefused, domain.AsFault(err).Kind)
			require.Equal(t, "3", w.rate("acme-1"))
			st, err := w.Status(t.Context())
			require.NoError(t, err)
			require.NotEmpty(t, st.Error)
			require.Equal(t, "1", st.Catalog.Version)
			w.list("2", map[string]string{"acme-1": "4"})
			w.sync(domain.PriceSync{})
			require.Equal(t, "4", w.rate("acme-1"))
			st, err = w.Status(t.Context())
			require.NoError(t, err)
			require.Empty(t, st.Error)
		})
	}
}

// While a slow server keeps one sync waiting, nobody starts another.
func TestOneListAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked, answer := make(chan struct{}), make(chan struct{})
	w.server.Handle(func(rw http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-answer
		_, _ = rw.Write([]byte(pricelisttest.CPT("1", map[string]string{"acme-1": "3"})))
	})
	done := make(chan error, 1)
	go func() {
		_, err := w.Sync(context.WithoutCancel(t.Context()), domain.PriceSync{})
		done <- err
	}()
	<-asked
	_, err := w.Sync(t.Context(), domain.PriceSync{})
	require.True(t, domain.IsKind(err, domain.KindConflict))
	_, err = w.Import(t.Context(), []byte(pricelisttest.CPT("1", map[string]string{"x": "1"})), domain.PriceSync{})
	require.True(t, domain.IsKind(err, domain.KindConflict))
	st, err := w.Status(t.Context())
	require.NoError(t, err)
	require.True(t, st.Running)
	close(answer)
	require.NoError(t, <-done)
	require.Equal(t, "3", w.rate("acme-1"))
}

func TestALeapOfAModelInUseWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.list("1", map[string]string{"acme-1": "3", "acme-2": "3", "acme-3": "3"})
	w.sync(domain.PriceSync{})
	w.uses = []domain.ModelUse{{Requested: "acme-1[1m]", Sent: "relay/acme-1"}, {Requested: "acme-3", Sent: "acme-3"}}
	w.list("2", map[string]string{"acme-1": "30", "acme-2": "30", "acme-3": "9"})
	r := w.sync(domain.PriceSync{})
	require.Equal(t, []int{2, 1}, []int{r.Updated, r.Held})
	require.Equal(t, []string{"3", "30", "9"}, []string{w.rate("acme-1"), w.rate("acme-2"), w.rate("acme-3")},
		"in use and beyond three times; not in use; just three times")
	held, err := w.Held(t.Context())
	require.NoError(t, err)
	require.Len(t, held, 1)
	require.Contains(t, held[0].Reason, "input goes from 3 to 30")

	// Turned down, the same change is not proposed again, another one is.
	_, err = w.Decide(t.Context(), []string{"acme-1"}, false)
	require.NoError(t, err)
	_, err = w.Decide(t.Context(), []string{"acme-1"}, true)
	require.True(t, domain.IsKind(err, domain.KindNotFound))
	w.list("3", map[string]string{"acme-1": "30", "acme-2": "30", "acme-3": "9"})
	require.Zero(t, w.sync(domain.PriceSync{}).Held)
	w.list("4", map[string]string{"acme-1": "20", "acme-2": "30", "acme-3": "9"})
	require.Equal(t, 1, w.sync(domain.PriceSync{}).Held)
	n, err := w.Decide(t.Context(), []string{"*"}, true)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, "20", w.rate("acme-1"))
	held, err = w.Held(t.Context())
	require.NoError(t, err)
	require.Empty(t, held)

	// What came to be harmless waits no longer.
	w.list("5", map[string]string{"acme-1": "1", "acme-2": "30", "acme-3": "9"})
	require.Equal(t, 1, w.sync(domain.PriceSync{}).Held)
	w.list("6", map[string]string{"acme-1": "21", "acme-2": "30", "acme-3": "9"})
	w.sync(domain.PriceSync{})
	require.Equal(t, "21", w.rate("acme-1"))
	held, err = w.Held(t.Context())
	require.NoError(t, err)
	require.Empty(t, held)
}

func TestAListCutOffInTheMiddleWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.list("1", many(10, "3"))
	w.sync(domain.PriceSync{})
	w.list("2", many(8, "4"))
	r := w.sync(domain.PriceSync{})
	require.Equal(t, []int{8, 2, 0}, []int{r.Updated, r.Ended, r.Held}, "a fifth may go")
	w.list("3", many(6, "4"))
	r = w.sync(domain.PriceSync{})
	require.Equal(t, []int{0, 2}, []int{r.Ended, r.Held})
	require.Equal(t, "4", w.rate("acme-7"))
	_, err := w.Decide(t.Context(), []string{"acme-7"}, true)
	require.NoError(t, err)
	require.Empty(t, w.rate("acme-7"))
	require.Equal(t, "4", w.rate("acme-6"))
}

func TestManualPricesSurviveUnlessNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put("acme-1", "99")
	w.put("acme-2", "99")
	w.list("1", map[string]string{"acme-1": "3", "acme-2": "3"})
	r := w.sync(domain.PriceSync{})
	require.Len(t, r.Conflicts, 2)
	require.Equal(t, "99", w.rate("acme-1"))
	r = w.sync(domain.PriceSync{Overwrite: []string{"acme-1"}})
	require.Len(t, r.Conflicts, 1)
	require.Equal(t, []string{"3", "99"}, []string{w.rate("acme-1"), w.rate("acme-2")})
	w.sync(domain.PriceSync{Overwrite: []string{"*"}})
	require.Equal(t, "3", w.rate("acme-2"))
}

func TestUploadsBecomeManualPrices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put("acme-1", "99")
	upload := func(o domain.PriceSync) domain.PriceReport {
		r, err := w.Import(t.Context(), []byte(pricelisttest.CPT("1", map[string]string{"acme-1": "3", "acme-2": "4"})), o)
		require.NoError(t, err)
		return r
	}
	r := upload(domain.PriceSync{DryRun: true})
	require.Equal(t, []int{1, 0, 1}, []int{r.Added, r.Updated, len(r.Conflicts)})
	require.Empty(t, w.rate("acme-2"))
	upload(domain.PriceSync{})
	require.Equal(t, []string{"99", "4"}, []string{w.rate("acme-1"), w.rate("acme-2")})
	r = upload(domain.PriceSync{Overwrite: []string{"acme-1"}})
	require.Equal(t, []int{0, 1, 1}, []int{r.Added, r.Updated, r.Unchanged})
	require.Equal(t, "3", w.rate("acme-1"))
	_, err := w.Import(t.Context(), []byte("no list"), domain.PriceSync{})
	require.Equal(t, domain.KindInvalid, domain.AsFault(err).Kind)
}

// Rounds come by the clock, sooner after a failure or a stranger, and not at
// once again.
func TestRounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked := func() int {
		t.Helper()
		_, _ = w.Round(t.Context())
		n, _ := w.server.Calls()
		return n
	}
	w.list("1", map[string]string{"acme-1": "3"})
	require.Equal(t, 1, asked(), "at the start")
	w.later(29 * time.Minute)
	require.Equal(t, 1, asked())
	w.later(time.Minute)
	require.Equal(t, 2, asked(), "after the interval")

	list := w.prices.For(w.Current())
	list.Missed()
	w.later(4 * time.Minute)
	require.Equal(t, 2, asked(), "a stranger has to wait")
	w.later(time.Minute)
	require.Equal(t, 3, asked())
	w.later(10 * time.Minute)
	require.Equal(t, 3, asked(), "it was looked for once")

	w.server.Handle(http.NotFound)
	w.later(30 * time.Minute)
	require.Equal(t, 4, asked())
	w.later(4 * time.Minute)
	require.Equal(t, 4, asked())
	w.later(time.Minute)
	require.Equal(t, 5, asked(), "after a failure")
}

func TestWithoutACloudListNothingIsAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Source = nil
	_, err := w.Round(t.Context())
	require.NoError(t, err)
	_, err = w.Sync(t.Context(), domain.PriceSync{})
	require.Equal(t, domain.KindInvalid, domain.AsFault(err).Kind)
	st, err := w.Status(t.Context())
	require.NoError(t, err)
	require.Empty(t, st.URL)
}
