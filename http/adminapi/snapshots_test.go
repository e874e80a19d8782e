package adminapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/http/adminapi"
	"github.com/claude-code-hub/cch/internal/domain"
)

// fakeSnapshots has one, and notes who is watched.
type fakeSnapshots struct {
	shot    *domain.DebugSnapshot
	watched []string
}

func (f *fakeSnapshots) Watch(session string) time.Time {
	f.watched = append(f.watched, session)
	return time.Unix(2000, 0)
}

func (f *fakeSnapshots) Get(_ string, seq int64) (*domain.DebugSnapshot, []int64) {
	if seq != 0 && seq != f.shot.Seq {
		return nil, []int64{f.shot.Seq}
	}
	return f.shot, []int64{f.shot.Seq}
}

func TestSnapshots(t *testing.T) {
	t.Parallel()
	fake := &fakeSnapshots{shot: &domain.DebugSnapshot{
		RequestID: 5, Seq: 4, At: time.Unix(1000, 0), Provider: 9, Attempt: 2,
		Client: domain.DebugExchange{
			Request:  domain.DebugMessage{Method: "POST", URL: "/v1/messages", Headers: map[string]string{"A": "b"}, Body: "{}"},
			Response: domain.DebugMessage{Status: 200, Body: "{}", Truncated: true},
		},
		Upstream: domain.DebugExchange{Request: domain.DebugMessage{Method: "POST", URL: "https://up.example/v1/messages"}},
	}}
	w := newWorld(t, func(o *adminapi.Options) { o.Snapshots = fake })
	ann := w.person("ann", nil, nil)
	bob := w.person("bob", nil, nil)
	w.request(ann, nil)
	hash := domain.SessionKey{KeyID: domain.KeyID(ann.keyID), ID: "ses-1"}.Hash()
	path := "/api/v1/sessions/" + hash + "/snapshots"

	a := w.admin(http.MethodGet, path, nil)
	require.Equal(t, http.StatusOK, a.status, a.text)
	require.Equal(t, []string{hash}, fake.watched)
	require.Equal(t, int64(4), gjson.Get(a.text, "seq").Int())
	require.Equal(t, "b", gjson.Get(a.text, "client.request.headers.A").Str)
	require.True(t, gjson.Get(a.text, "client.response.truncated").Bool())
	require.Equal(t, "https://up.example/v1/messages", gjson.Get(a.text, "upstream.request.url").Str)
	require.Equal(t, "null", gjson.Get(a.text, "upstream.response").Raw)
	require.Equal(t, "[4]", gjson.Get(a.text, "available").Raw)
	require.NotEmpty(t, gjson.Get(a.text, "watchedUntil").Str)

	a = w.do(call{method: http.MethodGet, path: path, header: bearer(ann.secret)})
	require.Equal(t, http.StatusOK, a.status, a.text)
	require.Equal(t, "null", gjson.Get(a.text, "upstream").Raw, "where providers are is not for users")
	require.NotContains(t, a.text, "up.example")
	w.do(call{method: http.MethodGet, path: path, header: bearer(bob.secret)}).refused(t, http.StatusNotFound, "resource.not_found")

	a = w.admin(http.MethodGet, path+"?seq=7", nil)
	require.Equal(t, "none_yet", gjson.Get(a.text, "reason").Str)
	require.Equal(t, http.StatusOK, w.admin(http.MethodPatch, "/api/v1/settings", `{"highConcurrencyMode":true}`).status)
	a = w.admin(http.MethodGet, path, nil)
	require.Equal(t, "high_concurrency_mode", gjson.Get(a.text, "reason").Str, a.text)
	require.Equal(t, "null", gjson.Get(a.text, "client").Raw)
}
