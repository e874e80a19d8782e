package adminapi

import (
	"context"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/internal/domain"
)

// Repository keeps one kind of configuration. Writes return the value as stored
// and the new configuration version. ifVersion 0 writes over any version, else
// a stale one fails with domain.KindStaleVersion. Absent objects fail with
// domain.KindNotFound, names in use with domain.KindConflict.
type Repository[ID ~int64, T any] interface {
	List(ctx context.Context) ([]T, error)
	Get(ctx context.Context, id ID) (T, error)
	Create(ctx context.Context, v T) (T, int64, error)
	Update(ctx context.Context, v T, ifVersion int) (T, int64, error)
	Delete(ctx context.Context, id ID, ifVersion int) (int64, error)
}

// KeyRepository also finds the keys of one user.
type KeyRepository interface {
	Repository[domain.KeyID, domain.Key]
	ListByUser(ctx context.Context, user domain.UserID) ([]domain.Key, error)
}

// EndpointRepository also keeps what probes of endpoints found.
type EndpointRepository interface {
	Repository[domain.EndpointID, domain.Endpoint]
	// Probed returns the new configuration version: ranks depend on it.
	Probed(ctx context.Context, p domain.EndpointProbe) (int64, error)
	// Probes are the newest ones before an entry of the log; 0 = from the newest.
	Probes(ctx context.Context, id domain.EndpointID, before int64, limit int) ([]domain.EndpointProbe, error)
}

// ErrorRuleRepository also knows the rules that came with the program.
type ErrorRuleRepository interface {
	Repository[domain.ErrorRuleID, domain.ErrorRule]
	// RestoreDefaults puts them back as they came and returns the new
	// configuration version.
	RestoreDefaults(ctx context.Context, defaults []domain.ErrorRule) (int64, error)
}

// SettingsRepository keeps the run-time settings. Update runs edit on the
// current ones and stores what it leaves, unless it fails.
type SettingsRepository interface {
	Get(ctx context.Context) (domain.Settings, error)
	Update(ctx context.Context, by domain.UserID, edit func(*domain.Settings) error) (domain.Settings, int64, error)
}

// PriceRepository keeps the history of prices. Both writes return the new
// configuration version.
type PriceRepository interface {
	// Put puts a price in force and ends the one before, if there is one.
	Put(ctx context.Context, p domain.ModelPrice) (domain.ModelPrice, int64, error)
	// End ends the price in force; without one it fails with domain.KindNotFound.
	End(ctx context.Context, model, source string) (int64, error)
	// History returns the rows of a model, the newest first.
	History(ctx context.Context, model string, limit int) ([]domain.ModelPrice, error)
	PutAlias(ctx context.Context, alias, model string) (int64, error)
	// EndAlias fails with domain.KindNotFound where there is none.
	EndAlias(ctx context.Context, alias string) (int64, error)
}

// PriceLists takes whole lists over. While one is taken over the others are
// refused with domain.KindConflict.
type PriceLists interface {
	Status(ctx context.Context) (domain.PriceStatus, error)
	Sync(ctx context.Context, o domain.PriceSync) (domain.PriceReport, error)
	Import(ctx context.Context, data []byte, o domain.PriceSync) (domain.PriceReport, error)
	// Held are the changes that wait for approval; Decide lets them in, or not.
	Held(ctx context.Context) ([]domain.PriceHold, error)
	Decide(ctx context.Context, models []string, approve bool) (int, error)
}

// Snapshots are what went over the wire for single requests.
type Snapshots interface {
	// Watch has those of a session's requests taken for a while, and tells until
	// when; zero = too many sessions are watched.
	Watch(session string) time.Time
	// Get finds the one of a request by its number, or the newest for 0, and lists
	// the numbers of those there are. Nil = there is none. It is not to be changed.
	Get(session string, seq int64) (*domain.DebugSnapshot, []int64)
}

// Jobs runs what nobody waits for. A second job of a kind is refused with
// domain.KindConflict; an absent one is domain.KindNotFound.
type Jobs interface {
	Start(kind string, run domain.JobFunc) (domain.Job, error)
	// List returns those that are remembered, the newest first.
	List() []domain.Job
	Get(id string) (domain.Job, error)
	Cancel(id string) (domain.Job, error)
}

// AccountRepository keeps how upstream accounts are asked and what was known of
// them by the hour.
type AccountRepository interface {
	// Configure returns the new configuration version.
	Configure(ctx context.Context, id domain.ProviderID, s domain.AccountSetup) (int64, error)
	// History returns the hours from an instant on, oldest first.
	History(ctx context.Context, id domain.ProviderID, from time.Time) ([]domain.AccountPoint, error)
}

// LogRepository reads the request log.
type LogRepository interface {
	List(ctx context.Context, f domain.LogFilter) ([]domain.RequestLog, error)
	Get(ctx context.Context, id domain.RequestID) (domain.RequestLog, domain.RequestDetail, error)
	CountUpTo(ctx context.Context, limit int) (int, error)
	// CountBegun counts the requests of a user, 0 = of all, that began in a time.
	CountBegun(ctx context.Context, user domain.UserID, from, to time.Time) (int, error)
	// Summary and Histogram are about the newest rows that a filter selects, at
	// most so many.
	Summary(ctx context.Context, f domain.LogFilter, atMost int) (domain.LogSummary, error)
	Histogram(ctx context.Context, f domain.LogFilter, bucket time.Duration, atMost int) ([]domain.LogCount, error)
	// Facets are the models and endpoints of the newest rows that a filter selects
	// and that do not run any more, at most so many.
	Facets(ctx context.Context, f domain.LogFilter, atMost int) (domain.LogFacets, error)
	// ModelUses are the models in use since a time.
	ModelUses(ctx context.Context, since time.Time) ([]domain.ModelUse, error)
	// Purge deletes what is closed of a user and of a provider, and counts what
	// still runs.
	Purge(ctx context.Context, user domain.UserID, provider domain.ProviderID) (running int, err error)
}

// LedgerRepository deletes what a user was charged for, at an administrator's
// word. All of it is of requests admitted up to a time.
type LedgerRepository interface {
	CountUpTo(ctx context.Context, user domain.UserID, upto time.Time) (int, error)
	// DeleteSome deletes at most limit rows and returns how many.
	DeleteSome(ctx context.Context, user domain.UserID, upto time.Time, limit int) (int, error)
}

// RollupRepository deletes what was summed up of a user.
type RollupRepository interface {
	Forget(ctx context.Context, user domain.UserID, upto time.Time) error
}

// SessionRepository reads what was summed up about sessions.
type SessionRepository interface {
	List(ctx context.Context, f domain.SessionFilter) ([]domain.Session, error)
	Get(ctx context.Context, hash string) (domain.Session, error)
	// Terminated marks the session as ended by an operator.
	Terminated(ctx context.Context, hash string) error
	Purge(ctx context.Context, user domain.UserID) error
	// Alive counts the sessions of a user, 0 = of all, that were in use at each
	// instant: begun, and used since ttl before it or later.
	Alive(ctx context.Context, user domain.UserID, at []time.Time, ttl time.Duration) ([]int, error)
}

// BreakerEventRepository reads the transitions of breakers, newest first.
type BreakerEventRepository interface {
	List(ctx context.Context, f domain.BreakerEventFilter) ([]domain.BreakerEvent, error)
	Purge(ctx context.Context, provider domain.ProviderID) error
}

// AuthRepository keeps web sessions by the hash of their token.
type AuthRepository interface {
	Create(ctx context.Context, s domain.AuthSession) error
	Get(ctx context.Context, tokenHash [32]byte) (domain.AuthSession, error)
	Touch(ctx context.Context, tokenHash [32]byte, at time.Time) error
	// List returns those in force, of one user or (0) of all, newest first.
	List(ctx context.Context, user domain.UserID) ([]domain.AuthSession, error)
	Revoke(ctx context.Context, tokenHash [32]byte) error
}

// ThrottleRepository keeps the counts of failed sign-ins. An absent scope gives
// domain.KindNotFound.
type ThrottleRepository interface {
	Get(ctx context.Context, scope string) (domain.LoginThrottle, error)
	Put(ctx context.Context, t domain.LoginThrottle) error
}

// PreferenceRepository keeps what dashboards remember of a user, or of the admin
// token. An absent name gives domain.KindNotFound, except to Delete.
type PreferenceRepository interface {
	List(ctx context.Context, user domain.UserID) ([]domain.Preference, error)
	Get(ctx context.Context, user domain.UserID, name string) (domain.Preference, error)
	// Put returns it as stored. One name too many is refused with
	// domain.KindConflict.
	Put(ctx context.Context, user domain.UserID, p domain.Preference) (domain.Preference, error)
	Delete(ctx context.Context, user domain.UserID, name string) error
}

// Models knows what requests may be for.
type Models interface {
	// Usable are the models that some provider serves to a key of a user, by name.
	Usable(ctx context.Context, k *domain.Key, u *domain.User) []domain.UsableModel
}

// Catalog is the node's view of the configuration.
type Catalog interface {
	Current() *domain.Catalog
	// Await returns once Current holds the version, or ctx ends.
	Await(ctx context.Context, version int64) error
}

// Actors are the live parties the API asks.
type Actors interface {
	SetBreaker(ctx context.Context, m *protocol.BreakerSet) (domain.ProviderHealth, error)
	SetPool(ctx context.Context, m *protocol.PoolSet) (domain.PoolHealth, error)
	// EndpointProbed tells what a probe found; it does not wait.
	EndpointProbed(m *protocol.EndpointProbed)
	ReadQuota(ctx context.Context, user domain.UserID) (*protocol.QuotaState, error)
	// ReadProvider reads the limits of a provider.
	ReadProvider(ctx context.Context, id domain.ProviderID) (*protocol.QuotaState, error)
	ReadSession(ctx context.Context, s domain.SessionKey) (*protocol.SessionView, error)
	EndSession(ctx context.Context, s domain.SessionKey) (*protocol.SessionEnded, error)
	// ForgetQuota has a user's money counted anew after ledger rows were deleted.
	ForgetQuota(ctx context.Context, user domain.UserID) error
}

// Accounts asks the upstream accounts of providers.
type Accounts interface {
	// Adapter is the way in which an account would be asked; empty = there is none.
	Adapter(p *domain.Provider) domain.AccountAdapter
	// Refresh asks an account and returns what is known then. Without a way to
	// ask it fails with domain.KindInvalid.
	Refresh(ctx context.Context, p *domain.Provider) (*domain.AccountState, error)
}

// Supposition is a supposed request as the gateway reads it, filtered as one that
// came. Close it when done.
type Supposition interface {
	Model() string // that is routed
	// HasUserID tells whether the body has metadata.user_id.
	HasUserID() bool
	// Needs is what its body asks of a provider of another protocol; false = it
	// could not be put into another one at all.
	Needs() (neutral.Caps, bool)
	// Foresee tells what would be sent. Nobody is called.
	Foresee(ctx context.Context, c *domain.SupposedCall) domain.Foreseen
	Close()
}

// Live reads what the node knows without asking anybody.
type Live interface {
	Health(id domain.ProviderID) (domain.ProviderHealth, bool)
	Pool(key domain.PoolKey) (*domain.PoolHealth, bool)
	InFlight(sessionHash string) int
}

// Tester makes one small call to an upstream, outside of breakers, limits and
// statistics. It fails only for what the caller got wrong; what the upstream
// did is in the report.
type Tester interface {
	Test(ctx context.Context, t domain.ConnectionTest) (domain.ConnectionReport, error)
}

// DemoUpstream is the built-in upstream whose answers are made up, and the
// traffic that plays clients of it.
type DemoUpstream interface {
	Mode() string
	SetMode(mode string)
	// StartTraffic plays clients with a key; what runs already is replaced.
	StartTraffic(key domain.Secret)
	StopTraffic()
	TrafficRuns() bool
}
