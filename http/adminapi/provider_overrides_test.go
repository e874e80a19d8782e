package adminapi_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func TestProviderOverrides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.addProvider("p", map[string]any{"cacheTtl": "1h", "overrides": map[string]any{"maxTokens": 8000, "thinkingBudget": 2000}})
	path := fmt.Sprintf("/api/v1/providers/%d", id)
	var p struct {
		CacheTTL  string
		Overrides struct {
			MaxTokens, ThinkingBudget *int64
			AdaptiveThinking          *struct{ Effort string }
			ReasoningEffort           *string
		}
	}
	w.admin(http.MethodGet, path, nil).into(t, http.StatusOK, &p)
	require.Equal(t, "1h", p.CacheTTL)
	require.Equal(t, int64(8000), *p.Overrides.MaxTokens)
	w.admin(http.MethodPatch, path, `{"cacheTtl":null,"overrides":{"thinkingBudget":null,"adaptiveThinking":{"effort":"max","modelMatchMode":"all"}}}`).into(t, http.StatusOK, &p)
	require.Equal(t, "inherit", p.CacheTTL)
	require.Nil(t, p.Overrides.ThinkingBudget)
	require.Equal(t, "max", p.Overrides.AdaptiveThinking.Effort)
	require.Equal(t, int64(8000), w.catalog.Current().Provider(domain.ProviderID(id)).Overrides.MaxTokens)
	w.admin(http.MethodPatch, path, `{"overrides":{"maxTokens":null,"adaptiveThinking":null}}`).into(t, http.StatusOK, &p)
	require.Nil(t, w.catalog.Current().Provider(domain.ProviderID(id)).Overrides)

	for body, want := range map[string]map[string]string{
		`{"cacheTtl":"2h"}`: {"cacheTtl": "invalid_choice"},
		`{"overrides":{"reasoningEffort":"low","googleSearch":"enabled"}}`:                             {"overrides.reasoningEffort": "not_allowed", "overrides.googleSearch": "not_allowed"},
		`{"overrides":{"maxTokens":4000,"thinkingBudget":4000}}`:                                       {"overrides.thinkingBudget": "too_big"},
		`{"overrides":{"thinkingBudget":10}}`:                                                          {"overrides.thinkingBudget": "too_small"},
		`{"overrides":{"serviceTier":"gold"}}`:                                                         {"overrides.serviceTier": "invalid_choice"},
		`{"overrides":{"adaptiveThinking":{"effort":"low","modelMatchMode":"specific"}}}`:              {"overrides.adaptiveThinking.models": "required"},
		`{"overrides":{"adaptiveThinking":{"effort":"low","modelMatchMode":"all","models":["x",""]}}}`: {"overrides.adaptiveThinking.models": "not_allowed", "overrides.adaptiveThinking.models.1": "invalid_format"},
	} {
		bad := w.admin(http.MethodPatch, path, body).refused(t, http.StatusBadRequest, "request.validation_failed")
		require.Equal(t, want, bad.fields(), body)
	}
}
