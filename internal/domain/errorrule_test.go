package domain_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func TestPatternsAreBounded(t *testing.T) {
	t.Parallel()
	for pattern, ok := range map[string]bool{
		"prompt is too long.*(tokens.*maximum|maximum.*tokens)": true,
		"x{0,40}exceeds":               true,
		"(a{100}){100}":                false,
		"((((a{10}){10}){10}){10}){9}": false,
		"(?:a{999}){999}":              false,
		`\pL{200}`:                     false, // some hundred ranges each
		strings.Repeat("a", 500):       true,
		"(?=look)":                     false,
		"(":                            false,
	} {
		r := domain.ErrorRule{Pattern: pattern, MatchType: domain.MatchRegex}
		require.Equal(t, ok, r.Check() == nil, "%s: %v", pattern, r.Check())
	}
	require.NoError(t, (&domain.ErrorRule{Pattern: "(", MatchType: domain.MatchContains}).Check())
	require.Error(t, (&domain.ErrorRule{Pattern: "x", MatchType: domain.MatchPrefix}).Check())
}
