package adminapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// selves are the ways in which somebody calls for their own.
type selves struct {
	ann, ben, bob, boss person // ben's key is another one of ann's user
	token               func(path string) answer
	get                 map[string]func(path string) answer
}

func (w *world) selves() selves {
	w.t.Helper()
	web := map[string]any{"canLoginWebUi": true}
	s := selves{
		ann: w.person("ann", map[string]any{"groups": []string{"team"}, "allowedModels": []string{"claude-opus"}}, web),
		bob: w.person("bob", nil, web), boss: w.person("boss", map[string]any{"role": "admin"}, web),
	}
	var second struct {
		ID     int64
		Secret string
	}
	w.admin(http.MethodPost, fmt.Sprintf("/api/v1/users/%d/keys", s.ann.userID), `{"name":"second","groups":["team"]}`).into(w.t, http.StatusCreated, &second)
	s.ben = person{userID: s.ann.userID, keyID: second.ID, secret: second.Secret}
	byKey := func(p person) func(string) answer {
		return func(path string) answer { return w.as(p, path) }
	}
	s.token = func(path string) answer { return w.admin(http.MethodGet, path, nil) }
	s.get = map[string]func(path string) answer{
		"user": w.signIn(s.ann.secret).get, "user's key": byKey(s.ann), "reader": w.signIn(s.ben.secret).get, "reader's key": byKey(s.ben),
		"admin": w.signIn(s.boss.secret).get, "admin's key": byKey(s.boss),
	}
	return s
}

// minePaths are those that only users have something at.
func minePaths() []string {
	return []string{"/me/quota", "/me/today", "/me/stats", "/me/models", "/me/usage-logs", "/me/usage-logs/facets"}
}

func TestProfile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.selves()
	type profile struct {
		User struct {
			ID         int64
			Name, Role string
			Groups     []string
		}
		Key *struct {
			ID            int64
			Name          string
			KeyLast4      string
			Groups        []string
			CanLoginWebUI bool
		}
		Role        string
		Permissions []string
		Access      struct{ AllowedModels []string }
		Timezone    string
	}
	for who, want := range map[string]struct {
		person
		role, name, key string
		web             bool
	}{
		"user": {s.ann, "user", "ann", "first", true}, "user's key": {s.ann, "reader", "ann", "first", true},
		"reader": {s.ben, "reader", "ann", "second", false}, "reader's key": {s.ben, "reader", "ann", "second", false},
		"admin": {s.boss, "admin", "boss", "first", true}, "admin's key": {s.boss, "reader", "boss", "first", true},
	} {
		var got profile
		a := s.get[who]("/api/v1/me")
		a.into(t, http.StatusOK, &got)
		require.Equal(t, want.userID, got.User.ID, who)
		require.Equal(t, want.name, got.User.Name, who)
		require.Equal(t, want.role, got.Role, who)
		require.Equal(t, want.keyID, got.Key.ID, who)
		require.Equal(t, want.key, got.Key.Name, who)
		require.Equal(t, want.secret[len(want.secret)-4:], got.Key.KeyLast4, who)
		require.Equal(t, want.web, got.Key.CanLoginWebUI, who)
		require.Contains(t, got.Permissions, "me:read", who)
		require.NotContains(t, a.text, want.secret, who)
		require.NotContains(t, strings.ToLower(a.text), "multiplier", who)
	}
	var reader, nobody profile
	s.get["reader"]("/api/v1/me").into(t, http.StatusOK, &reader)
	require.Equal(t, []string{"team"}, reader.User.Groups)
	require.Equal(t, []string{"team"}, reader.Key.Groups)
	require.Equal(t, []string{"claude-opus"}, reader.Access.AllowedModels)
	require.Equal(t, "UTC", reader.Timezone)
	s.token("/api/v1/me").into(t, http.StatusOK, &nobody)
	require.Equal(t, int64(-1), nobody.User.ID)
	require.Equal(t, "admin", nobody.User.Role)
	require.Nil(t, nobody.Key)
}

func TestWhatIsNobodysOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.selves()
	tokenSession := w.signIn(adminToken)
	for _, path := range minePaths() {
		s.token("/api/v1"+path).refused(t, http.StatusNotFound, "resource.not_found")
		tokenSession.get("/api/v1"+path).refused(t, http.StatusNotFound, "resource.not_found")
		w.do(call{method: http.MethodGet, path: "/api/v1" + path}).refused(t, http.StatusUnauthorized, "auth.missing")
	}
	for _, path := range []string{"/me", "/me/preferences", "/me/preferences/x"} {
		w.do(call{method: http.MethodGet, path: "/api/v1" + path}).refused(t, http.StatusUnauthorized, "auth.missing")
	}
}

func TestOwnQuota(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.selves()
	reset := w.clock().Add(time.Hour)
	w.actors.quota[domain.UserID(s.ann.userID)] = &protocol.QuotaState{Windows: []protocol.QuotaWindow{
		{Scope: domain.ScopeUser, ID: s.ann.userID, Limit: domain.Limit5h, Used: 3 * domain.NanoPerUSD, Reserved: domain.NanoPerUSD / 2, Max: 4 * domain.NanoPerUSD, ResetAt: reset.UnixMilli()},
		{Scope: domain.ScopeUser, ID: s.ann.userID, Limit: domain.LimitTotal, Used: 9 * domain.NanoPerUSD},
		{Scope: domain.ScopeKey, ID: s.ben.keyID, Limit: domain.LimitRPM, Used: 9, Max: 10},
		{Scope: domain.ScopeKey, ID: s.ann.keyID, Limit: domain.LimitDaily, Used: 1, Max: 4},
	}}
	type usage struct {
		Scope, Name string
		ID          int64
		Windows     []map[string]any
	}
	type quota struct {
		Key, User usage
		Binding   *struct {
			Scope, LimitType string
			Percent          float64
			ResetAt          *time.Time
		}
	}
	var user, reader, none quota
	s.get["user"]("/api/v1/me/quota").into(t, http.StatusOK, &user)
	require.Len(t, user.User.Windows, 2)
	require.Equal(t, map[string]any{
		"limitType": "usd_5h", "usedUsd": 3.0, "reserved": 0.5, "limit": 4.0, "percent": 87.5, "resetAt": reset.Format(time.RFC3339),
	}, user.User.Windows[0])
	require.Equal(t, "first", user.Key.Name)
	require.Len(t, user.Key.Windows, 1)
	require.Equal(t, "user", user.Binding.Scope)
	require.Equal(t, "usd_5h", user.Binding.LimitType)
	require.InDelta(t, 87.5, user.Binding.Percent, 1e-9)
	require.True(t, reset.Equal(*user.Binding.ResetAt))

	s.get["reader's key"]("/api/v1/me/quota").into(t, http.StatusOK, &reader)
	require.Equal(t, s.ben.keyID, reader.Key.ID)
	require.Len(t, reader.Key.Windows, 1)
	require.Equal(t, "key", reader.Binding.Scope)
	require.Equal(t, "rpm", reader.Binding.LimitType)

	s.get["admin"]("/api/v1/me/quota").into(t, http.StatusOK, &none)
	require.Equal(t, "boss", none.User.Name)
	require.Empty(t, none.User.Windows)
	require.Nil(t, none.Binding)

	w.actors.down = true
	s.get["user"]("/api/v1/me/quota").refused(t, http.StatusServiceUnavailable, "dependency.unavailable")
}

func TestOwnDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.selves()
	require.Equal(t, http.StatusOK, w.admin(http.MethodPatch, "/api/v1/settings", `{"timezone":"Asia/Kolkata"}`).status)
	midnight := time.Date(2026, 11, 22, 18, 30, 0, 0, time.UTC) // of the 23rd in the zone
	w.spend(s.ann, midnight, costing(1))
	w.spend(s.ann, midnight.Add(-time.Millisecond), costing(100))
	w.spend(s.ben, midnight.Add(time.Hour), costing(2))
	w.spend(s.ben, midnight.Add(2*time.Hour), func(r *domain.LedgerRow) { r.IsSuccess = false })
	w.spend(s.bob, midnight.Add(time.Hour), costing(50))
	type day struct {
		From, To  time.Time
		Timezone  string
		Key, User struct {
			figuresJSON
			OutputTokens, CacheCreationInputTokens int64
			SuccessRate                            *float64
		}
	}
	var got day
	s.get["reader"]("/api/v1/me/today").into(t, http.StatusOK, &got)
	require.True(t, midnight.Equal(got.From))
	require.True(t, midnight.Add(24*time.Hour).Equal(got.To))
	require.Equal(t, "Asia/Kolkata", got.Timezone)
	require.EqualValues(t, 2, got.Key.Requests)
	require.InDelta(t, 3, got.Key.CostUSD, 1e-9)
	require.InDelta(t, 0.5, *got.Key.SuccessRate, 1e-9)
	require.EqualValues(t, 3, got.User.Requests)
	require.InDelta(t, 4, got.User.CostUSD, 1e-9)
	require.EqualValues(t, 300, got.User.InputTokens)
	require.EqualValues(t, 60, got.User.OutputTokens)
	require.EqualValues(t, 180, got.User.CacheReadInputTokens)
	require.EqualValues(t, 120, got.User.CacheCreationInputTokens)
	require.Nil(t, got.User.ProviderCostUSD)

	var user, admin day
	s.get["user"]("/api/v1/me/today").into(t, http.StatusOK, &user)
	require.EqualValues(t, 1, user.Key.Requests)
	require.EqualValues(t, 3, user.User.Requests)
	s.get["admin"]("/api/v1/me/today").into(t, http.StatusOK, &admin)
	require.Zero(t, admin.User.Requests, "an administrator's own")
	require.Nil(t, admin.User.SuccessRate)
}

func TestOwnStatistics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.selves()
	at := w.clock().Truncate(time.Hour)
	of := func(model string, usd float64) func(*domain.LedgerRow) {
		return func(r *domain.LedgerRow) { r.Model, r.Charge = model, domain.MoneyFromUSD(usd) }
	}
	w.spend(s.ann, at.Add(-3*time.Hour), of("dear", 5))
	w.spend(s.ben, at.Add(-time.Hour), of("cheap", 1))
	w.spend(s.ben, at.Add(-30*time.Minute), of("cheap", 1))
	w.spend(s.bob, at.Add(-time.Hour), of("foreign", 70))
	type stats struct {
		From, To      time.Time
		Scope, Bucket string
		Buckets       []struct {
			At      time.Time
			Figures figuresJSON
		}
		ByModel []struct {
			Model   *string
			Figures figuresJSON
		}
		Total figuresJSON
	}
	hours := "from=" + url.QueryEscape(at.Add(-4*time.Hour).Format(time.RFC3339)) + "&to=" + url.QueryEscape(at.Format(time.RFC3339))
	for who, want := range map[string]struct {
		scope    string
		requests []int64
		models   []string
	}{
		"user": {"user", []int64{0, 1, 0, 2}, []string{"dear", "cheap"}}, "reader": {"key", []int64{0, 0, 0, 2}, []string{"cheap"}},
		"admin": {"user", []int64{0, 0, 0, 0}, []string{}},
	} {
		var got stats
		a := s.get[who]("/api/v1/me/stats?" + hours)
		a.into(t, http.StatusOK, &got)
		require.Equal(t, want.scope, got.Scope, who)
		require.Equal(t, "hour", got.Bucket)
		requests, models := []int64{}, []string{}
		for i, b := range got.Buckets {
			require.True(t, at.Add(time.Duration(i-4)*time.Hour).Equal(b.At))
			requests = append(requests, b.Figures.Requests)
		}
		for _, m := range got.ByModel {
			models = append(models, *m.Model)
		}
		require.Equal(t, want.requests, requests, who)
		require.Equal(t, want.models, models, who)
		require.NotContains(t, a.text, "foreign")
	}
	var key, user stats
	s.get["user"]("/api/v1/me/stats?bucket=day&scope=key").into(t, http.StatusOK, &key)
	require.Len(t, key.Buckets, 7)
	require.InDelta(t, 5, key.Total.CostUSD, 1e-9)
	s.get["reader's key"]("/api/v1/me/stats?scope=user").into(t, http.StatusOK, &user)
	require.InDelta(t, 7, user.Total.CostUSD, 1e-9, "the user's limits are its, too")

	many := w.person("many", nil, nil)
	for i := range 52 {
		w.spend(many, at.Add(-time.Hour), of(fmt.Sprint("m", i), float64(100-i)))
	}
	var rest stats
	w.as(many, "/api/v1/me/stats?"+hours).into(t, http.StatusOK, &rest)
	require.Len(t, rest.ByModel, 51)
	require.Equal(t, "m0", *rest.ByModel[0].Model)
	require.Nil(t, rest.ByModel[50].Model)
	require.EqualValues(t, 2, rest.ByModel[50].Figures.Requests)

	for query, field := range map[string]string{
		"bucket=hour&from=2026-09-01T00:00:00Z": "bucket", "to=2026-09-01T00:00:00Z": "from", "scope=all": "scope", "bucket=week": "bucket",
	} {
		require.Contains(t, s.get["user"]("/api/v1/me/stats?"+query).refused(t, http.StatusBadRequest, "request.validation_failed").fields(), field, query)
	}
}

func TestOwnModels(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.selves()
	a := s.get["reader"]("/api/v1/me/models")
	require.Equal(t, http.StatusOK, a.status)
	require.JSONEq(t, `{"items":[{"id":"common","protocols":["claude","chat"]},{"id":"second of ann","protocols":["gemini"]}]}`, a.text)
	require.Contains(t, s.get["admin"]("/api/v1/me/models").text, "first of boss")
}

func TestOwnUsageLogs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.selves()
	first := w.request(s.ann, nil)
	failed := w.request(s.ben, func(l *domain.RequestLog) {
		l.Result = domain.ResultRecord{StatusCode: 503, Outcome: domain.OutcomeFailure, ErrorCode: "all_providers_failed", ErrorMessage: "dial relay.example: refused"}
		l.Call.Model, l.Call.Endpoint, l.SessionID = "gpt-5", "/v1/responses", "other"
	})
	foreign := w.request(s.bob, func(l *domain.RequestLog) { l.Call.Model, l.Call.Endpoint = "foreign", "/v1/foreign" })
	refused := w.request(s.ann, func(l *domain.RequestLog) {
		l.Result = domain.ResultRecord{StatusCode: 402, Outcome: domain.OutcomeBlocked, BlockedBy: domain.BlockedLimit, ErrorMessage: "the daily limit is reached"}
	})
	ids := func(a answer) []string {
		var page struct {
			Items []struct{ RequestID string }
		}
		a.into(t, http.StatusOK, &page)
		list := []string{}
		for _, row := range page.Items {
			list = append(list, row.RequestID)
		}
		return list
	}
	all, one := []string{refused.ID.String(), failed.ID.String(), first.ID.String()}, []string{failed.ID.String()}
	for who, want := range map[string][]string{
		"user": all, "user's key": all, "reader": one, "reader's key": one, "admin": {}, "admin's key": {},
	} {
		require.Equal(t, want, ids(s.get[who]("/api/v1/me/usage-logs")), who)
	}
	for query, want := range map[string]int{
		"model=gpt-5": 1, "statusCode=5xx": 1, "statusCode=200": 1, "statusCode=402": 1, "sessionId=other": 1, "errorsOnly=true": 2, "endpoint=/v1/responses": 1,
		"outcome=success": 1, "q=refused": 0, "q=Daily": 1, "requestId=" + first.ID.String(): 1, "requestId=" + foreign.ID.String(): 0, "client=codex": 0,
		fmt.Sprint("keyId=", s.ben.keyID): 1, "to=" + first.CreatedAt.Format(time.RFC3339): 0, "from=" + failed.CreatedAt.Format(time.RFC3339): 2,
	} {
		require.Len(t, ids(s.get["user"]("/api/v1/me/usage-logs?"+query)), want, query)
	}
	s.get["user"]("/api/v1/me/usage-logs?keyId="+fmt.Sprint(s.bob.keyID)).refused(t, http.StatusNotFound, "resource.not_found")
	s.get["reader"]("/api/v1/me/usage-logs?keyId="+fmt.Sprint(s.ann.keyID)).refused(t, http.StatusNotFound, "resource.not_found")
	s.get["user"]("/api/v1/me/usage-logs?cursor=%21").refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, all, ids(s.get["user"](fmt.Sprintf("/api/v1/me/usage-logs?userId=%d&providerId=99", s.bob.userID))), "there are no such filters")

	var page struct {
		Items      []map[string]any
		NextCursor *string
	}
	s.get["user"]("/api/v1/me/usage-logs?limit=1&statusCode=non-402").into(t, http.StatusOK, &page)
	require.Equal(t, failed.ID.String(), page.Items[0]["requestId"])
	require.Nil(t, page.Items[0]["providerId"])
	require.Nil(t, page.Items[0]["errorMessage"])
	require.Equal(t, "all_providers_failed", page.Items[0]["errorCode"])
	s.get["user"]("/api/v1/me/usage-logs?limit=1&statusCode=non-402&cursor="+*page.NextCursor).into(t, http.StatusOK, &page)
	require.Equal(t, first.ID.String(), page.Items[0]["requestId"])
	require.Nil(t, page.NextCursor)

	type facets struct{ Models, Endpoints []string }
	for who, want := range map[string]facets{
		"user":   {[]string{"claude-opus", "gpt-5"}, []string{"/v1/messages", "/v1/responses"}},
		"reader": {[]string{"gpt-5"}, []string{"/v1/responses"}}, "admin": {[]string{}, []string{}},
	} {
		var got facets
		s.get[who]("/api/v1/me/usage-logs/facets").into(t, http.StatusOK, &got)
		require.Equal(t, want, got, who)
	}
}

// Whoever asks for their own learns nothing of providers, of what they cost or
// of other people, be they an administrator who would see it elsewhere.
func TestOwnTellsNothingOfProvidersAndOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.selves()
	w.provider(`,"allowedModels":["claude-opus"],"costMultiplier":1.25`)
	for _, p := range []person{s.ann, s.ben, s.bob, s.boss} {
		w.request(p, func(l *domain.RequestLog) {
			l.Result = domain.ResultRecord{StatusCode: 503, Outcome: domain.OutcomeFailure, ErrorCode: "all_providers_failed", ErrorMessage: "dial relay.example: refused"}
			if p == s.bob {
				l.Call.Model, l.Call.Endpoint, l.SessionID, l.Client.IP = "foreign-model", "/v1/foreign", "foreign-session", "192.0.2.99"
			}
		})
	}
	for who, get := range s.get {
		for _, path := range append(minePaths(), "/me", "/me/preferences") {
			a := get("/api/v1" + path)
			require.Equal(t, http.StatusOK, a.status, "%s %s: %s", who, path, a.text)
			for _, never := range []string{
				"relay", `"one"`, "api.example.com", "foreign", "192.0.2.99", "bob", `"providerId":1`, `"providerId":2`, `"firstProviderId":2`,
				"1.2,", "1.25", `"costMultiplier":1`, `"groupMultiplier":1`, `"providerCostUsd":0`,
			} {
				require.NotContains(t, a.text, never, "%s %s", who, path)
			}
		}
	}
	w.admin(http.MethodPatch, "/api/v1/settings", `{"exposeProviderNames":true}`)
	require.Contains(t, s.get["user"]("/api/v1/me/usage-logs").text, "secret relay", "an operator may show them")
	require.NotContains(t, s.get["user"]("/api/v1/me/usage-logs").text, "foreign")
}
