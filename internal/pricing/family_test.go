package pricing_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/pricing"
)

func TestStrangersAreBilledAsTheirClosestRelative(t *testing.T) {
	t.Parallel()
	table := seedTable(t)
	for stranger, want := range map[string]string{
		"claude-opus-4-99":                    "claude-opus-4-8",
		"us.anthropic.claude-opus-4-99-v1:0":  "claude-opus-4-8",
		"relay/Claude-Haiku-4-9-20270101[1m]": "claude-haiku-4-5",
		"gpt-5.3-codex-turbo":                 "gpt-5.3-codex",
	} {
		p := table.Resolve(pricing.Lookup{Requested: stranger, Unknown: pricing.Unknown{Family: true}})
		require.NotNil(t, p, stranger)
		require.Equal(t, want, p.Row.Model.ID, stranger)
		require.Equal(t, pricing.HowFamily, p.How)
		require.Nil(t, table.Resolve(pricing.Lookup{Requested: stranger}), "only where the operator wants it")
	}
	for _, name := range []string{"", "claude", "nobody-knows-it", "gpt"} {
		require.Nil(t, table.Resolve(pricing.Lookup{Requested: name, Unknown: pricing.Unknown{Family: true}}), name)
	}
	known := table.Resolve(pricing.Lookup{Requested: "claude-opus-4-6", Unknown: pricing.Unknown{Model: "claude-haiku-4-5", Family: true}})
	require.Equal(t, "claude-opus-4-6", known.Row.Model.ID)
}
