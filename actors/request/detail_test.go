package request

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

// The details of requests that share pages stay as they were written.
func TestDetailsOutliveTheirPage(t *testing.T) {
	t.Parallel()
	shared := new(pages)
	done := []domain.SpecialSetting{{Type: domain.SpecialCodexInstructions, Mode: "auto"}}
	write := func(class domain.AttemptClass, note string) (detail domain.RequestDetail, chain string) {
		r := newWorld().run()
		r.node.pages = shared
		r.to(t, attempting)
		res := r.success()
		res.Class, res.Excerpt, res.Special = class, note, done
		r.attempted(res, noon)
		whole, err := json.Marshal(r.record.chain.entries)
		require.NoError(t, err)
		return r.fx.record.Detail, string(whole)
	}
	first, chain := write(domain.ClassOK, "")
	refused, other := write(domain.ClassClientError, strings.Repeat("<no> ", 30_000))
	again, _ := write(domain.ClassOK, "")
	require.Equal(t, chain, first.Chain)
	require.Equal(t, other, refused.Chain)
	require.Equal(t, first, again)
	require.JSONEq(t, `[{"type":"codex_instructions","mode":"auto"}]`, refused.Special)
	require.True(t, json.Valid([]byte(first.Cost)))
	require.Empty(t, first.Error)
	require.NotEmpty(t, refused.Error)
}

func TestDetailWithoutAProvider(t *testing.T) {
	t.Parallel()
	r := newWorld().run()
	require.Equal(t, domain.RequestDetail{RequestID: 4711, Chain: "[]"}, r.detail(&domain.CostBreakdown{}))
}

func TestPagesForgetWhatGrewTooLarge(t *testing.T) {
	t.Parallel()
	p := new(pages)
	for range 10 {
		p.write(func(page []byte) []byte {
			require.Empty(t, page)
			require.LessOrEqual(t, cap(page), keptPage)
			return append(page, make([]byte, 2*keptPage)...)
		})
	}
}

// The record of a request that was served at once.
func BenchmarkLogRecord(b *testing.B) {
	r := newWorld().run().to(b, settling)
	r.node.pages = new(pages)
	b.ReportAllocs()
	for b.Loop() {
		if r.logRecord(noon).Log.Cost == 0 {
			b.Fatal("nothing")
		}
	}
}
