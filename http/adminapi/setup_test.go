package adminapi_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/http/adminapi"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

type setupState struct {
	Providers, Requests, Keys int
	Demo                      string
	DemoAvailable             bool
	DemoMode                  *string
	AdminTokenSource          string
	Steps                     map[string]string
	Dismissed                 bool
}

func (w *world) setup() (s setupState) {
	w.t.Helper()
	w.admin(http.MethodGet, "/api/v1/setup/state", nil).into(w.t, http.StatusOK, &s)
	return s
}

func TestSetupFollowsWhatThereIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *adminapi.Options) { o.TokenGenerated = true })
	require.Equal(t, setupState{
		Demo: "off", DemoAvailable: true, AdminTokenSource: "generated",
		Steps: map[string]string{"token": "open", "upstream": "open", "key": "open", "request": "open", "route": "open"},
	}, w.setup())

	w.provider("")
	w.person("ann", nil, nil)
	require.NoError(t, w.store.RequestLogs().WriteBatch(t.Context(), domain.LogBatch{Finished: []domain.FinishedLog{storetest.Finished(storetest.RequestLog(1))}}))
	s := w.setup()
	require.Equal(t, []int{1, 1, 1}, []int{s.Providers, s.Keys, s.Requests})
	require.Equal(t, map[string]string{"token": "open", "upstream": "done", "key": "done", "request": "done", "route": "open"}, s.Steps)
}

func TestSetupStepsAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var s setupState
	w.admin(http.MethodPatch, "/api/v1/setup/state", `{"steps":{"route":"done","invite":"done"},"dismissed":true}`).into(t, http.StatusOK, &s)
	require.Equal(t, "done", s.Steps["route"])
	require.True(t, s.Dismissed)
	w.admin(http.MethodPatch, "/api/v1/setup/state", `{"steps":{"route":"open"}}`).into(t, http.StatusOK, &s)
	require.Equal(t, "open", s.Steps["route"])
	require.Equal(t, "done", w.setup().Steps["invite"])
	require.True(t, w.setup().Dismissed, "what is left out stays")

	p := w.admin(http.MethodPatch, "/api/v1/setup/state", `{"steps":{"no name":"done","a":"maybe"}}`).
		refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, map[string]string{"steps.no name": "invalid_format", "steps.a": "invalid_choice"}, p.fields())
}

type demoMade struct {
	ProviderID, UserID int64
	Group              string
	Key                struct {
		ID     int64
		Secret string
	}
}

func (w *world) startDemo() (d demoMade) {
	w.t.Helper()
	w.admin(http.MethodPost, "/api/v1/setup/demo", nil).into(w.t, http.StatusCreated, &d)
	return d
}

func TestDemoIsMadeOnRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.startDemo()
	c := w.catalog.Current()
	p, u := c.Provider(domain.ProviderID(d.ProviderID)), c.User(domain.UserID(d.UserID))
	require.True(t, p.IsDemo())
	require.Equal(t, []string{"demo"}, p.Groups)
	require.Zero(t, p.Routing.CostMultiplier)
	require.Equal(t, []string{"demo"}, u.Groups)
	require.Equal(t, "demo", d.Group)
	require.Equal(t, http.StatusOK, w.do(call{method: http.MethodGet, path: "/api/v1/auth/me", header: bearer(d.Key.Secret)}).status)
	s := w.setup()
	require.Equal(t, "ready", s.Demo)
	require.Equal(t, "healthy", *s.DemoMode)

	again := w.startDemo()
	require.Equal(t, []int64{d.ProviderID, d.UserID}, []int64{again.ProviderID, again.UserID}, "nothing is made twice")
	require.NotEqual(t, d.Key.Secret, again.Key.Secret)
	w.do(call{method: http.MethodGet, path: "/api/v1/auth/me", header: bearer(d.Key.Secret)}).refused(t, http.StatusUnauthorized, "auth.invalid")
}

func TestDemoLeavesOthersOfTheNameAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	person := w.person("demo", map[string]any{"groups": []string{"demo"}}, nil)
	d := w.startDemo()
	require.Equal(t, "demo-2", d.Group)
	require.NotEqual(t, person.userID, d.UserID)
	require.Equal(t, http.StatusNoContent, w.admin(http.MethodDelete, "/api/v1/setup/demo", nil).status)
	require.NotNil(t, w.catalog.Current().User(domain.UserID(person.userID)))
	require.NotNil(t, w.catalog.Current().Group("demo"))
	require.Nil(t, w.catalog.Current().Group("demo-2"))
}

func TestDemoIsMadeAnewWhereAPartIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.startDemo()
	_, err := w.store.Providers().Delete(t.Context(), domain.ProviderID(d.ProviderID), 0)
	require.NoError(t, err)
	require.NoError(t, w.catalog.Await(t.Context(), 0))
	w.admin(http.MethodPost, "/api/v1/setup/demo/traffic", `{"running":true}`).refused(t, http.StatusConflict, "resource.conflict")
	again := w.startDemo()
	require.NotEqual(t, d.ProviderID, again.ProviderID)
	require.Len(t, w.catalog.Current().Providers(), 1)
	users, err := w.store.Users().List(t.Context())
	require.NoError(t, err)
	require.Len(t, users, 1)
}

func TestDemoRemovalTakesItsRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.startDemo()
	mine, other := storetest.RequestLog(1), storetest.RequestLog(2)
	mine.UserID, mine.KeyID, other.UserID = domain.UserID(d.UserID), domain.KeyID(d.Key.ID), 900
	running := storetest.RequestLog(3)
	running.UserID = domain.UserID(d.UserID)
	logs := w.store.RequestLogs()
	require.NoError(t, logs.WriteBatch(t.Context(), domain.LogBatch{Started: []*domain.RequestLog{storetest.Opened(running)}, Finished: []domain.FinishedLog{storetest.Finished(mine), storetest.Finished(other)}}))
	w.demo.SetMode("hang")

	p := w.admin(http.MethodDelete, "/api/v1/setup/demo", nil).refused(t, http.StatusConflict, "resource.conflict")
	require.Contains(t, p.Detail, "still running")
	require.Equal(t, "healthy", w.demo.Mode())
	require.NoError(t, logs.WriteBatch(t.Context(), domain.LogBatch{Finished: []domain.FinishedLog{storetest.Finished(running)}}))
	require.Equal(t, http.StatusNoContent, w.admin(http.MethodDelete, "/api/v1/setup/demo", nil).status)

	left, err := logs.List(t.Context(), domain.LogFilter{})
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.Equal(t, other.ID, left[0].ID)
	require.Empty(t, w.catalog.Current().Providers())
	s := w.setup()
	require.Equal(t, "off", s.Demo)
	require.Nil(t, s.DemoMode)
	require.Equal(t, http.StatusNoContent, w.admin(http.MethodDelete, "/api/v1/setup/demo", nil).status, "again is fine")
}

func TestDemoBehaviourAndTraffic(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.admin(http.MethodPut, "/api/v1/setup/demo/behaviour", `{"mode":"500"}`).refused(t, http.StatusConflict, "resource.conflict")
	d := w.startDemo()
	var s setupState
	for asked, mode := range map[string]string{"hang": "hang", "rate_limited": "429", "errors": "500", "cut_stream": "cut"} {
		w.admin(http.MethodPut, "/api/v1/setup/demo/behaviour", map[string]string{"mode": asked}).into(t, http.StatusOK, &s)
		require.Equal(t, mode, *s.DemoMode)
		require.Equal(t, mode, w.demo.Mode())
	}
	w.admin(http.MethodPut, "/api/v1/setup/demo/behaviour", `{"mode":"odd"}`).refused(t, http.StatusBadRequest, "request.validation_failed")

	w.admin(http.MethodPost, "/api/v1/setup/demo/traffic", `{"running":true}`).into(t, http.StatusOK, &s)
	require.Equal(t, "running", s.Demo)
	require.Equal(t, http.StatusOK, w.do(call{method: http.MethodGet, path: "/api/v1/auth/me", header: bearer(w.demo.key.Reveal())}).status)
	require.NotEqual(t, d.Key.Secret, w.demo.key.Reveal())
	w.admin(http.MethodPost, "/api/v1/setup/demo/traffic", `{"running":true}`).into(t, http.StatusOK, &s)
	require.Equal(t, 2, s.Keys, "traffic has one key")
	w.admin(http.MethodPost, "/api/v1/setup/demo/traffic", `{"running":false}`).into(t, http.StatusOK, &s)
	require.Equal(t, "ready", s.Demo)
}

func TestDemoThatIsSwitchedOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *adminapi.Options) { o.Demo = nil })
	for _, c := range []call{
		{method: http.MethodPost, path: ""},
		{method: http.MethodPut, path: "/behaviour", body: `{"mode":"500"}`},
		{method: http.MethodPost, path: "/traffic", body: `{"running":true}`},
		{method: http.MethodDelete, path: ""},
	} {
		w.admin(c.method, "/api/v1/setup/demo"+c.path, c.body).refused(t, http.StatusNotFound, "resource.not_found")
	}
	require.False(t, w.setup().DemoAvailable)
}
