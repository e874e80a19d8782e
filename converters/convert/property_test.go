package convert_test

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// drawRequest draws a conversation with tools, such as every format can hold.
func drawRequest(t *rapid.T, vendor neutral.Vendor) *neutral.Request {
	text := rapid.StringMatching(`[a-z"\\é你<&> ]{0,12}[a-z]`)
	draw := func(name string) neutral.Part {
		return neutral.Part{Kind: neutral.Text, Text: rawjson.Plain(text.Draw(t, name))}
	}
	r := &neutral.Request{
		Model: "m", MaxTokens: rapid.Int64Range(0, 9).Draw(t, "max") * 1000,
		Choice: neutral.Choice{Mode: rapid.SampledFrom([]neutral.ChoiceMode{neutral.ChoiceUnset, neutral.ChoiceAuto, neutral.ChoiceAny, neutral.ChoiceNone}).Draw(t, "choice")},
	}
	if rapid.Bool().Draw(t, "system") {
		r.System = []neutral.Part{draw("instructions")}
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "tools") {
		r.Tools = append(r.Tools, neutral.Tool{Name: "f" + strconv.Itoa(i), Desc: text.Draw(t, "desc"), Schema: `{"type":"object","properties":{"title":{"type":"string"}}}`})
	}
	calls := 0
	for range rapid.IntRange(1, 4).Draw(t, "turns") {
		r.Messages = append(r.Messages, neutral.Message{Role: neutral.User, Parts: []neutral.Part{draw("question")}})
		answer := neutral.Message{Role: neutral.Assistant}
		var results []neutral.Part
		if vendor != neutral.NoVendor && rapid.Bool().Draw(t, "thinks") {
			answer.Parts = append(answer.Parts, neutral.Part{Kind: neutral.Think, Text: rawjson.Plain(text.Draw(t, "thought")), Sig: neutral.Sig{Vendor: vendor, ID: ids[vendor], Payload: "S"}})
		}
		answer.Parts = append(answer.Parts, draw("answer"))
		for range rapid.IntRange(0, 2).Draw(t, "calls") {
			id := "call_" + strconv.Itoa(calls)
			calls++
			answer.Parts = append(answer.Parts, neutral.Part{Kind: neutral.Call, ID: id, Name: "f0", Args: `{"title":"x"}`})
			results = append(results, neutral.Part{Kind: neutral.Result, ID: id, Parts: []neutral.Part{draw("result")}})
		}
		r.Messages = append(r.Messages, answer)
		if len(results) > 0 {
			r.Messages = append(r.Messages, neutral.Message{Role: neutral.User, Parts: results})
			r.Messages = append(r.Messages, neutral.Message{Role: neutral.Assistant, Parts: []neutral.Part{draw("done")}})
		}
	}
	return r
}

var ids = map[neutral.Vendor]string{neutral.OpenAI: "rs_1"}

// TestRequestsKeepTheirMeaning prints a random request in a format, reads it as
// a client's of that format, and compares what was said: nothing is lost, moved
// or made up by a format's own writer and reader.
func TestRequestsKeepTheirMeaning(t *testing.T) {
	t.Parallel()
	vendors := map[neutral.Format]neutral.Vendor{neutral.Claude: neutral.Anthropic, neutral.Chat: neutral.NoVendor, neutral.Responses: neutral.OpenAI, neutral.Gemini: neutral.NoVendor}
	rapid.Check(t, func(t *rapid.T) {
		for _, f := range formats() {
			r := drawRequest(t, vendors[f])
			out, err := convert.Encode(r, &neutral.Target{Format: f})
			require.NoError(t, err)
			require.Empty(t, out.Drops)
			back, err := convert.Decode(f, out.Body, convert.Path{Model: "m"})
			require.NoError(t, err)
			if f == neutral.Claude && r.MaxTokens == 0 {
				back.MaxTokens = 0 // a must there: a default was put in
			}
			nameless(back.Messages)
			require.Empty(t, cmp.Diff(r.Messages, back.Messages), "%s: %s", f, out.Body)
			require.Empty(t, cmp.Diff(r.System, back.System), f)
			require.Equal(t, r.Choice.Mode, back.Choice.Mode, f)
			require.Equal(t, r.MaxTokens, back.MaxTokens, f)
			for i := range back.Tools {
				back.Tools[i].Strict = nil // Responses always says it
			}
			require.Empty(t, cmp.Diff(r.Tools, back.Tools), f)
		}
	})
}

// nameless forgets the tool names that only Gemini repeats in results.
func nameless(messages []neutral.Message) {
	for _, m := range messages {
		for i := range m.Parts {
			if m.Parts[i].Kind == neutral.Result {
				m.Parts[i].Name = ""
			}
		}
	}
}
