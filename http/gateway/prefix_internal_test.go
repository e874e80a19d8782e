package gateway

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

// A conversation grows by a turn, and its client moves and makes up anew what
// clients do: each beginning is called the same.
func TestBeginningsOfEveryProtocol(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ first, later, other string }{
		"claude": {
			`{"model":"m","system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}],"tools":[{"name":"ls"}],"messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}]}`,
			`{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"ls","input":{"a":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"x"}]}],"tools":[{"name":"ls","cache_control":null}],"system":"Be brief."}`,
			`{"system":"Be long.","tools":[{"name":"ls"}],"messages":[{"role":"user","content":"hi"}]}`,
		},
		"chat": {
			`{"messages":[{"role":"system","content":"Be brief."}],"tools":[{"type":"function","function":{"name":"ls"}}]}`,
			`{"tools":[{"type":"function","function":{"name":"ls"}}],"messages":[{"role":"system","content":[{"type":"text","text":"Be brief."}]},{"role":"user","content":"hi"}]}`,
			`{"messages":[{"role":"system","content":"Be brief."}],"tools":[{"type":"function","function":{"name":"rm"}}]}`,
		},
		"responses": {
			`{"instructions":"Be brief.","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}]}`,
			`{"input":[{"role":"user","content":"hi"},{"type":"function_call","id":"fc_1","call_id":"c","name":"ls"}],"instructions":"Be brief."}`,
			`{"instructions":"Be brief.","input":[{"type":"message","role":"developer","content":[{"type":"input_text","text":"hi"}]}]}`,
		},
		"gemini": {
			`{"contents":[{"role":"user","parts":[{"text":"hi"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}],"systemInstruction":{"parts":[{"text":"Be brief."}]}}`,
			`{"system_instruction":{"parts":[{"text":"Be brief."}]},"contents":[{"role":"user","parts":[{"text":"hi"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]},{"role":"model","parts":[{"text":"yes"}]}]}`,
			`{"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[{"role":"user","parts":[{"text":"hi"},{"inlineData":{"mimeType":"image/png","data":"BBBB"}}]}]}`,
		},
		"gemini-cli": {
			`{"model":"m","request":{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}}`,
			`{"request":{"session_id":"s","contents":[{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":[]}]}}`,
			`{"request":{"contents":[{"role":"user","parts":[{"text":"ho"}]}]}}`,
		},
	} {
		first, later, other := prefixOf([]byte(c.first)), prefixOf([]byte(c.later)), prefixOf([]byte(c.other))
		require.Len(t, first, 1, name)
		require.Greater(t, len(later), 1, name)
		require.Equal(t, first[0], later[0], name)
		require.NotEqual(t, first[0].at, later[1].at, name)
		require.NotEqual(t, first[0].at, other[0].at, name)
		require.Equal(t, 2, later[1].depth, name)
		require.Greater(t, later[1].bytes, later[0].bytes-1, name)
	}
	require.Empty(t, prefixOf([]byte(`{"system":"x","tools":[]}`)), "instructions alone are no conversation")
	require.Empty(t, prefixOf([]byte(`{"system":"x","messages":[]}`)))
	require.Len(t, prefixOf([]byte(`{"input":"hi"}`)), 1)
}

func TestOnlyTheLastEndsAreLookedAt(t *testing.T) {
	t.Parallel()
	body := []byte(`{"messages":[{"role":"user","content":"0"}`)
	for range 99 {
		body = append(body, `,{"role":"user","content":"x"}`...)
	}
	ends := prefixOf(append(body, `]}`...))
	require.Len(t, ends, maxBoundaries)
	require.Equal(t, 100, ends[maxBoundaries-1].depth)
}

func TestTheDeepestBeginningNominates(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	a := newAffinity(Affinity{Kept: time.Hour, Window: 2}, func() time.Time { return now })
	turn := func(model string, texts ...string) *exchange {
		body := `{"model":"` + model + `","messages":[`
		for i, text := range texts {
			if i > 0 {
				body += ","
			}
			body += `{"role":"user","content":"` + text + `"}`
		}
		x := parsedAt(t, "/v1/chat/completions", body+`]}`)
		x.model = model
		x.nominee = a.find(x, prefixOf([]byte(body+`]}`)))
		return x
	}
	p := func(id int) *domain.Provider { return &domain.Provider{ID: domain.ProviderID(id)} }
	require.Zero(t, turn("m", "a").nominee)
	a.answered(turn("m", "a", "b"), 1)
	require.Equal(t, domain.ProviderID(1), turn("m", "a", "b", "c").nominee.Provider)
	require.Equal(t, 2, turn("m", "a", "b", "c").nominee.Match.Depth)
	require.Equal(t, 1, turn("m", "a", "z").nominee.Match.Depth, "another branch")
	require.Zero(t, turn("n", "a", "b").nominee, "another model")
	require.Zero(t, turn("m", "z").nominee)

	a.answered(turn("m", "a", "b", "c", "d"), 2)
	require.Equal(t, domain.ProviderID(2), turn("m", "a", "b", "c", "d", "e").nominee.Provider)
	require.Equal(t, domain.ProviderID(1), turn("m", "a", "b", "x").nominee.Provider, "of four messages the last two were remembered")

	x := turn("m", "a", "b", "c", "d", "e")
	a.failed(x, p(3), domain.ClassProviderError)
	a.failed(x, p(2), domain.ClassClientError)
	require.Equal(t, domain.ProviderID(2), turn("m", "a", "b", "c", "d", "e").nominee.Provider, "neither was the nominee's failure")
	a.failed(x, p(2), domain.ClassProviderError)
	require.Zero(t, turn("m", "a", "b", "c", "d", "e").nominee, "a shallower beginning does not bring it back")
	a.answered(x, 3)
	require.Equal(t, domain.ProviderID(3), turn("m", "a", "b", "c", "d", "e").nominee.Provider)
	now = now.Add(time.Hour)
	require.Zero(t, turn("m", "a", "b", "c", "d", "e").nominee)
}

func TestAffinityThatIsOffDoesNothing(t *testing.T) {
	t.Parallel()
	off, x := newAffinity(Affinity{}, time.Now), &exchange{prefix: []boundary{{}}}
	require.Nil(t, off)
	require.Zero(t, off.nominate(x))
	off.answered(x, 1)
	off.failed(x, &domain.Provider{ID: 4}, domain.ClassProviderError)
}
