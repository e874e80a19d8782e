package adminapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/pricing"
)

type priceItem struct {
	Name, Source, Vendor string
	PriceID              int64
	ValidFrom            string
	Entry                json.RawMessage
}

const acmePrice = `{"vendor":"acme","mode":"chat","rates":{"input":"3","output":15.5},"tiers":[{"above_input_tokens":200000,"rates":{"input":"6"}}],"fees":{"request":"0.001"}}`

func TestAPriceIsSetReplacedAndEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/api/v1/model-prices/acme-1"
	w.admin(http.MethodGet, path, nil).refused(t, http.StatusNotFound, "resource.not_found")

	var put, got priceItem
	w.admin(http.MethodPut, path, acmePrice).into(t, http.StatusOK, &put)
	require.Equal(t, "manual", put.Source)
	require.Equal(t, "acme", put.Vendor)
	require.NotEmpty(t, put.ValidFrom)
	w.admin(http.MethodGet, path, nil).into(t, http.StatusOK, &got)
	require.Equal(t, put, got, "it is in force before the answer")
	price := w.prices.For(w.catalog.Current()).Resolve(pricing.Lookup{Requested: "acme-1"})
	require.Equal(t, put.PriceID, price.Row.ID)
	require.Equal(t, "15.5", price.Rate(pricing.Output).String())

	var again priceItem
	w.admin(http.MethodPut, path, string(got.Entry)).into(t, http.StatusOK, &again)
	require.JSONEq(t, string(got.Entry), string(again.Entry), "what is read can be put back")
	require.Greater(t, again.PriceID, put.PriceID, "a price is a new row")

	require.Equal(t, http.StatusNoContent, w.admin(http.MethodDelete, path, nil).status)
	w.admin(http.MethodGet, path, nil).refused(t, http.StatusNotFound, "resource.not_found")
	w.admin(http.MethodDelete, path, nil).refused(t, http.StatusNotFound, "resource.not_found")
}

func TestABuiltInPriceIsOverruledAndComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/api/v1/model-prices/claude-haiku-4-5"
	var item priceItem
	w.admin(http.MethodGet, path, nil).into(t, http.StatusOK, &item)
	require.Equal(t, "seed", item.Source)
	require.Zero(t, item.PriceID)
	w.admin(http.MethodDelete, path, nil).refused(t, http.StatusNotFound, "resource.not_found")
	w.admin(http.MethodPut, path, acmePrice).into(t, http.StatusOK, &item)
	w.admin(http.MethodGet, path, nil).into(t, http.StatusOK, &item)
	require.Equal(t, "manual", item.Source)
	require.Equal(t, http.StatusNoContent, w.admin(http.MethodDelete, path, nil).status)
	w.admin(http.MethodGet, path, nil).into(t, http.StatusOK, &item)
	require.Equal(t, "seed", item.Source)
}

func TestNamesOfModelsHoldAnything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for escaped, name := range map[string]string{
		"acme%2Ffast%20one": "acme/fast one", "a%252Fb": "a%2Fb", "gpt-5:online": "gpt-5:online",
	} {
		var item priceItem
		w.admin(http.MethodPut, "/api/v1/model-prices/"+escaped, acmePrice).into(t, http.StatusOK, &item)
		require.Equal(t, name, item.Name)
		w.admin(http.MethodGet, "/api/v1/model-prices/"+escaped, nil).into(t, http.StatusOK, &item)
		require.Equal(t, http.StatusNoContent, w.admin(http.MethodDelete, "/api/v1/model-prices/"+escaped, nil).status)
	}
}

func TestPricesThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for why, entry := range map[string]string{
		"no rate at all":         `{"vendor":"acme"}`,
		"below zero":             `{"rates":{"input":"-3"}}`,
		"no number":              `{"rates":{"input":"cheap"}}`,
		"not a known rate":       `{"rates":{"inputs":"3"}}`,
		"two equal tiers":        `{"rates":{"input":"3"},"tiers":[{"above_input_tokens":1,"rates":{}},{"above_input_tokens":1,"rates":{}}]}`,
		"not an object":          `["rates"]`,
		"not a class of service": `{"rates":{"input":"3"},"service_tiers":{"gold":{"rates":{"input":"1"}}}}`,
	} {
		a := w.admin(http.MethodPut, "/api/v1/model-prices/acme-1", entry)
		require.Equal(t, http.StatusBadRequest, a.status, "%s: %s", why, a.text)
	}
	p := w.admin(http.MethodPut, "/api/v1/model-prices/acme-1", `{"rates":{"input":"-3"}}`).
		refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Contains(t, p.InvalidParams[0].Message, "input")
	w.admin(http.MethodGet, "/api/v1/model-prices/acme-1", nil).refused(t, http.StatusNotFound, "resource.not_found")
	ann := w.person("ann", nil, nil)
	require.Equal(t, http.StatusForbidden, w.as(ann, "/api/v1/model-prices").status)
}

func TestPriceList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var item priceItem
	w.admin(http.MethodPut, "/api/v1/model-prices/acme-1", acmePrice).into(t, http.StatusOK, &item)
	read := func(query string) (names []string, total int) {
		var page struct {
			Items    []priceItem
			Total    int
			SeedDate string
		}
		w.admin(http.MethodGet, "/api/v1/model-prices?"+query, nil).into(t, http.StatusOK, &page)
		require.Equal(t, w.prices.SeedDate(), page.SeedDate)
		for _, it := range page.Items {
			names = append(names, it.Name)
		}
		return names, page.Total
	}
	first, total := read("")
	require.Len(t, first, 50)
	require.Equal(t, "acme-1", first[0], "the newest first")
	dear, _ := read("sort=input&order=desc&vendor=anthropic&pageSize=1")
	cheap, _ := read("sort=input&vendor=anthropic&pageSize=1")
	require.NotEqual(t, dear, cheap)
	require.Greater(t, total, 170)
	var all []string
	for page := 1; len(all) < total; page++ {
		names, _ := read(fmt.Sprintf("sort=name&pageSize=60&page=%d", page))
		require.NotEmpty(t, names)
		all = append(all, names...)
	}
	require.Len(t, all, total)
	require.True(t, slices.IsSortedFunc(all, func(a, b string) int {
		return strings.Compare(strings.ToLower(a), strings.ToLower(b))
	}), "by name, whatever the case")
	slices.Sort(all)
	require.Len(t, slices.Compact(all), total, "every model once")
	require.Zero(t, slices.Index(first, "acme-1"))
	beyond, _ := read("page=99999")
	require.Empty(t, beyond)

	for query, want := range map[string]int{"source=manual": 1, "vendor=acme": 1, "q=ACME": 1, "q=no-such-model": 0, "vendor=acme&source=seed": 0} {
		_, n := read(query)
		require.Equal(t, want, n, query)
	}
	unused, _ := read("inUse=true")
	require.Empty(t, unused)
	haiku, _ := read("q=haiku-4&vendor=anthropic&source=seed&mode=chat")
	require.Contains(t, haiku, "claude-haiku-4-5")
	require.Equal(t, http.StatusBadRequest, w.admin(http.MethodGet, "/api/v1/model-prices?pageSize=201", nil).status)
}

// A price can be set for later and for a time; it comes into force and ends
// without anybody doing anything.
func TestAPriceIsSetForATimeToCome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/api/v1/model-prices/acme-1"
	at := func(d time.Duration) string { return w.clock().Add(d).UTC().Format(time.RFC3339) }
	require.Equal(t, http.StatusOK, w.admin(http.MethodPut, path, acmePrice).status)
	dearer := `{"vendor":"acme","mode":"chat","rates":{"input":"4"}}`
	w.admin(http.MethodPut, path+"?validTo="+at(-time.Hour), dearer).refused(t, http.StatusBadRequest, "request.validation_failed")
	w.admin(http.MethodPut, path+"?validFrom="+at(2*time.Hour)+"&validTo="+at(time.Hour), dearer).refused(t, http.StatusBadRequest, "request.validation_failed")

	from, to := at(time.Hour), at(2*time.Hour)
	a := w.admin(http.MethodPut, path+"?validFrom="+from+"&validTo="+to, dearer)
	require.Equal(t, http.StatusOK, a.status, a.text)
	input := func() string { return w.read("/model-prices/acme-1").Get("rates.input").String() }
	require.Equal(t, "3", input())
	require.Equal(t, from, w.read("/model-prices/acme-1").Get("validTo").String())
	rows := w.read("/model-prices/acme-1/history").Get("items")
	require.Equal(t, from, rows.Get("0.validFrom").String())
	require.Equal(t, to, rows.Get("0.validTo").String())
	w.advance(time.Hour)
	require.Equal(t, "4", input())
	w.advance(time.Hour)
	w.admin(http.MethodGet, path, nil).refused(t, http.StatusNotFound, "resource.not_found")
}
