package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/http/gateway/intake"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/secrets"
)

func TestLocalEndpoints(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	call := func(method, path string) answer {
		r, err := http.NewRequestWithContext(t.Context(), method, w.server.URL+path, http.NoBody)
		require.NoError(t, err)
		return w.do(r)
	}
	head := call(http.MethodHead, "/")
	require.Equal(t, 200, head.status)
	require.Empty(t, head.body)
	ping := call(http.MethodGet, "/v1/_ping")
	require.Equal(t, 200, ping.status)
	require.JSONEq(t, `{"status":"pong"}`, ping.body)
	started, finished := w.records.rows()
	require.Empty(t, started)
	require.Empty(t, finished)
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, w.server.URL+"/v1/messages", http.NoBody)
	require.NoError(t, err)
	r.Header.Set("Origin", "https://app.example")
	r.Header.Set("Access-Control-Request-Headers", "x-api-key, anthropic-version")
	a := w.do(r)
	require.Equal(t, 204, a.status)
	require.Equal(t, "*", a.header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "x-api-key, anthropic-version", a.header.Get("Access-Control-Allow-Headers"))
	require.Equal(t, "86400", a.header.Get("Access-Control-Max-Age"))
	require.Empty(t, a.header.Get("Access-Control-Allow-Credentials"))
}

func TestCredentialsAreTakenFromFourPlaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, streams(wholeStream("m")))
	for name, set := range map[string]func(r *http.Request){
		"bearer":         func(r *http.Request) { r.Header.Set("Authorization", "bearer "+clientKey) },
		"x-api-key":      func(r *http.Request) { r.Header.Set("X-Api-Key", clientKey) },
		"x-goog-api-key": func(r *http.Request) { r.Header.Set("X-Goog-Api-Key", clientKey) },
		"query":          func(r *http.Request) { r.URL.RawQuery = "beta=true&key=" + clientKey },
		"two that agree": func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer "+clientKey)
			r.Header.Set("X-Api-Key", clientKey)
		},
	} {
		r := w.request(t.Context(), streamBody)
		r.Header.Del("Authorization")
		set(r)
		require.Equal(t, 200, w.do(r).status, name)
	}
}

// refusalCase is a call that must be refused, and how.
type refusalCase struct {
	change func(r *http.Request)
	body   string
	status int
	code   domain.Code
	by     domain.BlockedBy // empty: leaves no row
}

func refusalCases() map[string]refusalCase {
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	path := func(p string) func(*http.Request) { return func(r *http.Request) { r.URL.Path = p } }
	method := func(m string) func(*http.Request) { return func(r *http.Request) { r.Method = m } }
	return map[string]refusalCase{
		"no key":             {change: func(r *http.Request) { r.Header.Del("Authorization") }, status: 401, code: domain.CodeAuthMissing},
		"basic auth":         {change: header("Authorization", "Basic abc"), status: 401, code: domain.CodeAuthMissing},
		"two keys":           {change: header("X-Api-Key", "sk-other"), status: 401, code: domain.CodeAuthConflict},
		"unknown key":        {change: header("Authorization", "Bearer sk-unknown"), status: 401, code: domain.CodeInvalidAPIKey},
		"disabled key":       {change: header("Authorization", "Bearer sk-disabled"), status: 401, code: domain.CodeKeyDisabled, by: domain.BlockedAuth},
		"unknown path":       {change: path("/v1/nothing"), status: 404, code: domain.CodeUnknownEndpoint, by: domain.BlockedRequest},
		"wrong method":       {change: method(http.MethodGet), status: 404, code: domain.CodeUnknownEndpoint, by: domain.BlockedRequest},
		"no JSON":            {body: `{"model":`, status: 400, code: domain.CodeBadJSON, by: domain.BlockedRequest},
		"empty body":         {body: ` `, status: 400, code: domain.CodeBadJSON, by: domain.BlockedRequest},
		"no object":          {body: `["model"]`, status: 400, code: domain.CodeBadJSON, by: domain.BlockedRequest},
		"trailing bytes":     {body: `{"model":"m"}{}`, status: 400, code: domain.CodeBadJSON, by: domain.BlockedRequest},
		"two models":         {body: `{"model":"m","model":"claude-5"}`, status: 400, code: domain.CodeBadJSON, by: domain.BlockedRequest},
		"too deep":           {body: `{"model":"m","x":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + `}`, status: 400, code: domain.CodeBadJSON, by: domain.BlockedRequest},
		"no model":           {body: `{"messages":[]}`, status: 400, code: domain.CodeModelRequired, by: domain.BlockedRequest},
		"model of no string": {body: `{"model":5}`, status: 400, code: domain.CodeModelRequired, by: domain.BlockedRequest},
		"too large":          {body: `{"model":"` + strings.Repeat("m", 5000) + `"}`, status: 413, code: domain.CodeBodyTooLarge, by: domain.BlockedRequest},
		"two encodings":      {change: header("Content-Encoding", "gzip, br"), status: 400, code: domain.CodeBadEncoding, by: domain.BlockedRequest},
		"unknown encoding":   {change: header("Content-Encoding", "rot13"), status: 415, code: domain.CodeUnsupportedEncoding, by: domain.BlockedRequest},
		"not gzip at all":    {change: header("Content-Encoding", "gzip"), status: 400, code: domain.CodeBadEncoding, by: domain.BlockedRequest},
		"model not allowed":  {body: `{"model":"claude-6"}`, status: 403, code: domain.CodeModelNotAllowed, by: domain.BlockedModel},
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range refusalCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world) {
				w.opts.Body = intake.Limits{Raw: 4096, Plain: 4096, Memory: 1 << 20}
				w.config.Users[0].AllowedModels = []string{"CLAUDE-5", "m"}
				w.config.Keys = append(w.config.Keys, &domain.Key{ID: 13, UserID: 1, Hash: secrets.HashKey("sk-disabled")})
			}, streams(wholeStream("m")))
			body := c.body
			if body == "" {
				body = plainBody
			}
			r := w.request(t.Context(), body)
			if c.change != nil {
				c.change(r)
			}
			a := w.do(r)
			require.Equal(t, c.status, a.status, a.body)
			require.True(t, json.Valid([]byte(a.body)), a.body)
			if strings.HasPrefix(r.URL.Path, "/v1/messages") {
				require.Equal(t, "error", gjson.Get(a.body, "type").Str)
				require.Equal(t, a.header.Get("X-Request-Id"), gjson.Get(a.body, "request_id").Str)
			} else {
				require.Equal(t, string(c.code), gjson.Get(a.body, "error.code").Str)
			}
			if c.by == "" {
				_, finished := w.records.rows()
				require.Empty(t, finished)
			} else {
				row := w.records.onlyRefusal(t)
				require.Equal(t, string(c.code), row.Result.ErrorCode)
				require.Equal(t, c.by, row.Result.BlockedBy)
				require.Equal(t, domain.OutcomeBlocked, row.Result.Outcome)
				require.Equal(t, c.status, row.Result.StatusCode)
				require.Equal(t, a.header.Get("X-Request-Id"), row.ID.String())
				require.Equal(t, domain.UserID(1), row.UserID)
			}
			require.Empty(t, w.actor.admits, "no actor is asked about it")
			require.Zero(t, w.gateway.Stats().BodyBytes)
			require.NotContains(t, w.logs.String()+a.body, clientKey)
		})
	}
}

func TestErrorsTakeTheShapeOfThePathsProtocol(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for path, field := range map[string]string{
		"/v1/messages":                          "request_id",
		"/v1/chat/completions":                  "error.code",
		"/v1/responses":                         "error.code",
		"/v1beta/models/m:generateContent":      "error.details.0.reason",
		"/v1/models/m:streamGenerateContent":    "error.details.0.reason",
		"/v1internal:generateContent":           "error.details.0.reason",
		"/v1/publishers/google/models/m:x":      "error.details.0.reason",
		"/V1/RESPONSES/compact/":                "error.code",
		"/v1/whatever":                          "error.code",
		"/v1/messages/batches/no-such-endpoint": "request_id",
	} {
		r := w.request(t.Context(), plainBody)
		r.URL.Path = path
		r.Header.Set("Authorization", "Bearer sk-unknown-"+path[4:6])
		a := w.do(r)
		require.Equal(t, 401, a.status)
		require.True(t, gjson.Get(a.body, field).Exists(), "%s: %s", path, a.body)
	}
}

func TestCompressedRequestIsServedPlain(t *testing.T) {
	t.Parallel()
	h, bodies := recording(streams(wholeStream("m")))
	w := newWorld(t, nil, h)
	r := w.request(t.Context(), string(gzipped(t, streamBody)))
	r.Header.Set("Content-Encoding", "gzip")
	require.Equal(t, 200, w.do(r).status)
	require.Equal(t, "/v1/messages?beta=true "+streamBody, <-bodies)
}

func TestAbuseLocksStrangersOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, streams(wholeStream("m")))
	try := func(key string) answer {
		r := w.request(t.Context(), streamBody)
		r.Header.Set("Authorization", "Bearer "+key)
		return w.do(r)
	}
	for range 20 {
		require.Equal(t, 401, try("sk-guess").status)
	}
	locked := try("sk-another-guess")
	require.Equal(t, 429, locked.status)
	require.Equal(t, "rate_limit_error", gjson.Get(locked.body, "error.type").Str)
	require.NotEmpty(t, locked.header.Get("Retry-After"))
	_, finished := w.records.rows()
	require.Empty(t, finished, "strangers leave no rows")
	require.Equal(t, int64(21), w.gateway.Stats().Strangers)
	require.Equal(t, 200, try(clientKey).status, "a valid key still works")
}

func TestActorsRefusalIsShownAsItIs(t *testing.T) {
	t.Parallel()
	f := domain.NewFault(domain.KindQuotaExceeded, domain.CodeUSDWeekly, "the weekly limit is spent")
	f.Limit = &domain.LimitFault{Type: domain.LimitWeekly, Scope: domain.ScopeUser, Current: 11, Limit: 10, ResetAt: time.Now().Add(time.Hour)}
	w := newWorld(t, func(w *world) { w.actor.refuse = f })
	a := w.post(streamBody)
	require.Equal(t, 402, a.status)
	require.Equal(t, "billing_error", gjson.Get(a.body, "error.type").Str)
	_, finished := w.records.rows()
	require.Empty(t, finished, "the actor wrote the row")

	r := w.request(t.Context(), streamBody)
	r.Header.Set("Originator", "Codex_exec")
	a = w.do(r)
	require.Equal(t, 429, a.status)
	require.Equal(t, "usage_limit_reached", gjson.Get(a.body, "error.type").Str)
}

func TestNoActorTakesTheRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.actor.admitErr = domain.NewFault(domain.KindOverloaded, domain.CodeOverloaded, "all routers are full")
	})
	a := w.post(streamBody)
	require.Equal(t, 503, a.status)
	require.NotEmpty(t, a.header.Get("Retry-After"))
	_, finished := w.records.rows()
	require.Empty(t, finished)
	require.Equal(t, int64(1), w.gateway.Stats().Shed)

	w = newWorld(t, func(w *world) { w.actor.admitErr = errors.New("dead letter") })
	require.Equal(t, 500, w.post(streamBody).status)
	row := w.records.onlyRefusal(t)
	require.Equal(t, domain.OutcomeFailure, row.Result.Outcome)
	require.Empty(t, row.Result.BlockedBy)
}

func TestBoundsOfOneKeyAndUser(t *testing.T) {
	t.Parallel()
	for scope, set := range map[domain.Scope]func(*domain.Settings){
		domain.ScopeKey:  func(s *domain.Settings) { s.MaxInFlightPerKey = 1 },
		domain.ScopeUser: func(s *domain.Settings) { s.MaxInFlightPerUser = 1 },
	} {
		next := make(chan string, 1)
		next <- messageStart("m") + textDelta("x")
		w := newWorld(t, func(w *world) { set(&w.config.Settings) }, paced(next))
		res, err := w.server.Client().Do(w.request(t.Context(), streamBody))
		require.NoError(t, err)
		a := w.post(streamBody)
		require.Equal(t, 429, a.status)
		require.Equal(t, string(scope), gjson.Get(a.body, "error.scope").Str)
		require.Equal(t, "concurrent_requests", gjson.Get(a.body, "error.limit_type").Str)
		require.NotEmpty(t, a.header.Get("Retry-After"))
		require.Equal(t, domain.BlockedLimit, w.records.onlyRefusal(t).Result.BlockedBy)
		close(next)
		_, err = io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Eventually(t, func() bool { return w.gateway.Stats().Running == 0 }, 5*time.Second, time.Millisecond)
	}
}

func TestFullNodeLetsAFewWait(t *testing.T) {
	t.Parallel()
	next := make(chan string, 1)
	next <- messageStart("m") + textDelta("x")
	w := newWorld(t, func(w *world) { w.opts.MaxRunning, w.opts.MaxWaiting = 1, 1 }, paced(next))
	res, err := w.server.Client().Do(w.request(t.Context(), streamBody))
	require.NoError(t, err)
	defer res.Body.Close()

	waiting := make(chan answer, 1)
	go func() { waiting <- w.post(streamBody) }()
	require.Eventually(t, func() bool { return w.gateway.Stats().Waiting == 1 }, 5*time.Second, time.Millisecond)
	shed := w.post(streamBody)
	require.Equal(t, 503, shed.status)
	require.Equal(t, "overloaded_error", gjson.Get(shed.body, "error.type").Str)
	require.NotEmpty(t, shed.header.Get("Retry-After"))

	close(next) // the first one ends, and with it the upstream answers at once
	_, err = io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, 503, (<-waiting).status, "it got its turn; the upstream had nothing more to say")
	require.Len(t, w.actor.wait(t, 2), 2)
	require.Equal(t, int64(1), w.gateway.Stats().Shed)
}

func TestBodiesBeyondMemoryAreTurnedAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.opts.Body = intake.Limits{Raw: 1 << 20, Plain: 1 << 20, Memory: 1000} })
	a := w.post(streamBody)
	require.Equal(t, 503, a.status)
	_, finished := w.records.rows()
	require.Empty(t, finished)
}

// An expired user is refused and, the first time, disabled for everybody.
func TestAnExpiredUserIsDisabled(t *testing.T) {
	t.Parallel()
	var expired []domain.UserID
	w := newWorld(t, func(w *world) {
		w.config.Users[0].ExpiresAt = time.UnixMilli(1)
		w.opts.Expire = func(_ context.Context, id domain.UserID) error {
			expired = append(expired, id)
			return errors.New("the store is away")
		}
	}, streams(wholeStream("m")))
	a := w.post(plainBody)
	require.Equal(t, http.StatusUnauthorized, a.status)
	require.Contains(t, a.body, "has expired")
	require.Equal(t, []domain.UserID{w.config.Users[0].ID}, expired)
}
