package routing_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

func TestInventedAnswersAreForTheDemoGroupAlone(t *testing.T) {
	t.Parallel()
	demo := func(p *domain.Provider) { p.URL = domain.DemoURL }
	p := plan(provider(1, groups("demo"), demo))
	for caller, want := range map[string]bool{"demo": true, "*": false, "default": false} {
		in := input(p)
		in.Groups = []string{caller}
		require.Equal(t, want, routing.Choose(in, seeded(1)).Provider != nil, caller)
	}
}
