package pricelist_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/outbound"
	"github.com/claude-code-hub/cch/internal/pricelist"
	"github.com/claude-code-hub/cch/internal/pricelist/pricelisttest"
	"github.com/claude-code-hub/cch/internal/pricing"
)

const tomlList = `
[metadata]
version = "2026-11-01"
total_models = 2

[models."acme-1"]
input_cost_per_token = 9e-06
litellm_provider = "acme"
mode = "chat"

[models."acme-1".pricing."acme"]
input_cost_per_token = 3e-06
output_cost_per_token = 1.5000000000000002e-05
input_cost_per_token_above_200k_tokens = 6e-06

[models."nobody-sells-it"]
input_cost_per_token = 9e-06
`

func TestEveryFormatIsToldByItsContent(t *testing.T) {
	t.Parallel()
	for want, text := range map[pricing.Format]string{
		pricing.FormatOwn:        `{"schema":"ai-price-table/v1","models":[{"id":"acme-1","rates":{"input":"3","output":"15"}}]}`,
		pricing.FormatCPT:        pricelisttest.CPT("1", map[string]string{"acme-1": "3"}),
		pricing.FormatLiteLLM:    `{"sample_spec":{},"acme-1":{"input_cost_per_token":3e-06,"output_cost_per_token":1.5e-05,"litellm_provider":"acme"}}`,
		pricing.FormatPricesBase: tomlList,
	} {
		list, format, err := pricelist.Read([]byte("\n" + text))
		require.NoError(t, err, want)
		require.Equal(t, want, format)
		require.Len(t, list.File.Models, 1)
		table := pricing.NewTable(list.File.Rows(pricing.SourceCloud), nil, list.File.Rows(pricing.SourceCloud)[0].ValidFrom)
		require.Equal(t, "3", table.Resolve(pricing.Lookup{Requested: "acme-1"}).Rate(pricing.Input).String(), want)
	}
	list, _, err := pricelist.Read([]byte(tomlList))
	require.NoError(t, err)
	require.Equal(t, "2026-11-01", list.File.Version)
	require.Equal(t, []string{"nobody-sells-it"}, list.Skipped, "the top level of this format is no price")
	require.Equal(t, "15", list.File.Models[0].Nodes["acme"].Rates[pricing.Output].Decimal.String())
	require.EqualValues(t, 200_000, list.File.Models[0].Nodes["acme"].Tiers[0].AboveInputTokens)
}

func TestWhatIsNoListIsRefused(t *testing.T) {
	t.Parallel()
	for why, text := range map[string]string{
		"nothing":          " \n",
		"a page":           "<html><body>moved</body></html>",
		"broken JSON":      `{"schema":"ai-price-table/v1"`,
		"an unknown kind":  `{"schema":"prices/v9"}`,
		"no models":        `{"schema":"cchp.pricing-table/v1","models":[]}`,
		"nothing priced":   `{"acme-1":{"mode":"chat"}}`,
		"another currency": `{"schema":"cchp.pricing-table/v1","currency":"CNY","models":[]}`,
		"a list":           `["acme-1"]`,
		"broken TOML":      "[models\n",
		"deep arrays":      "[models]\na = " + strings.Repeat("[", 1_000_000) + strings.Repeat("]", 1_000_000),
		"deep tables":      "[models]\na = " + strings.Repeat("{a=", 1_000_000) + "1" + strings.Repeat("}", 1_000_000),
		"a long name":      "[models]\n" + strings.Repeat("a.", 1_000_000) + "a = 1",
		"a long heading":   "[models." + strings.Repeat("'a' . ", 1_000_000) + "a]\nb = 1",
		"deep JSON":        strings.Repeat(`{"models":`, 1_000_000) + "1" + strings.Repeat("}", 1_000_000),
	} {
		_, _, err := pricelist.Read([]byte(text))
		require.ErrorIs(t, err, pricing.ErrFormat, why)
	}
}

// What looks like nesting inside a string or a remark is none; what follows it is.
func TestNestingIsToldFromText(t *testing.T) {
	t.Parallel()
	brackets, dots, tower := strings.Repeat("[{", 40), strings.Repeat(".", 40), strings.Repeat("[", 1_000_000)
	for name, text := range map[string]string{
		"short":            `"` + brackets + dots + `\""`,
		"literal":          `'` + brackets + dots + `\'`,
		"long":             `"""` + brackets + "\n\"\" \\\"\"\"" + dots + `"""""`,
		"long literal":     `'''` + brackets + "\n'' \\" + dots + `''''`,
		"nothing":          `""`,
		"a remark":         `1 # ' " ` + brackets + dots,
		"numbers in a row": `[` + strings.Repeat("1.5, ", 100) + `1.5]`,
	} {
		list := tomlList + "\n[models.x]\nnote = " + text + "\n"
		read, _, err := pricelist.Read([]byte(list))
		require.NoError(t, err, name)
		require.Len(t, read.File.Models, 1, name)
		_, _, err = pricelist.Read([]byte(list + "deep = " + tower))
		require.ErrorIs(t, err, pricing.ErrFormat, name)
	}
}

func TestDownloads(t *testing.T) {
	t.Parallel()
	elsewhere := pricelisttest.New(t)
	elsewhere.List(`"2"`, "secret")
	for name, tc := range map[string]struct {
		serve http.HandlerFunc
		etag  string
		want  string // part of the error
	}{
		"an error":           {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }, "", "answered 418"},
		"nothing":            {func(http.ResponseWriter, *http.Request) {}, "", "empty"},
		"not modified":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) }, "", "another host (304)"},
		"another host":       {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) }, "", "another host (302)"},
		"a cut connection":   {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "", "fetch the price list"},
		"a list cut short":   {cutShort, "", "read the price list"},
		"a list without end": {endless, "", "larger than 32 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := pricelisttest.New(t)
			s.Handle(tc.serve)
			_, err := s.Source(t).Fetch(t.Context(), tc.etag)
			require.ErrorContains(t, err, tc.want)
		})
	}
	calls, _ := elsewhere.Calls()
	require.Zero(t, calls)
}

func cutShort(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = w.Write([]byte("half"))
}

func endless(w http.ResponseWriter, r *http.Request) {
	chunk := []byte(strings.Repeat("x", 1<<20))
	for r.Context().Err() == nil {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

func TestATagSparesTheDownload(t *testing.T) {
	t.Parallel()
	s := pricelisttest.New(t)
	s.List(`"1"`, "list")
	first, err := s.Source(t).Fetch(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, "list", string(first.Data))
	second, err := s.Source(t).Fetch(t.Context(), first.ETag)
	require.NoError(t, err)
	require.True(t, second.Unmodified)
	require.Equal(t, first.ETag, second.ETag)
}

// A list may come from outside only, unless the operator says otherwise.
func TestPrivateNetworksAreOutOfBounds(t *testing.T) {
	t.Parallel()
	s := pricelisttest.New(t)
	s.List(`"1"`, "list")
	source, err := pricelist.NewSource(s.URL, outbound.Policy{})
	require.NoError(t, err)
	t.Cleanup(source.Close)
	_, err = source.Fetch(t.Context(), "")
	require.ErrorIs(t, err, outbound.ErrAddressDenied)
	for _, bad := range []string{"", "off", "ftp://x/y", "http://", "/models.json"} {
		_, err := pricelist.NewSource(bad, outbound.Policy{})
		require.Error(t, err, bad)
	}
}
