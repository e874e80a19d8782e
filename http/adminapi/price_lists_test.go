package adminapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/pricelist/pricelisttest"
)

func (w *world) read(path string) gjson.Result {
	w.t.Helper()
	a := w.admin(http.MethodGet, "/api/v1"+path, nil)
	require.Equal(w.t, http.StatusOK, a.status, a.text)
	return gjson.Parse(a.text)
}

func (w *world) post(path string, body any) gjson.Result {
	w.t.Helper()
	a := w.admin(http.MethodPost, "/api/v1"+path, body)
	require.Equal(w.t, http.StatusOK, a.status, a.text)
	return gjson.Parse(a.text)
}

func TestTheCloudListIsTakenOverOnDemand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.read("/model-prices/status")
	require.Equal(t, w.cloud.URL+"/models.json", before.Get("url").String())
	require.Equal(t, gjson.Null, before.Get("syncedAt").Type)
	require.Positive(t, before.Get("seedInForce").Int())

	require.EqualValues(t, 1, w.post("/model-prices/sync", `{"dryRun":true}`).Get("added").Int())
	require.Equal(t, http.StatusNotFound, w.admin(http.MethodGet, "/api/v1/model-prices/cloudy-1", nil).status)
	require.EqualValues(t, 1, w.post("/model-prices/sync", nil).Get("added").Int())
	price := w.read("/model-prices/cloudy-1")
	require.Equal(t, "cloud", price.Get("source").String())
	require.Equal(t, "3", price.Get("rates.input").String())
	require.Equal(t, "acme", price.Get("node").String())
	after := w.read("/model-prices/status")
	require.Equal(t, "1", after.Get("version").String())
	require.EqualValues(t, 1, after.Get("last.added").Int())

	w.cloud.Handle(http.NotFound)
	a := w.admin(http.MethodPost, "/api/v1/model-prices/sync", nil)
	require.Equal(t, http.StatusServiceUnavailable, a.status)
	require.Contains(t, a.text, "answered 404")
	require.Contains(t, w.read("/model-prices/status").Get("error").String(), "answered 404")
}

func TestConflictsStandSideBySide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, http.StatusOK, w.admin(http.MethodPut, "/api/v1/model-prices/cloudy-1", acmePrice).status)
	require.EqualValues(t, 1, w.post("/model-prices/sync", nil).Get("conflictCount").Int())
	c := w.read("/model-prices/conflicts")
	require.EqualValues(t, 1, c.Get("total").Int())
	require.Equal(t, "15.5", c.Get("items.0.manual.rates.output").String())
	require.Equal(t, "5", c.Get("items.0.offered.nodes.acme.rates.output").String())
	w.post("/model-prices/sync", `{"overwrite":["cloudy-1"]}`)
	require.Zero(t, w.read("/model-prices/conflicts").Get("total").Int())
	require.Equal(t, "cloud", w.read("/model-prices/cloudy-1").Get("source").String())
}

func TestAListIsUploaded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := pricelisttest.CPT("7", map[string]string{"acme-1": "3"})
	r := w.post("/model-prices/import?dryRun=true", list)
	require.Equal(t, "cchp.pricing-table/v1", r.Get("format").String())
	require.EqualValues(t, 1, r.Get("added").Int())
	require.Equal(t, http.StatusNotFound, w.admin(http.MethodGet, "/api/v1/model-prices/acme-1", nil).status)
	w.post("/model-prices/import", list)
	require.Equal(t, "manual", w.read("/model-prices/acme-1").Get("source").String())

	require.Equal(t, http.StatusOK, w.admin(http.MethodPut, "/api/v1/model-prices/acme-1", acmePrice).status)
	w.advance(time.Millisecond) // prices that are set at once follow each other by one
	require.EqualValues(t, 1, w.post("/model-prices/import", list).Get("conflictCount").Int())
	require.EqualValues(t, 1, w.post("/model-prices/import?overwrite=acme-1", list).Get("updated").Int())

	a := w.admin(http.MethodPost, "/api/v1/model-prices/import", "this is = no list [")
	require.Equal(t, http.StatusBadRequest, a.status)
	require.Contains(t, a.text, "not a price list")
	large := w.admin(http.MethodPost, "/api/v1/model-prices/import", "{"+strings.Repeat(" ", 17<<20)+"}")
	require.Equal(t, http.StatusRequestEntityTooLarge, large.status)
}

// What is exported can be uploaded elsewhere.
func TestExportAndUpload(t *testing.T) {
	t.Parallel()
	w, other := newWorld(t), newWorld(t)
	require.Equal(t, http.StatusOK, w.admin(http.MethodPut, "/api/v1/model-prices/acme-1", acmePrice).status)
	a := w.admin(http.MethodGet, "/api/v1/model-prices/export?source=manual", nil)
	require.Equal(t, http.StatusOK, a.status)
	require.Contains(t, a.header.Get("Content-Disposition"), "prices.json")
	require.EqualValues(t, 1, other.post("/model-prices/import", a.text).Get("added").Int())
	require.JSONEq(t, w.read("/model-prices/acme-1").Get("entry").Raw, other.read("/model-prices/acme-1").Get("entry").Raw)
	all := w.admin(http.MethodGet, "/api/v1/model-prices/export", nil)
	require.Greater(t, gjson.Get(all.text, "models.#").Int(), int64(170))
}

func TestHeldChangesAreDecided(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := map[string]string{"a-1": "1", "a-2": "1", "a-3": "1"}
	w.cloud.List(`"1"`, pricelisttest.CPT("1", list))
	w.post("/model-prices/sync", nil)
	delete(list, "a-1")
	delete(list, "a-2")
	w.cloud.List(`"2"`, pricelisttest.CPT("2", list))
	require.EqualValues(t, 2, w.post("/model-prices/sync", nil).Get("held").Int())
	held := w.read("/model-prices/held").Get("items")
	require.Equal(t, `["a-1","a-2"]`, held.Get("#.name").Raw)
	require.Equal(t, gjson.Null, held.Get("0.offered").Type)
	require.Equal(t, "cloud", held.Get("0.inForceSource").String())
	require.Contains(t, held.Get("0.reason").String(), "2 of 3 models vanish")
	require.EqualValues(t, 2, w.read("/model-prices/status").Get("held").Int())
	require.EqualValues(t, 1, w.post("/model-prices/held", `{"models":["a-1"],"approve":true}`).Get("decided").Int())
	require.EqualValues(t, 1, w.post("/model-prices/held", `{"models":["*"],"approve":false}`).Get("decided").Int())
	require.Equal(t, http.StatusNotFound, w.admin(http.MethodGet, "/api/v1/model-prices/a-1", nil).status)
	w.read("/model-prices/a-2")
	w.admin(http.MethodPost, "/api/v1/model-prices/held", `{"models":["a-2"],"approve":true}`).refused(t, http.StatusNotFound, "resource.not_found")
}

func TestAPriceIsPinned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post("/model-prices/sync", nil)
	w.admin(http.MethodPost, "/api/v1/model-prices/cloudy-1/pin", `{"node":"elsewhere"}`).
		refused(t, http.StatusBadRequest, "request.validation_failed")
	pinned := w.post("/model-prices/cloudy-1/pin", `{"node":"acme"}`)
	require.Equal(t, "manual", pinned.Get("source").String())
	require.Equal(t, "3", pinned.Get("entry.rates.input").String())
	require.False(t, pinned.Get("entry.nodes").Exists())
	w.cloud.List(`"2"`, pricelisttest.CPT("2", map[string]string{"cloudy-1": "4"}))
	w.post("/model-prices/sync", nil)
	require.Equal(t, "3", w.read("/model-prices/cloudy-1").Get("rates.input").String(), "no sync changes it")
	history := w.read("/model-prices/cloudy-1/history").Get("items")
	require.EqualValues(t, 3, history.Get("#").Int())
	require.Equal(t, gjson.Null, history.Get("0.validTo").Type)
}

func TestAliases(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/api/v1/model-aliases/house%2Fbest"
	w.admin(http.MethodPut, path, `{"model":"no-such"}`).refused(t, http.StatusBadRequest, "request.validation_failed")
	w.admin(http.MethodPut, "/api/v1/model-aliases/claude-haiku-4-5", `{"model":"claude-opus-4-6"}`).
		refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, http.StatusOK, w.admin(http.MethodPut, path, `{"model":"claude-opus-4-6"}`).status)
	require.Equal(t, `["house/best"]`, w.read("/model-aliases").Get("items.#.alias").Raw)
	quote := w.post("/model-prices/quote", `{"model":"house/best","usage":{"input_tokens":1000}}`)
	require.Equal(t, "claude-opus-4-6", quote.Get("cost.model").String())
	require.Equal(t, http.StatusNoContent, w.admin(http.MethodDelete, path, nil).status)
	w.admin(http.MethodDelete, path, nil).refused(t, http.StatusNotFound, "resource.not_found")
}

func TestTheCalculatorReadsUsageOfAnyProtocol(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, tc := range map[string]struct {
		model, usage, format string
		usd                  float64
	}{
		"claude":                {"claude-opus-4-6", `{"input_tokens":1000,"cache_read_input_tokens":10000,"output_tokens":1000,"speed":"fast"}`, "claude", 0.21},
		"claude, whole":         {"claude-sonnet-4-6", `{"type":"message","content":[],"usage":{"input_tokens":1000,"output_tokens":500}}`, "claude", 0.0105},
		"chat":                  {"gpt-5.3-codex", `{"prompt_tokens":32000,"prompt_tokens_details":{"cached_tokens":24000},"completion_tokens":3000}`, "chat", 0.0602},
		"responses":             {"gpt-5.3-codex", `{"input_tokens":32000,"input_tokens_details":{"cached_tokens":24000},"output_tokens":3000}`, "responses", 0.0602},
		"responses, whole":      {"gpt-5.3-codex", `{"object":"response","status":"completed","service_tier":"priority","output":[],"usage":{"input_tokens":32000,"input_tokens_details":{"cached_tokens":24000},"output_tokens":3000}}`, "responses", 0.1204},
		"gemini":                {"gemini-2.5-pro", `{"promptTokenCount":120000,"cachedContentTokenCount":100000,"candidatesTokenCount":1500,"thoughtsTokenCount":1000}`, "gemini", 0.0625},
		"gemini in an envelope": {"gemini-2.5-pro", `{"response":{"usageMetadata":{"promptTokenCount":120000,"cachedContentTokenCount":100000,"candidatesTokenCount":1500,"thoughtsTokenCount":1000}}}`, "gemini", 0.0625},
		"an event of a stream":  {"gpt-5.3-codex", `{"type":"response.completed","response":{"usage":{"input_tokens":32000,"input_tokens_details":{"cached_tokens":24000},"output_tokens":3000}}}`, "responses", 0.0602},
	} {
		got := w.post("/model-prices/quote", map[string]any{"model": tc.model, "usage": json.RawMessage(tc.usage)})
		require.Equal(t, tc.format, got.Get("format").String(), name)
		require.InDelta(t, tc.usd, got.Get("cost.chargeUsd").Float(), 1e-12, name)
		require.Equal(t, "billed", got.Get("cost.state").String(), name)
	}
	require.Equal(t, "unpriced", w.post("/model-prices/quote", `{"model":"stranger","usage":{"input_tokens":1}}`).Get("cost.state").String())
	for _, body := range []string{`{"model":"x","usage":{}}`, `{"model":"x","usage":"12 tokens"}`, `{"model":"x","usage":{"input_tokens":1},"providerId":99}`} {
		w.admin(http.MethodPost, "/api/v1/model-prices/quote", body).refused(t, http.StatusBadRequest, "request.validation_failed")
	}
}
