package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Load reads a Config out of an environment. The error joins every fault; the
// warnings name variables that are known elsewhere but do nothing here yet.
func Load(environ map[string]string) (Config, []string, error) {
	vars := make(map[string]string, len(environ))
	maps.Copy(vars, environ)
	faults := readSecretFiles(vars)
	if vars["APP_PORT"] == "" {
		vars["APP_PORT"] = vars["PORT"]
	}
	dropEmpty(vars)

	var c Config
	if err := env.ParseWithOptions(&c, env.Options{Environment: vars, FuncMap: parsers()}); err != nil {
		faults = append(faults, parseFaults(err)...)
	}
	faults = append(faults, checkTags(c)...)
	faults = append(faults, c.check()...)
	return c, warnings(vars), errors.Join(faults...)
}

// Environ is the process environment as a map.
func Environ() map[string]string {
	vars := make(map[string]string)
	for _, kv := range os.Environ() {
		if name, value, ok := strings.Cut(kv, "="); ok {
			vars[name] = value
		}
	}
	return vars
}

// readSecretFiles fills NAME from the file that NAME_FILE names, for secrets.
func readSecretFiles(vars map[string]string) []error {
	var faults []error
	for _, v := range Variables() {
		path := vars[v.Name+"_FILE"]
		if !v.Secret || path == "" {
			continue
		}
		b, err := os.ReadFile(path) //nolint:gosec // the operator names the file
		if err != nil {
			faults = append(faults, fmt.Errorf("%s_FILE: %w", v.Name, err))
			continue
		}
		vars[v.Name] = strings.TrimSpace(string(b))
	}
	return faults
}

// dropEmpty makes an empty variable the same as an unset one, as compose files
// pass every variable they know.
func dropEmpty(vars map[string]string) {
	maps.DeleteFunc(vars, func(_, v string) bool { return v == "" })
}

// parseFaults unpacks the library's aggregate into one plain line a variable.
func parseFaults(err error) []error {
	agg, ok := errors.AsType[env.AggregateError](err)
	if !ok {
		return []error{err}
	}
	faults := make([]error, 0, len(agg.Errors))
	for _, e := range agg.Errors {
		if p, ok := errors.AsType[env.ParseError](e); ok {
			name := p.Name
			if v, found := variableOfField(p.Name); found {
				name = v
			}
			e = fmt.Errorf("%s: %w", name, p.Err)
		}
		faults = append(faults, e)
	}
	return faults
}

func (c Config) check() []error {
	var faults []error
	token := c.Auth.AdminToken.Reveal()
	switch {
	case token == "":
		if !c.Storage.Embedded() {
			faults = append(faults, errors.New("ADMIN_TOKEN is unset: choose one of at least 16 characters"))
		}
	case token == "change-me" || len(token) < 16:
		faults = append(faults, errors.New("ADMIN_TOKEN is the sample value or shorter than 16 characters: choose your own"))
	}
	for k := range strings.SplitSeq(c.Auth.EncryptionKey.Reveal(), ",") {
		if raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(k)); k != "" && (err != nil || len(raw) != 32) {
			faults = append(faults, errors.New("ENCRYPTION_KEY is not 32 bytes in base64: make one with `openssl rand -base64 32`"))
		}
	}
	if s := c.Auth.CSRFSecret.Reveal(); s != "" && len(s) < 16 {
		faults = append(faults, errors.New("CSRF_SECRET is shorter than 16 characters"))
	}
	if !c.Storage.Embedded() && !c.Storage.server() {
		faults = append(faults, errors.New("DSN names a database this build does not speak: leave it empty or use postgres://… or sqlite://<file>"))
	}
	if c.Redis.On() {
		if u, err := url.Parse(c.Redis.URL.Reveal()); err != nil || u.Host == "" || u.Scheme != "redis" && u.Scheme != "rediss" {
			faults = append(faults, errors.New("REDIS_URL is no redis:// or rediss:// URL with a host: write redis://[user:password@]host:6379/0"))
		}
	}
	if u, err := url.Parse(c.Prices.SyncURL); !c.Prices.Off() && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		faults = append(faults, errors.New("PRICE_SYNC_URL is no http or https URL: give one, or off"))
	}
	if c.Shutdown.Drain+c.Shutdown.Cleanup >= c.Shutdown.HardExit {
		faults = append(faults, errors.New("SHUTDOWN_HARD_EXIT_MS must be above SHUTDOWN_DRAIN_MS plus SHUTDOWN_CLEANUP_MS"))
	}
	if _, err := time.LoadLocation(c.Log.Timezone); err != nil {
		faults = append(faults, fmt.Errorf("TZ is %q: use an IANA name such as Europe/Berlin", c.Log.Timezone))
	}
	return append(faults, c.checkCluster()...)
}

// UnmarshalText reads a whole number of seconds.
func (s *Seconds) UnmarshalText(b []byte) error {
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a whole number of seconds", b)
	}
	*s = Seconds(time.Duration(n) * time.Second)
	return nil
}

// UnmarshalText reads a whole number of milliseconds.
func (m *Millis) UnmarshalText(b []byte) error {
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a whole number of milliseconds", b)
	}
	*m = Millis(time.Duration(n) * time.Millisecond)
	return nil
}

// UnmarshalText reads a size.
func (s *Bytes) UnmarshalText(b []byte) error {
	text, shift := strings.TrimSpace(string(b)), 0
	for i, unit := range []string{"KiB", "MiB", "GiB"} {
		if t, ok := strings.CutSuffix(text, unit); ok {
			text, shift = strings.TrimSpace(t), 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > (1<<62)>>shift {
		return fmt.Errorf("%q is not a size: use bytes or KiB, MiB, GiB", b)
	}
	*s = Bytes(n << shift)
	return nil
}

// warnings lists variables that belong to the product but do nothing in this build.
func warnings(vars map[string]string) []string {
	later := []string{
		"BASE_PATH", "API_BASE_URL",
		"ENABLE_LEGACY_ACTIONS_API",
		"STORE_SESSION_RESPONSE_BODY",
		"LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY", "OTEL_EXPORTER_OTLP_ENDPOINT",
		"IP_GEO_API_URL", "STREAM_GATE_MODE",
		"ETCD_ENDPOINTS", "OUTBOUND_ALLOW_PRIVATE", "DOCS_PUBLIC",
	}
	var out []string
	for _, name := range later {
		if vars[name] != "" {
			out = append(out, name+" is set but has no effect in this version")
		}
	}
	slices.Sort(out)
	return out
}
