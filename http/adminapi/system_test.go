package adminapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/http/adminapi"
	"github.com/claude-code-hub/cch/internal/domain"
)

// finished waits for a job that was asked for and returns it.
func (w *world) finished(a answer) gjson.Result {
	w.t.Helper()
	require.Equal(w.t, http.StatusAccepted, a.status, a.text)
	path := "/jobs/" + gjson.Get(a.text, "jobId").String()
	require.Eventually(w.t, func() bool { return w.read(path).Get("state").String() != "running" }, 20*time.Second, time.Millisecond)
	return w.read(path)
}

func TestABackupIsMadeDownloadedAndThrownAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person("ann", nil, nil)
	for _, mode := range []string{"full", "no_logs", "ledger", "config"} {
		job := w.finished(w.admin(http.MethodPost, "/api/v1/backup", `{"mode":"`+mode+`"}`))
		require.Equal(t, "done", job.Get("state").String(), job.Raw)
		require.Equal(t, mode, job.Get("result.mode").String())
		require.Equal(t, job.Get("total").Int(), job.Get("done").Int(), "progress comes to its end")
		require.Equal(t, job.Get("result.rows").Int(), job.Get("total").Int())
	}
	w.admin(http.MethodPost, "/api/v1/backup", `{"mode":"half"}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	status := w.read("/backup/status")
	require.Len(t, status.Get("archives").Array(), 4)
	require.Equal(t, "failed", status.Get("lastRestore.state").String())
	require.EqualValues(t, 2, status.Get("lastRestore.tables.0.added").Int())
	id := status.Get(`archives.#(mode=="config").id`).String()

	path := "/api/v1/backup/" + id
	got := w.admin(http.MethodGet, path+"/download", nil)
	require.Equal(t, http.StatusOK, got.status)
	require.True(t, strings.HasPrefix(got.text, "PK"))
	require.Equal(t, `attachment; filename="`+id+`.cchbackup"`, got.header.Get("Content-Disposition"))
	require.EqualValues(t, len(got.text), status.Get(`archives.#(mode=="config").bytes`).Int())
	tail := w.do(call{method: http.MethodGet, path: path + "/download", header: map[string]string{
		"Authorization": "Bearer " + adminToken, "Range": "bytes=10-",
	}})
	require.Equal(t, http.StatusPartialContent, tail.status, "a download goes on where it broke off")
	require.Equal(t, got.text[10:], tail.text)
	require.Equal(t, http.StatusNoContent, w.admin(http.MethodDelete, path, nil).status)
	for _, name := range []string{id, "..%2F..%2Fcch", "%2e%2e"} {
		w.admin(http.MethodGet, "/api/v1/backup/"+name+"/download", nil).refused(t, http.StatusNotFound, "resource.not_found")
		w.admin(http.MethodDelete, "/api/v1/backup/"+name, nil).refused(t, http.StatusNotFound, "resource.not_found")
	}
}

func TestAnUploadIsCheckedBeforeItIsPutBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person("ann", nil, nil)
	id := w.finished(w.admin(http.MethodPost, "/api/v1/backup", `{"mode":"config"}`)).Get("result.id").String()
	whole := w.admin(http.MethodGet, "/api/v1/backup/"+id+"/download", nil).text
	broken := []byte(whole)
	broken[len(broken)/2] ^= 1
	for name, body := range map[string]string{"nothing": "", "text": "no archive", "half": whole[:len(whole)/2], "changed": string(broken)} {
		p := w.admin(http.MethodPost, "/api/v1/backup/restore", body).refused(t, http.StatusBadRequest, "request.invalid")
		require.NotEmpty(t, p.Detail, name)
	}
	require.Len(t, w.read("/backup/status").Get("archives").Array(), 1, "what is no archive is not kept")
	w.admin(http.MethodPost, "/api/v1/backup/restore?archive=none", nil).refused(t, http.StatusNotFound, "resource.not_found")
	w.admin(http.MethodPost, "/api/v1/backup/restore?how=over", whole).refused(t, http.StatusBadRequest, "request.validation_failed")

	job := w.finished(w.admin(http.MethodPost, "/api/v1/backup/restore?dryRun=true", whole))
	require.Equal(t, "done", job.Get("state").String(), job.Raw)
	require.Equal(t, job.Get("result.archive.rows").Int(), job.Get("total").Int())
	require.False(t, job.Get("result.restarting").Bool())
	require.Empty(t, w.archives.toRestore())
	job = w.finished(w.admin(http.MethodPost, "/api/v1/backup/restore?how=merge&archive="+id, nil))
	require.True(t, job.Get("result.restarting").Bool(), job.Raw)
	require.Equal(t, []string{"merge " + id}, w.archives.toRestore())
}

func TestAConfigurationIsExportedAndImportedByWhoMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	boss := w.signIn(w.person("boss", map[string]any{"role": "admin"}, map[string]any{"canLoginWebUi": true}).secret)
	got := boss.get("/api/v1/config/export")
	require.Equal(t, http.StatusOK, got.status, got.text)
	require.Equal(t, "application/yaml", got.header.Get("Content-Type"))
	require.Contains(t, got.text, "siteTitle")
	require.Contains(t, got.header.Get("Content-Disposition"), "attachment")

	path := "/api/v1/config/import"
	dry := boss.do(http.MethodPost, path+"?dryRun=true", `{"name":"team"}`)
	require.JSONEq(t, `{"changes":["create group team"],"made":0,"dryRun":true}`, dry.text)
	made := boss.do(http.MethodPost, path, `{"name":"team"}`)
	require.JSONEq(t, `{"changes":["create group team"],"made":1,"dryRun":false}`, made.text, "cookie and CSRF token are the caller's")
	p := boss.do(http.MethodPost, path, `{"name":"team"}`).refused(t, http.StatusBadRequest, "request.invalid")
	require.Contains(t, p.Detail, "409")
	w.do(call{method: http.MethodPost, path: path, body: `{"name":"x"}`, header: map[string]string{"Cookie": boss.cookie}}).
		refused(t, http.StatusForbidden, "auth.csrf_invalid")
}

func TestWhatTheClockDoesIsShownAndDoneNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	items := w.read("/system/jobs").Get("items")
	require.EqualValues(t, 4, items.Get(`#(name=="request_logs").rowsLeft`).Int())
	require.Equal(t, "1970-01-01T00:01:00Z", items.Get(`#(name=="request_logs").lastRunAt`).String())
	require.NotContains(t, items.Raw, "sk-ant-REDACTED", "errors are redacted")
	require.Equal(t, gjson.Null, items.Get(`#(name=="price_sync").rowsLeft`).Type)
	require.Equal(t, http.StatusAccepted, w.admin(http.MethodPost, "/api/v1/system/jobs/request_logs/run", nil).status)
	require.Equal(t, []string{"request_logs"}, w.chores.asked)
	w.admin(http.MethodPost, "/api/v1/system/jobs/none/run", nil).refused(t, http.StatusNotFound, "resource.not_found")
}

func TestJobsAreListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Empty(t, w.read("/jobs").Get("items").Array())
	w.finished(w.admin(http.MethodPost, "/api/v1/backup", `{"mode":"config"}`))
	w.finished(w.admin(http.MethodPost, "/api/v1/usage-logs/cleanup", `{"statusRange":"5xx"}`))
	require.Equal(t, `["clean_up_logs","backup"]`, w.read("/jobs").Get("items.#.kind").Raw, "the newest first")
	require.Len(t, w.read("/jobs?kind=backup&state=done").Get("items").Array(), 1)
	require.Empty(t, w.read("/jobs?state=failed").Get("items").Array())
}

func TestTheStorageIsMeasured(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person("ann", nil, nil)
	w.health.Components["database"] = adminapi.ComponentHealth{Status: "up"}
	s := w.read("/system/storage")
	require.Equal(t, "sqlite3", s.Get("engine").String())
	require.Positive(t, s.Get("schema").Int())
	users := s.Get(`tables.#(name=="users")`)
	require.EqualValues(t, 1, users.Get("rows").Int(), s.Raw)
	require.True(t, users.Get("exact").Bool())
	require.Positive(t, users.Get("bytes").Int(), s.Raw)
	require.Greater(t, s.Get("bytes").Int(), users.Get("bytes").Int())
	require.True(t, s.Get(`tables.#(name=="request_logs")`).Exists(), "of both files")
	require.Equal(t, "up", s.Get("components.database.status").String())
}

func TestTheLogLevelIsSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, "info", w.read("/system/log-level").Get("level").String())
	require.JSONEq(t, `{"level":"debug"}`, w.admin(http.MethodPut, "/api/v1/system/log-level", `{"level":"debug"}`).text)
	w.admin(http.MethodPut, "/api/v1/system/log-level", `{"level":"loud"}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, "debug", w.read("/system/log-level").Get("level").String())
}

func TestAGeneratedAdminTokenIsReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/api/v1/system/admin-token/rotate"
	w.admin(http.MethodPost, path, nil).refused(t, http.StatusConflict, "resource.conflict")
	w = newWorld(t, func(o *adminapi.Options) {
		o.RotateToken = func() (domain.Secret, error) { return "another-token-of-the-hub", nil }
	})
	signedIn := w.signIn(adminToken)
	a := w.admin(http.MethodPost, path, nil)
	require.JSONEq(t, `{"token":"another-token-of-the-hub"}`, a.text)
	w.admin(http.MethodGet, "/api/v1/users", nil).refused(t, http.StatusUnauthorized, "auth.invalid")
	require.Equal(t, http.StatusUnauthorized, signedIn.get("/api/v1/auth/me").status, "its sessions end")
	require.Equal(t, http.StatusOK, w.do(call{method: http.MethodGet, path: "/api/v1/users", header: bearer("another-token-of-the-hub")}).status)
}

// An archive of gigabytes must not be read into memory.
func TestAnUploadIsNotReadIntoMemory(t *testing.T) { // alone: it measures the process
	w := newWorld(t)
	r := httptest.NewRequest(http.MethodPost, "http://hub.example/api/v1/backup/restore", &endless{left: 64 << 20})
	r.Header.Set("Authorization", "Bearer "+adminToken)
	rec := httptest.NewRecorder()
	before := heap()
	w.handler.ServeHTTP(rec, r)
	after := heap()
	require.Equal(t, http.StatusBadRequest, rec.Code, rec.Body.String())
	require.Less(t, after-before, uint64(32<<20), "bytes allocated for an upload of 64 MiB")
}
