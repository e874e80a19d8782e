package adminapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/domain"
)

func TestLogsAreCleanedUpAsAJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.person("ann", nil, nil)
	w.request(ann, nil)
	w.request(ann, func(l *domain.RequestLog) {
		l.Result = domain.ResultRecord{StatusCode: 500, Outcome: domain.OutcomeFailure}
	})
	clean := func(body string) gjson.Result {
		t.Helper()
		a := w.admin(http.MethodPost, "/api/v1/usage-logs/cleanup", body)
		require.Equal(t, http.StatusAccepted, a.status, a.text)
		id := gjson.Get(a.text, "jobId").String()
		require.Eventually(t, func() bool { return w.read("/jobs/"+id).Get("state").String() == "done" }, 10*time.Second, time.Millisecond)
		return w.read("/jobs/" + id).Get("result")
	}
	w.admin(http.MethodPost, "/api/v1/usage-logs/cleanup", `{}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	w.admin(http.MethodPost, "/api/v1/usage-logs/cleanup", `{"dryRun":true}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	require.JSONEq(t, `{"matched":1,"deleted":0,"dryRun":true}`, clean(`{"statusRange":"5xx","dryRun":true}`).Raw)
	require.Len(t, w.read("/usage-logs").Get("items").Array(), 2)
	require.JSONEq(t, `{"matched":1,"deleted":1,"dryRun":false}`, clean(`{"statusRange":"5xx"}`).Raw)
	items := w.read("/usage-logs").Get("items").Array()
	require.Len(t, items, 1)
	require.EqualValues(t, 200, items[0].Get("statusCode").Int())
	require.JSONEq(t, `{"matched":0,"deleted":0,"dryRun":false}`, clean(`{"onlyBlocked":true}`).Raw)
}
