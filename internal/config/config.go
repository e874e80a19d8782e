// Package config turns the environment into one validated Config.
//
// It is the only reader of the environment. Load reports every fault at once,
// each with variable, value and remedy; nothing starts on a bad value. What can
// be changed while the program runs is not here but in domain.Settings.
//
// Each variable is one tagged field: `env` names it, `envDefault` is its
// default, `min` and `max` bound it in the unit it is written in, `oneof` lists
// its values, `secret` hides it, and `doc` says what it does. The configuration
// reference is made from the same tags.
package config

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Config is everything the process takes from its environment.
type Config struct {
	Server   Server
	Auth     Auth
	Storage  Storage
	Redis    Redis
	Cluster  Cluster
	Journal  Journal
	Bounds   Bounds
	Upstream Upstream
	Probes   Probes
	Stream   Stream
	Replay   Replay
	Shutdown Shutdown
	Log      Log
	Setup    Setup
	Prices   Prices
}

// Server is where and how the process listens.
type Server struct {
	Port           int      `env:"APP_PORT"                    envDefault:"23000"   min:"1"                               max:"65535" doc:"port to listen on; PORT is an alias"`
	Host           string   `env:"HOST"                        envDefault:"0.0.0.0" doc:"address to listen on"`
	AppURL         string   `env:"APP_URL"                     doc:"public URL of this installation, for the OpenAPI document, cookies and origin checks"`
	TrustedProxies []string `env:"TRUSTED_PROXIES"             envSeparator:","     doc:"addresses or CIDRs of proxies whose forwarding headers are believed; added to the setting of the same name"`
	MetricsToken   Secret   `env:"METRICS_TOKEN"               secret:"true"        doc:"bearer token for /metrics; without one it answers loopback only"`
}

// Auth is how people and scripts sign in.
type Auth struct {
	AdminToken        Secret  `env:"ADMIN_TOKEN"                 secret:"true"       doc:"token of the administrator, at least 16 characters; generated into DATA_DIR when unset"`
	EncryptionKey     Secret  `env:"ENCRYPTION_KEY"              secret:"true"       doc:"32 bytes in base64 that seal provider credentials; behind a comma the key before, until cch secrets rotate was run; generated into DATA_DIR when unset"`
	CSRFSecret        Secret  `env:"CSRF_SECRET"                 secret:"true"       doc:"at least 16 characters; derived from the master key when unset"`
	SessionTTL        Seconds `env:"AUTH_SESSION_TTL_SECONDS"    envDefault:"604800" min:"60"                                                                                    max:"31536000" doc:"life of a web session, s"`
	SecureCookies     bool    `env:"ENABLE_SECURE_COOKIES"       envDefault:"true"   doc:"mark cookies Secure on HTTPS"`
	APIKeyAdminAccess bool    `env:"ENABLE_API_KEY_ADMIN_ACCESS" envDefault:"false"  doc:"let keys of administrators call admin routes"`
}

// Storage is where state is kept.
type Storage struct {
	DSN         Secret  `env:"DSN"                     secret:"true"        doc:"database: postgres://… or sqlite://<file>; empty means SQLite in DATA_DIR"`
	DataDir     string  `env:"DATA_DIR"                envDefault:"./data"  doc:"directory of databases, journal, master key and admin token"`
	AutoMigrate bool    `env:"AUTO_MIGRATE"            envDefault:"true"    doc:"apply pending migrations at start; without it cch migrate up applies them, and until then the hub is not ready"`
	PoolMax     int     `env:"DB_POOL_MAX"             envDefault:"20"      min:"2"    max:"200"    doc:"connections to PostgreSQL of one node, half of them for reading"`
	PoolIdle    Seconds `env:"DB_POOL_IDLE_TIMEOUT"    envDefault:"20"      min:"1"    max:"3600"   doc:"after which an idle connection to PostgreSQL is closed, s"`
	PoolConnect Seconds `env:"DB_POOL_CONNECT_TIMEOUT" envDefault:"10"      min:"1"    max:"120"    doc:"longest connect to PostgreSQL, s"`
	Statement   Millis  `env:"DB_STATEMENT_TIMEOUT_MS" envDefault:"90000"   min:"1000" max:"119000" doc:"longest statement in PostgreSQL, ms; one that only reads ends after 10000 at the latest"`
	LockWait    Millis  `env:"DB_LOCK_TIMEOUT_MS"      envDefault:"5000"    min:"100"  max:"60000"  doc:"longest wait for a lock in PostgreSQL, ms"`
}

// Redis is what nodes share beside the database.
type Redis struct {
	URL            Secret `env:"REDIS_URL"                     secret:"true"     doc:"redis:// or rediss:// (TLS); empty = none, the database does its work"`
	VerifyTLS      bool   `env:"REDIS_TLS_REJECT_UNAUTHORIZED" envDefault:"true" doc:"check the certificate of a rediss:// server"`
	CommandTimeout Millis `env:"REDIS_COMMAND_TIMEOUT_MS"      envDefault:"2000" min:"100"                                            max:"120000" doc:"longest command to Redis, ms; nobody waits for a server that is known to be away"`
}

// On tells whether there is a Redis server to use.
func (r Redis) On() bool { return r.URL != "" }

// Journal is how log rows reach the store.
type Journal struct {
	Fsync         string `env:"JOURNAL_FSYNC"                           envDefault:"interval" oneof:"interval,always,never"                              doc:"when the journal is forced to disk: interval is once a second"`
	MaxBytes      Bytes  `env:"JOURNAL_MAX_BYTES"                       envDefault:"8GiB"     min:"67108864"                                             doc:"disk the journal may take while the database is away; beyond it requests are refused rather than lost"`
	FlushInterval Millis `env:"MESSAGE_REQUEST_ASYNC_FLUSH_INTERVAL_MS" envDefault:"250"      min:"10"                                                   max:"60000"                                                           doc:"longest wait of a log row for its batch, ms"`
	BatchSize     int    `env:"MESSAGE_REQUEST_ASYNC_BATCH_SIZE"        envDefault:"2000"     min:"1"                                                    max:"2000"                                                            doc:"log rows in one transaction"`
	MaxPending    int    `env:"MESSAGE_REQUEST_ASYNC_MAX_PENDING"       envDefault:"10000"    min:"100"                                                  max:"200000"                                                          doc:"log rows held in memory; beyond it they wait in the journal"`
}

// Bounds limit what one node takes on.
type Bounds struct {
	MaxInFlight       int   `env:"MAX_INFLIGHT_REQUESTS"          envDefault:"4000"   min:"1"                                                           max:"1000000" doc:"proxied requests in flight"`
	MaxBodyMemory     Bytes `env:"MAX_BODY_MEMORY_BYTES"          envDefault:"256MiB" min:"1048576"                                                     doc:"memory for request bodies being read or held, and for what filters, overrides and conversions make of them"`
	MaxCompressed     Bytes `env:"MAX_COMPRESSED_REQUEST_BYTES"   envDefault:"100MiB" min:"1024"                                                        doc:"largest request body as sent"`
	MaxDecompressed   Bytes `env:"MAX_DECOMPRESSED_REQUEST_BYTES" envDefault:"100MiB" min:"1024"                                                        doc:"largest request body after decompression"`
	EnforceRateLimits bool  `env:"ENABLE_RATE_LIMIT"              envDefault:"true"   doc:"enforce the limits of users and keys"`
}

// Upstream is how providers are called.
type Upstream struct {
	SessionTTL             Seconds `env:"SESSION_TTL"                               envDefault:"300"    min:"30"                                                                                      max:"86400"                                     doc:"how long an idle session keeps its provider, s"`
	MaxAttemptsPerProvider int     `env:"MAX_RETRY_ATTEMPTS_DEFAULT"                envDefault:"2"      min:"1"                                                                                       max:"10"                                        doc:"tries per provider and request, where the provider names no number"`
	BreakOnNetworkErrors   bool    `env:"ENABLE_CIRCUIT_BREAKER_ON_NETWORK_ERRORS"  envDefault:"false"  doc:"count network errors towards the circuit breaker"`
	EndpointBreakers       bool    `env:"ENABLE_ENDPOINT_CIRCUIT_BREAKER"           envDefault:"false"  doc:"let timeouts and broken connections open the breakers of endpoints and vendors"`
	ShortContext           bool    `env:"ENABLE_SHORT_CONTEXT_DETECTION"            envDefault:"true"   doc:"give short requests beside a running one of the same session a session of their own"`
	ShortContextMessages   int     `env:"SHORT_CONTEXT_THRESHOLD"                   envDefault:"2"      min:"1"                                                                                       max:"100"                                       doc:"messages up to which a request is short"`
	PrefixAffinity         bool    `env:"ENABLE_PREFIX_AFFINITY"                    envDefault:"false"  doc:"send conversations whose client names no session to the provider that answered their beginning"`
	PrefixAffinityTTL      Seconds `env:"PREFIX_AFFINITY_TTL_SECONDS"               envDefault:"3600"   min:"60"  max:"86400" doc:"how long a beginning is remembered, s"`
	PrefixAffinityWindow   int     `env:"PREFIX_AFFINITY_WINDOW"                    envDefault:"8"      min:"1"   max:"64" doc:"ends of messages remembered of an answered request, the last ones"`
	SmartProbing           bool    `env:"ENABLE_SMART_PROBING"                      envDefault:"false"  doc:"ask providers whose breaker is open whether they answer again, with a small paid call"`
	ProbeInterval          Millis  `env:"PROBE_INTERVAL_MS"                         envDefault:"10000"  min:"1000"                                                                                    max:"3600000"                                   doc:"time between two such probes of a provider, ms"`
	ProbeTimeout           Millis  `env:"PROBE_TIMEOUT_MS"                          envDefault:"5000"   min:"100"                                                                                     max:"120000"                                    doc:"longest such probe, ms"`
	ConnectTimeout         Millis  `env:"FETCH_CONNECT_TIMEOUT"                     envDefault:"30000"  min:"1000"                                                                                    max:"1800000"                                   doc:"longest connect, ms"`
	HeadersTimeout         Millis  `env:"FETCH_HEADERS_TIMEOUT"                     envDefault:"600000" min:"1000"                                                                                    max:"1800000"                                   doc:"longest wait for response headers, ms"`
	BodyTimeout            Millis  `env:"FETCH_BODY_TIMEOUT"                        envDefault:"600000" min:"1000"                                                                                    max:"1800000"                                   doc:"longest gap in a response body, ms"`
	TestTimeout            Millis  `env:"API_TEST_TIMEOUT_MS"                       envDefault:"15000"  min:"5000"                                                                                    max:"120000"                                    doc:"longest connectivity test, ms"`
}

// Probes are looks at the endpoints of vendors, by the clock.
type Probes struct {
	Enabled      bool   `env:"ENDPOINT_PROBE_SCHEDULER_ENABLED"         envDefault:"true"  doc:"look by the clock whether the endpoints of vendors can be reached"`
	Interval     Millis `env:"ENDPOINT_PROBE_INTERVAL_MS"               envDefault:"60000" min:"1000" max:"86400000" doc:"time between two looks at an endpoint, ms; ten minutes at least where a vendor has one alone"`
	AfterTimeout Millis `env:"ENDPOINT_PROBE_TIMEOUT_RETRY_INTERVAL_MS" envDefault:"10000" min:"1000" max:"86400000" doc:"the same after a look that timed out, ms"`
	Timeout      Millis `env:"ENDPOINT_PROBE_TIMEOUT_MS"                envDefault:"5000"  min:"100"  max:"120000"   doc:"longest look, ms"`
	AtOnce       int    `env:"ENDPOINT_PROBE_CONCURRENCY"               envDefault:"10"    min:"1"    max:"1000"     doc:"looks at a time"`
	Jitter       Millis `env:"ENDPOINT_PROBE_CYCLE_JITTER_MS"           envDefault:"1000"  min:"0"    max:"60000"    doc:"up to so much is waited before a round, ms"`
	Method       string `env:"ENDPOINT_PROBE_METHOD"                    envDefault:"TCP"   oneof:"TCP,HEAD,GET"      doc:"how it is looked: by a connection, or by a request without a key, to which any status below 500 is an answer"`
	KeepDays     int    `env:"ENDPOINT_PROBE_LOG_RETENTION_DAYS"        envDefault:"1"     min:"1"    max:"365"      doc:"how long outcomes are kept, days"`
	CleanupBatch int    `env:"ENDPOINT_PROBE_LOG_CLEANUP_BATCH_SIZE"    envDefault:"10000" min:"100"  max:"100000"   doc:"outcomes deleted in one transaction"`
}

// Stream bounds the content gate of streamed answers.
type Stream struct {
	GateFrames int   `env:"STREAM_GATE_PREBUFFER_EVENT_CAP" envDefault:"64"   min:"1"    max:"4096"     doc:"events held before the first content"`
	GateBytes  Bytes `env:"STREAM_GATE_PREBUFFER_BYTE_CAP"  envDefault:"1MiB" min:"1024" max:"67108864" doc:"bytes held before the first content"`
}

// Replay is how answers are given again to the same request.
type Replay struct {
	Enabled  bool    `env:"ENABLE_REQUEST_REPLAY"         envDefault:"false"  doc:"give a stream again to a client that asks the same with an Idempotency-Key, or that left before it had it; the setting replayEnabled takes precedence"`
	Hot      Seconds `env:"REPLAY_TTL_SECONDS"            envDefault:"600"    min:"1"    max:"86400" doc:"how long such an answer stays in memory, s"`
	Kept     Seconds `env:"REPLAY_COMPLETED_TTL_SECONDS"  envDefault:"3600"   min:"1"    max:"604800" doc:"how long it is stored, s"`
	Detached Millis  `env:"REPLAY_MAX_DETACHED_MS"        envDefault:"300000" min:"0"    max:"3600000" doc:"how long an answer is made for a client that left, ms"`
	Spools   int     `env:"REPLAY_MAX_CONCURRENT_SPOOLS"  envDefault:"64"     min:"1"    max:"10000" doc:"such answers in memory; of others none is kept"`
	MaxBytes Bytes   `env:"REPLAY_MAX_PAYLOAD_BYTES"      envDefault:"8MiB"   min:"1024" max:"67108864" doc:"largest answer that is given again"`
}

// Shutdown bounds how long an orderly stop takes.
type Shutdown struct {
	Drain    Millis `env:"SHUTDOWN_DRAIN_MS"     envDefault:"15000" min:"0"    max:"3600000" doc:"how long running requests may finish, ms"`
	Cleanup  Millis `env:"SHUTDOWN_CLEANUP_MS"   envDefault:"10000" min:"1000" max:"600000"  doc:"how long actors, recorder and pools may close, ms"`
	HardExit Millis `env:"SHUTDOWN_HARD_EXIT_MS" envDefault:"28000" min:"1000" max:"4200000" doc:"when the process exits whatever is left, ms; above drain plus clean-up"`
}

// Log is what the process writes to standard error, and what it keeps of requests
// for people who look for a fault.
type Log struct {
	Level    string `env:"LOG_LEVEL" envDefault:"info" oneof:"debug,info,warn,error" doc:"least level that is written"`
	Timezone string `env:"TZ"        envDefault:"UTC"  doc:"zone of calendar limits where the setting names none"`

	SessionMessages bool `env:"STORE_SESSION_MESSAGES" envDefault:"false" doc:"take snapshots of all requests, with the texts of people and models, and keep them in memory for five minutes; otherwise only of sessions that are looked at, with texts masked"`
}

// Setup is what helps a newcomer.
type Setup struct {
	DemoUpstream string `env:"DEMO_UPSTREAM" envDefault:"on" oneof:"on,off" doc:"whether an administrator may switch the built-in demo upstream on"`
}

// Prices is where the cloud price list comes from.
type Prices struct {
	SyncURL      string `env:"PRICE_SYNC_URL"           envDefault:"https://cch-plus.com/pricing/v1/models.json" doc:"price list that is synced, in any format that can be uploaded; off switches the sync off"`
	AllowPrivate bool   `env:"PRICE_SYNC_ALLOW_PRIVATE" envDefault:"false"                                       doc:"let the price list come from a private network"`
}

// Off tells whether no list is synced.
func (p Prices) Off() bool { return p.SyncURL == "" || p.SyncURL == "off" }

// Embedded tells whether the process keeps its own SQLite database.
func (s Storage) Embedded() bool {
	dsn := s.DSN.Reveal()
	return dsn == "" || strings.HasPrefix(dsn, "sqlite://")
}

// server tells whether the DSN names a PostgreSQL database.
func (s Storage) server() bool {
	dsn := s.DSN.Reveal()
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

// Directory is where the embedded database lies.
func (s Storage) Directory() string {
	if dir, ok := strings.CutPrefix(s.DSN.Reveal(), "sqlite://"); ok && dir != "" {
		return filepath.Dir(dir)
	}
	return s.DataDir
}

// Secret is domain.Secret; the alias keeps the tagged structs readable.
type Secret = domain.Secret

// Seconds is a duration written as a whole number of seconds.
type Seconds time.Duration

// Millis is a duration written as a whole number of milliseconds.
type Millis time.Duration

// Bytes is a size written as a number of bytes or with KiB, MiB or GiB.
type Bytes int64

// Duration is the value as a time.Duration.
func (s Seconds) Duration() time.Duration { return time.Duration(s) }

// Duration is the value as a time.Duration.
func (m Millis) Duration() time.Duration { return time.Duration(m) }
