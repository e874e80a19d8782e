package routing

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/claude-code-hub/cch/internal/domain"
)

//go:embed error_rules.json
var builtinRules []byte

// DefaultErrorRules are the rules that ship with the program, without ids.
func DefaultErrorRules() ([]domain.ErrorRule, error) {
	var list []struct {
		Pattern     string `json:"pattern"`
		MatchType   string `json:"matchType"`
		Category    string `json:"category"`
		Priority    int    `json:"priority"`
		Description string `json:"description"`
	}
	if err := json.Unmarshal(builtinRules, &list); err != nil {
		return nil, fmt.Errorf("read the error rules that ship with the program: %w", err)
	}
	rules := make([]domain.ErrorRule, len(list))
	for i, r := range list {
		rules[i] = domain.ErrorRule{
			Pattern: r.Pattern, MatchType: domain.MatchType(r.MatchType), Category: r.Category, Description: r.Description,
			Priority: r.Priority, Enabled: true, Default: true,
		}
		if err := rules[i].Check(); err != nil {
			return nil, fmt.Errorf("error rule %q: %w", r.Pattern, err)
		}
	}
	return rules, nil
}
