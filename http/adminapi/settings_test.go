package adminapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/http/adminapi"
	"github.com/claude-code-hub/cch/internal/domain"
)

func TestSettingsMergeAndReset(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var s map[string]any
	w.admin(http.MethodGet, "/api/v1/settings", nil).into(t, http.StatusOK, &s)
	require.Equal(t, "Claude Code Hub", s["siteTitle"])
	require.InDelta(t, 256, s["maxInFlightPerKey"], 0)
	require.Nil(t, s["timezone"])

	w.admin(http.MethodPatch, "/api/v1/settings", `{"siteTitle":"Ours","timezone":"Asia/Kolkata","clientAbortDrainMs":0,"streamGateMode":"off",
		"passThroughUpstreamErrorMessage":false,"trustedProxies":["10.0.0.0/8"],"maxProviderSwitches":0}`).into(t, http.StatusOK, &s)
	got := w.catalog.Current().Settings()
	require.Equal(t, "Ours", got.SiteTitle)
	require.Equal(t, "Asia/Kolkata", got.Timezone)
	require.Equal(t, time.Duration(0), got.ClientAbortDrain)
	require.Equal(t, domain.GateOff, got.StreamGate)
	require.False(t, got.PassThroughUpstreamErrorMessage)
	require.Equal(t, []string{"10.0.0.0/8"}, got.TrustedProxies)
	require.Zero(t, got.MaxProviderSwitches)
	require.Equal(t, 8, got.MaxTotalAttempts, "what is left out stays")

	w.admin(http.MethodPatch, "/api/v1/settings", `{"siteTitle":null,"clientAbortDrainMs":null,"streamGateMode":null,"trustedProxies":null}`).
		into(t, http.StatusOK, &s)
	require.Equal(t, "Claude Code Hub", s["siteTitle"])
	require.InDelta(t, 15000, s["clientAbortDrainMs"], 0)
	require.Equal(t, "enforce", s["streamGateMode"])
	require.Equal(t, []any{}, s["trustedProxies"])
}

func TestResponseFixerMerges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var s map[string]any
	w.admin(http.MethodPatch, "/api/v1/settings", `{"responseFixer":{"fixEncoding":false,"maxJsonDepth":9},"stripUnderscoreKeys":true}`).into(t, http.StatusOK, &s)
	want := domain.DefaultSettings().ResponseFixer
	want.FixEncoding, want.MaxJSONDepth = false, 9
	require.Equal(t, want, w.catalog.Current().Settings().ResponseFixer)
	require.True(t, w.catalog.Current().Settings().StripUnderscoreKeys)
	p := w.admin(http.MethodPatch, "/api/v1/settings", `{"responseFixer":{"maxFixSize":1}}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, map[string]string{"responseFixer.maxFixSize": "too_small"}, p.fields())
	w.admin(http.MethodPatch, "/api/v1/settings", `{"responseFixer":null}`).into(t, http.StatusOK, &s)
	require.Equal(t, domain.DefaultSettings().ResponseFixer, w.catalog.Current().Settings().ResponseFixer)
}

func TestSettingsValidation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for body, want := range map[string]map[string]string{
		`{"timezone":"Mars/Olympus","trustedProxies":["10.0.0.1","proxy"]}`:              {"timezone": "invalid_choice", "trustedProxies.1": "invalid_format"},
		`{"maxTotalAttempts":0,"tierStrategy":"random","siteTitle":"","unknown":1}`:      {"maxTotalAttempts": "too_small", "tierStrategy": "invalid_choice", "siteTitle": "too_short", "unknown": "unknown_field"},
		`{"exposeProviderNames":"yes","maxInFlightPerKey":100001,"quotaFailMode":"odd"}`: {"exposeProviderNames": "invalid_type", "maxInFlightPerKey": "too_big", "quotaFailMode": "invalid_choice"},
	} {
		p := w.admin(http.MethodPatch, "/api/v1/settings", body).refused(t, http.StatusBadRequest, "request.validation_failed")
		require.Equal(t, want, p.fields(), body)
	}
	require.Equal(t, domain.DefaultSettings(), *w.catalog.Current().Settings())
}

func TestWhatIsPublic(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *adminapi.Options) { o.AppURL = "https://hub.example" })
	get := func(path string) answer { return w.do(call{method: http.MethodGet, path: path}) }
	var meta map[string]any
	get("/api/v1/public/site-meta").into(t, http.StatusOK, &meta)
	require.Equal(t, map[string]any{
		"title": "Claude Code Hub", "version": "1.2.3", "origin": "https://hub.example", "timezone": nil, "locale": "en", "setup": "needed",
	}, meta)
	w.provider("")
	get("/api/v1/public/site-meta").into(t, http.StatusOK, &meta)
	require.Equal(t, "done", meta["setup"])

	require.Equal(t, http.StatusOK, get("/api/v1/health").status)
	w.health.Status = adminapi.StatusDegraded
	require.Equal(t, http.StatusOK, get("/api/v1/health").status)
	w.health.Status = adminapi.StatusUnhealthy
	require.Equal(t, http.StatusServiceUnavailable, get("/api/v1/health").status)
}

func TestDisplaySettingsAndVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person("ann", nil, nil)
	var s map[string]any
	w.as(p, "/api/v1/settings/display").into(t, http.StatusOK, &s)
	require.Equal(t, map[string]any{"siteTitle": "Claude Code Hub", "timezone": nil, "allowGlobalUsageView": false, "exposeProviderNames": false}, s)
	w.admin(http.MethodGet, "/api/v1/system/version", nil).into(t, http.StatusOK, &s)
	require.Equal(t, "1.2.3", s["version"])
}

// TestWritesWaitForTheCatalogButNotForEver holds the promise that a write is
// answered even when the catalog cannot be read.
func TestWritesWaitForTheCatalogButNotForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *adminapi.Options) { o.Catalog = stuckCatalog{o.Catalog} })
	began := time.Now()
	require.Equal(t, http.StatusCreated, w.admin(http.MethodPost, "/api/v1/provider-groups", `{"name":"g"}`).status)
	require.Less(t, time.Since(began), 5*time.Second)
}

func TestEverySettingIsDescribedAsItIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	items := w.read("/settings/schema").Get("items")
	var described, there []string
	for _, s := range items.Array() {
		described = append(described, s.Get("name").String())
		require.NotEmpty(t, s.Get("type").String(), s.Raw)
		require.True(t, s.Get("default").Exists(), s.Raw)
	}
	for name := range w.read("/settings").Map() {
		there = append(there, name)
	}
	require.Subset(t, there, described)
	require.Greater(t, len(described), 40)
	switches := items.Get(`#(name=="maxProviderSwitches")`)
	require.Equal(t, []any{"integer", 0.0, 20.0, 3.0}, []any{
		switches.Get("type").String(), switches.Get("minimum").Num, switches.Get("maximum").Num, switches.Get("default").Num,
	})
	require.JSONEq(t, `["off","shadow","enforce"]`, items.Get(`#(name=="streamGateMode").enum`).Raw)
	w.admin(http.MethodPatch, "/api/v1/settings", `{"maxProviderSwitches":21}`).refused(t, http.StatusBadRequest, "request.validation_failed")
}
