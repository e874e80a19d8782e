package adminapi

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humamux"
	"github.com/gorilla/mux"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/http/middleware"
	"github.com/claude-code-hub/cch/http/openapi"
	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// BasePath is where the API is mounted.
const BasePath = "/api/v1"

// awaitCatalog is how long a write waits for this node's catalog to hold it.
const awaitCatalog = 3 * time.Second

// Options are the API's dependencies and settings.
type Options struct {
	Logger  *slog.Logger
	Now     func() time.Time
	Version string // of the binary
	AppURL  string // public URL, may be empty
	// SessionTTL is how long an idle proxied session lives on.
	SessionTTL time.Duration

	Auth   AuthOptions
	Stores Stores

	Catalog Catalog
	Prices  *pricing.Prices // as requests are billed
	Sync    PriceLists
	Models  Models
	Actors  Actors
	Live    Live
	Nodes   func() []Node
	Tester  Tester

	Accounts Accounts
	Demo     DemoUpstream // nil = switched off
	// Probe finds out whether a URL can be reached, and how fast.
	Probe func(ctx context.Context, url string) domain.EndpointProbe
	// Lacking tells of providers of other protocols what they cannot carry of a
	// conversation that needs certain capabilities.
	Lacking func(needs neutral.Caps, client neutral.Format) func(p *domain.Provider, model string) string
	// Suppose reads a supposed request by a configuration. Without an error and a
	// supposition such a request is nobody's to look into.
	Suppose func(c *domain.Catalog, s *domain.Supposed) (Supposition, error)
	Health  func(ctx context.Context) HealthReport
	Proxies *middleware.Proxies
	// Trouble says what keeps the database from working, empty for other errors.
	// nil = nothing ever does.
	Trouble func(err error) string
	// TokenGenerated tells that nobody chose the admin token.
	TokenGenerated bool
	// RotateToken replaces the token that nobody chose; nil = somebody chose it.
	RotateToken func() (domain.Secret, error)
	Jobs        Jobs
	Chores      Chores
	LogLevel    LogLevel
	// Storage measures the database.
	Storage      func(ctx context.Context) (domain.StorageUsage, error)
	Archives     Archives
	Declarations Declarations
	// Recompute works bills out again and tells what came of it.
	Recompute func(ctx context.Context, q domain.RecomputeQuery, progress domain.JobProgress) (domain.RecomputeReport, error)
	Snapshots Snapshots // nil = none are taken
	// FlushLogs returns once no request of the user is in flight on this node and
	// the log holds every request that ended before.
	FlushLogs func(ctx context.Context, user domain.UserID) error
}

// Stores are the repositories the API reads and writes.
type Stores struct {
	Users      Repository[domain.UserID, domain.User]
	Keys       KeyRepository
	Providers  Repository[domain.ProviderID, domain.Provider]
	Groups     Repository[domain.GroupID, domain.Group]
	Vendors    Repository[domain.VendorID, domain.Vendor]
	Endpoints  EndpointRepository
	ErrorRules ErrorRuleRepository

	RequestFilters Repository[domain.RequestFilterID, domain.RequestFilter]

	Ledger        LedgerRepository
	Rollups       RollupRepository
	Usage         UsageRepository
	Settings      SettingsRepository
	Prices        PriceRepository
	Accounts      AccountRepository
	Logs          LogRepository
	Cleaner       LogCleaner
	Sessions      SessionRepository
	BreakerEvents BreakerEventRepository
	Auth          AuthRepository
	Throttle      ThrottleRepository
	Preferences   PreferenceRepository
}

// API is the management API. It is an http.Handler, safe for concurrent use.
type API struct {
	Options

	router   *mux.Router
	huma     huma.API
	admins   atomic.Pointer[admins]
	csrf     csrfMint
	throttle *throttle
	answers  *answers
	handler  http.Handler

	demoMu sync.Mutex // one change of the demo at a time
}

// New declares every operation. InstallErrors must have run before.
func New(o Options) *API {
	a := &API{
		Options:  o,
		router:   mux.NewRouter().UseEncodedPath(), // names of models may hold a slash
		csrf:     csrfMint{key: o.Auth.CSRFKey},
		throttle: newThrottle(o.Stores.Throttle, o.Now),
		answers:  newAnswers(o.Now),
	}
	a.trust(o.Auth.AdminToken)
	config := openapi.Config(o.Version, o.AppURL)
	config.Transformers = []huma.Transformer{nameProblem}
	config.Formats = maps.Clone(config.Formats)
	for name, format := range config.Formats {
		config.Formats[name] = withoutNUL(format)
	}
	a.huma = humamux.New(a.router, config)
	a.declare()
	a.router.SkipClean(true) // a redirect would turn a POST into a GET
	a.router.Use(unescapedVars)
	a.router.NotFoundHandler = a.unmatched(http.StatusNotFound, problem.ErrorNotFound, "This path does not exist.")
	a.router.MethodNotAllowedHandler = a.unmatched(http.StatusMethodNotAllowed, problem.ErrorMethodNotAllowed,
		"This path does not take the method.")
	a.handler = a.headers(a.refuseNUL(a.router))
	return a
}

// declare is the table of contents of the API.
func (a *API) declare() {
	a.declareAuth()
	a.declareAuthSessions()
	a.declareMe()
	a.declareUsers()
	a.declareKeys()
	a.declareLimitUsage()
	a.declareLimitResets()
	a.declareProviderHealth() // fixed paths before /providers/{id}
	a.declareProviderTests()
	a.declareProviders()
	a.declareAccounts()
	a.declareSimulate()
	a.declareVendors()
	a.declareEndpoints()
	a.declareGroups()
	a.declareErrorRules()
	a.declareSnapshots()
	a.declareRoute()
	a.declareRequestFilters()
	a.declarePriceLists()     // fixed paths before /model-prices/{name}
	a.declarePriceRecompute() // before names of models
	a.declarePrices()
	a.declareJobs()
	a.declareSystem()
	a.declareBackup()
	a.declareDeclarations()
	a.declareStatisticsReset()
	a.declareOverview()
	a.declareStatistics()
	a.declareLeaderboard()
	a.declareAliases()
	a.declareLogs()
	a.declareSessions()
	a.declareNodes()
	a.declareSettings()
	a.declareSettingsSchema()
	a.declareSetup()
	a.declareDemo()
	a.declarePublic()
	a.declareDocument()
}

// declareDocument serves the document and its viewers, also at the paths that
// bookmarks of older versions name.
func (a *API) declareDocument() {
	document := openapi.Handler(a.Document())
	for _, base := range []string{BasePath, "/api/actions"} {
		a.router.Path(base + "/openapi.json").Methods(http.MethodGet).Handler(document)
		if err := openapi.MountViewers(a.router, base); err != nil {
			panic("adminapi: " + err.Error()) // the files are part of the binary
		}
	}
}

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// Document is the OpenAPI document. It must not be changed.
func (a *API) Document() *huma.OpenAPI { return a.huma.OpenAPI() }

// Router gives tests and documentation the list of routes.
func (a *API) Router() *mux.Router { return a.router }

// headers are those of every answer of the API.
func (a *API) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Api-Version", "1")
		h.Set("X-App-Version", a.Version)
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func (a *API) unmatched(status int, code, detail string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		problem.WriteManagement(w, r, problem.New(status, code, detail), middleware.RequestIDFrom(r.Context()))
	})
}

// unescapedVars gives operations the values that the escapes in a path stand for.
func unescapedVars(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		vars := mux.Vars(r)
		for name, value := range vars {
			if plain, err := url.PathUnescape(value); err == nil {
				vars[name] = plain
			}
		}
		next.ServeHTTP(w, r)
	})
}

// operation declares one operation below BasePath. The handler gets its caller
// with callerOf; its errors become problems, faults by their kind.
func operation[I, O any](a *API, level Level, op huma.Operation, handle func(context.Context, *I) (*O, error)) {
	op.Path = BasePath + op.Path
	rooted(a, level, op, handle)
}

// rooted declares an operation at its full path.
func rooted[I, O any](a *API, level Level, op huma.Operation, handle func(context.Context, *I) (*O, error)) {
	op.Extensions = map[string]any{openapi.LevelExtension: string(level)}
	if level != LevelPublic {
		op.Security = openapi.Security()
	}
	op.Middlewares = append(huma.Middlewares{a.guard(level)}, op.Middlewares...)
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, a.asProblem(ctx, op.OperationID, err)
		}
		return out, nil
	})
}

// asProblem is what the caller sees of an error; what it does not see is logged.
func (a *API) asProblem(ctx context.Context, operation string, err error) *problem.Problem {
	if p, ok := errors.AsType[*problem.Problem](err); ok {
		return p
	}
	p := problem.Management(a.asFault(err))
	if p.Status >= http.StatusInternalServerError && ctx.Err() == nil {
		a.Logger.ErrorContext(ctx, "management operation failed",
			"operation", operation, "error", err, "request_id", middleware.RequestIDFrom(ctx))
	}
	return p
}

// asFault tells an error that will pass from one that is a bug.
func (a *API) asFault(err error) *domain.Fault {
	f := domain.AsFault(err)
	if f.Kind != domain.KindInternal || a.Trouble == nil {
		return f
	}
	if why := a.Trouble(err); why != "" {
		return domain.NewFault(domain.KindOverloaded, "", "the database is not available: "+why).Because(err)
	}
	return f
}

// settled waits until this node's catalog holds a write. When that takes too
// long the write still stands, so the answer does not wait for ever.
func (a *API) settled(ctx context.Context, version int64) {
	ctx, cancel := context.WithTimeout(ctx, awaitCatalog)
	defer cancel()
	if err := a.Catalog.Await(ctx, version); err != nil {
		a.Logger.WarnContext(ctx, "catalog is behind a write", "version", version, "error", err)
	}
}
