package adminapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

func TestBillsAreWorkedOutAgainAsAJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/api/v1/model-prices/recompute"
	w.admin(http.MethodPost, path, `{"from":"2026-11-24T00:00:00Z","to":"2026-11-24T00:00:00Z"}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	a := w.admin(http.MethodPost, path, `{"from":"2026-11-01T00:00:00Z","models":["m"],"dryRun":true}`)
	require.Equal(t, http.StatusAccepted, a.status, a.text)
	id := gjson.Get(a.text, "jobId").String()
	require.Eventually(t, func() bool { return w.read("/jobs/"+id).Get("state").String() == "done" }, 10*time.Second, time.Millisecond)
	job := w.read("/jobs/" + id)
	require.Equal(t, "recompute_prices", job.Get("kind").String())
	require.EqualValues(t, 2, job.Get("total").Int())
	require.JSONEq(t, `{"rows":2,"adjusted":1,"unchanged":1,"unpriced":0,"skipped":0,"chargeUsd":1,"providerCostUsd":0,"dryRun":true}`, job.Get("result").Raw)
	require.Equal(t, http.StatusAccepted, w.admin(http.MethodDelete, "/api/v1/jobs/"+id, nil).status, "it has ended; nothing changes")
	w.admin(http.MethodGet, "/api/v1/jobs/job_x", nil).refused(t, http.StatusNotFound, "resource.not_found")
}

func TestPricesAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, http.StatusOK, w.admin(http.MethodPut, "/api/v1/model-prices/acme-1", acmePrice).status)
	w.post("/model-prices/sync", `{}`)
	c := w.read("/model-prices/catalog")
	sources := map[string]int64{}
	for _, s := range c.Get("sources").Array() {
		sources[s.Get("name").String()] = s.Get("models").Int()
	}
	require.EqualValues(t, 1, sources["manual"], c.Raw)
	require.EqualValues(t, 1, sources["cloud"])
	require.Equal(t, c.Get("models").Int(), sources["manual"]+sources["cloud"]+sources["seed"])
	require.Equal(t, "1", c.Get("cloud.version").String())
	require.Equal(t, "acme", c.Get(`vendors.#(name=="acme").name`).String())
}
