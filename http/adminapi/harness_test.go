package adminapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/http/adminapi"
	"github.com/claude-code-hub/cch/http/middleware"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/jobs"
	"github.com/claude-code-hub/cch/internal/pricelist/pricelisttest"
	"github.com/claude-code-hub/cch/internal/pricesync"
	"github.com/claude-code-hub/cch/internal/pricing"
	"github.com/claude-code-hub/cch/internal/secrets"
	"github.com/claude-code-hub/cch/persistence/backup"
	"github.com/claude-code-hub/cch/persistence/store"
)

const adminToken = "an-admin-token-for-tests"

// emptyStore is a migrated, empty store. Tests copy it, which is much faster
// than migrating anew.
var emptyStore string

func TestMain(m *testing.M) {
	adminapi.InstallErrors()
	dir, err := os.MkdirTemp("", "adminapi")
	if err != nil {
		panic(err)
	}
	emptyStore = dir
	s, err := store.Open(context.Background(), store.Options{DataDir: dir, AutoMigrate: true})
	if err = errors.Join(err, s.Close()); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// world is the API over a real store, with stand-ins for the actors.
type world struct {
	t       *testing.T
	api     *adminapi.API
	handler http.Handler
	store   *store.Store
	catalog *liveCatalog
	actors  *fakeActors
	tester  *fakeTester
	demo    *fakeDemo

	archives *fakeArchives
	chores   *fakeChores
	prices   *pricing.Prices // of this world's catalog alone: price ids repeat from store to store
	cloud    *pricelisttest.Server
	sync     *pricesync.Syncer
	health   adminapi.HealthReport

	ledgerRows int // how many were booked
	cluster    []adminapi.Node

	mu  sync.Mutex
	now time.Time
}

type option func(*adminapi.Options)

func newWorld(t *testing.T, options ...option) *world {
	t.Helper()
	return newWorldOn(t, func(t *testing.T, o store.Options) *store.Store {
		t.Helper()
		o.DataDir = t.TempDir()
		require.NoError(t, os.CopyFS(o.DataDir, os.DirFS(emptyStore)))
		s, err := store.Open(t.Context(), o)
		require.NoError(t, err)
		return s
	}, options...)
}

// newWorldOn is a world over another store, which must be empty.
func newWorldOn(t *testing.T, open func(*testing.T, store.Options) *store.Store, options ...option) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), actors: newFakeActors(), tester: &fakeTester{}, demo: &fakeDemo{mode: "healthy"}}
	w.health = adminapi.HealthReport{Status: adminapi.StatusHealthy, Components: map[string]adminapi.ComponentHealth{}}
	masters, err := secrets.LoadOrCreateMasterKeys(t.TempDir(), "")
	require.NoError(t, err)
	ring, err := secrets.NewRing(masters[0])
	require.NoError(t, err)
	w.store = open(t, store.Options{Sealer: ring, Now: w.clock})
	t.Cleanup(func() { require.NoError(t, w.store.Close()) })
	w.catalog = &liveCatalog{store: w.store}
	w.prices, err = pricing.NewPrices()
	require.NoError(t, err)
	require.NoError(t, w.catalog.Await(t.Context(), 0))

	fixed, err := middleware.ParseProxies([]string{"10.9.9.9"})
	require.NoError(t, err)
	o := adminapi.Options{
		Logger: slog.New(slog.DiscardHandler), Now: w.clock, Version: "1.2.3", SessionTTL: 5 * time.Minute,
		Auth: adminapi.AuthOptions{
			AdminToken: adminToken, SecureCookies: true, SessionTTL: 7 * 24 * time.Hour,
			SessionKey: masters[0].Derive(secrets.PurposeSession), CSRFKey: masters[0].Derive(secrets.PurposeCSRF),
		},
		Stores: adminapi.Stores{
			Users: w.store.Users(), Keys: w.store.Keys(), Providers: w.store.Providers(), Groups: w.store.Groups(),
			Vendors: w.store.Vendors(), Endpoints: w.store.Endpoints(), ErrorRules: w.store.ErrorRules(),
			Settings: w.store.Settings(), Prices: w.store.ModelPrices(), Accounts: w.store.ProviderAccounts(), Ledger: w.store.Ledger(), Rollups: w.store.Rollups(), Usage: w.store.Rollups(), Logs: w.store.RequestLogs(), Cleaner: w.store.RequestLogs(), Sessions: w.store.Sessions(),
			BreakerEvents: w.store.BreakerEvents(), Auth: w.store.AuthSessions(), Throttle: w.store.LoginThrottle(), RequestFilters: w.store.RequestFilters(), Preferences: w.store.Preferences(),
		},
		Catalog: w.catalog, Prices: w.prices, Models: usableModels{}, Actors: w.actors, Live: w.actors, Nodes: w.nodes, Tester: w.tester, Demo: w.demo,
		Accounts: w.actors,
		Health:   func(context.Context) adminapi.HealthReport { return w.health },
		Proxies:  middleware.NewProxies(fixed, nil),

		Probe: func(context.Context, string) domain.EndpointProbe {
			return domain.EndpointProbe{OK: true, Latency: 12 * time.Millisecond}
		},
		FlushLogs: func(context.Context, domain.UserID) error { return nil },
		Recompute: func(_ context.Context, _ domain.RecomputeQuery, progress domain.JobProgress) (domain.RecomputeReport, error) {
			progress(2, 2)
			return domain.RecomputeReport{Rows: 2, Adjusted: 1, Unchanged: 1, Charge: domain.NanoPerUSD}, nil
		},
	}
	runner := jobs.New(o.Logger, w.clock)
	t.Cleanup(runner.Close)
	o.Jobs = runner
	w.archives = &fakeArchives{Shelf: backup.Shelf{Dir: t.TempDir(), Store: w.store, Version: "1.2.3", Now: w.clock}}
	w.chores = &fakeChores{}
	o.Archives, o.Chores, o.LogLevel, o.Declarations = w.archives, w.chores, &fakeLevel{"INFO"}, fakeDeclarations{}
	o.Storage = func(ctx context.Context) (domain.StorageUsage, error) { return w.store.Usage(ctx, w.clock()) }
	w.cloud = pricelisttest.New(t)
	w.cloud.List(`"1"`, pricelisttest.CPT("1", map[string]string{"cloudy-1": "3"}))
	w.sync = pricesync.New(pricesync.Options{
		Source: w.cloud.Source(t), Store: w.store.ModelPrices(), Uses: w.store.RequestLogs().ModelUses,
		Catalog: w.catalog, Prices: w.prices, Now: w.clock, Logger: o.Logger,
	})
	o.Sync = w.sync
	supposing(w)(&o)
	for _, apply := range options {
		apply(&o)
	}
	w.api = adminapi.New(o)
	w.handler = middleware.RequestID(w.api)
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// call is one request and what is expected of its answer.
type call struct {
	method, path string
	body         any // string = raw
	header       map[string]string
	peer         string
}

type answer struct {
	status int
	header http.Header
	text   string
}

func (w *world) do(c call) answer {
	w.t.Helper()
	var body []byte
	switch b := c.body.(type) {
	case nil:
	case string:
		body = []byte(b)
	default:
		var err error
		body, err = json.Marshal(b)
		require.NoError(w.t, err)
	}
	r := httptest.NewRequest(c.method, "http://hub.example"+c.path, bytes.NewReader(body))
	if c.peer != "" {
		r.RemoteAddr = c.peer
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, value := range c.header {
		r.Header.Set(name, value)
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return answer{status: rec.Code, header: rec.Header(), text: rec.Body.String()}
}

// admin calls with the admin token.
func (w *world) admin(method, path string, body any) answer {
	w.t.Helper()
	return w.do(call{method: method, path: path, body: body, header: bearer(adminToken)})
}

func bearer(token string) map[string]string {
	return map[string]string{"Authorization": "Bearer " + token}
}

// into decodes a successful answer.
func (a answer) into(t *testing.T, status int, v any) {
	t.Helper()
	require.Equal(t, status, a.status, a.text)
	require.NoError(t, json.Unmarshal([]byte(a.text), v), a.text)
}

type problemBody struct {
	Type          string
	Title         string
	Status        int
	Detail        string
	Instance      string
	ErrorCode     string
	RequestID     string
	Current       map[string]any
	InvalidParams []struct {
		Path    []any
		Code    string
		Params  map[string]float64
		Message string
	}
}

// refused decodes a problem and checks its form.
func (a answer) refused(t *testing.T, status int, code string) problemBody {
	t.Helper()
	var p problemBody
	require.Equal(t, "application/problem+json", a.header.Get("Content-Type"), a.text)
	a.into(t, status, &p)
	require.Equal(t, code, p.ErrorCode, a.text)
	require.Equal(t, status, p.Status)
	require.Equal(t, "urn:cch:problem:"+code, p.Type)
	require.NotEmpty(t, p.RequestID)
	require.NotEmpty(t, p.Instance)
	return p
}

// fields maps the wrong fields of a problem to their codes.
func (p problemBody) fields() map[string]string {
	out := map[string]string{}
	for _, param := range p.InvalidParams {
		var parts []string
		for _, part := range param.Path {
			text, err := json.Marshal(part)
			if err == nil {
				parts = append(parts, strings.Trim(string(text), `"`))
			}
		}
		out[strings.Join(parts, ".")] = param.Code
	}
	return out
}

// person is a user with one key.
type person struct {
	userID, keyID int64
	secret        string
}

func (w *world) person(name string, user, key map[string]any) person {
	w.t.Helper()
	body := map[string]any{"name": name, "key": map[string]any{"name": "first"}}
	maps.Copy(body, user)
	maps.Copy(body["key"].(map[string]any), key)
	var made struct {
		User struct{ ID int64 }
		Key  struct {
			ID     int64
			Secret string
		}
	}
	w.admin(http.MethodPost, "/api/v1/users", body).into(w.t, http.StatusCreated, &made)
	return person{userID: made.User.ID, keyID: made.Key.ID, secret: made.Key.Secret}
}

// browser is a signed-in web session.
type browser struct {
	w            *world
	cookie, csrf string
}

func (w *world) signIn(credential string) browser {
	w.t.Helper()
	a := w.do(call{method: http.MethodPost, path: "/api/v1/auth/login", body: map[string]string{"key": credential}})
	require.Equal(w.t, http.StatusOK, a.status, a.text)
	b := browser{w: w, cookie: strings.SplitN(a.header.Get("Set-Cookie"), ";", 2)[0]}
	var token struct{ CSRFToken string }
	b.get("/api/v1/auth/csrf").into(w.t, http.StatusOK, &token)
	b.csrf = token.CSRFToken
	return b
}

func (b browser) get(path string) answer { return b.do(http.MethodGet, path, nil) }

func (b browser) do(method, path string, body any) answer {
	return b.w.do(call{method: method, path: path, body: body, header: map[string]string{
		"Cookie": b.cookie, "X-CSRF-Token": b.csrf, "Origin": "http://hub.example", "Sec-Fetch-Site": "same-origin",
	}})
}

func withRequestID(h http.Handler) http.Handler { return middleware.RequestID(h) }
