package gateway_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

// signature is one that says which model thought, long as they are.
func signature(model string) string {
	inner := "\x32" + string(rune(len(model))) + model
	outer := "\x0a" + string(rune(len(inner))) + inner
	rest := "\x52\x60" + strings.Repeat("e", 0x60)
	return base64.StdEncoding.EncodeToString([]byte("\x12" + string(rune(len(outer))) + outer + rest))
}

// thinking is a Claude answer that thinks before it speaks.
func thinking(block, signed string) string {
	frames := messageStart("claude-5") + event("content_block_start", `{"type":"content_block_start","index":0,"content_block":`+block+`}`)
	if signed != "" {
		frames += event("content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}`) +
			event("content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"`+signed+`"}}`)
	}
	return frames + event("content_block_stop", `{"type":"content_block_stop","index":0}`) + textDelta("Hello") + messageEnd()
}

// Who thought is read from the signature, whatever the answer says; that nobody
// signed is noted where the model was told to think.
func TestTheModelThatSigned(t *testing.T) {
	t.Parallel()
	const block = `{"type":"thinking","thinking":"","signature":""}`
	hidden := `{"type":"redacted_thinking","data":"` + strings.Repeat("x", 100) + `"}`
	thinks := strings.Replace(streamBody, `"max_tokens":64`, `"max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":2048}`, 1)
	document := strings.Replace(message, `"content":[`, `"content":[{"type":"thinking","thinking":"hm","signature":"`+signature("claude-haiku-4")+`"},`, 1)
	none := &domain.ModelSigned{Asked: "claude-5"}
	for name, c := range map[string]struct {
		body, answer string
		change       func(*world)
		want         *domain.ModelSigned
	}{
		"another model":     {thinks, thinking(block, signature("claude-haiku-4")), nil, &domain.ModelSigned{Asked: "claude-5", Found: "claude-haiku-4", Any: true}},
		"asked for nothing": {streamBody, thinking(block, signature("claude-5")), nil, &domain.ModelSigned{Asked: "claude-5", Found: "claude-5", Any: true}},
		"under its name at the provider": {
			thinks, thinking(block, signature("claude-5")), func(w *world) { w.actor.model = "opus" }, &domain.ModelSigned{Asked: "opus", Found: "claude-5", Any: true},
		},
		"made up":                  {thinks, thinking(block, strings.Repeat("sig", 30)), nil, &domain.ModelSigned{Asked: "claude-5", Any: true}},
		"not signed":               {thinks, wholeStream("claude-5"), nil, none},
		"hidden":                   {thinks, thinking(hidden, ""), nil, nil},
		"no thinking":              {streamBody, wholeStream("claude-5"), nil, nil},
		"a document":               {plainBody, document, nil, &domain.ModelSigned{Asked: "claude-5", Found: "claude-haiku-4", Any: true}},
		"a document that is plain": {plainBody, message, nil, nil},
		"told by an override":      {strings.Replace(streamBody, "64", "9000", 1), wholeStream("claude-5"), func(w *world) { w.config.Providers[0].Overrides = &domain.Overrides{ThinkingBudget: 2048} }, none},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kind := "text/event-stream"
			if strings.HasPrefix(c.answer, "{") {
				kind = "application/json"
			}
			w := newWorld(t, c.change, says(http.StatusOK, kind, c.answer))
			require.Equal(t, http.StatusOK, w.post(c.body).status)
			var got *domain.ModelSigned
			for _, s := range w.actor.only(t).Special {
				if s.Type != domain.SpecialSignedModel {
					continue
				}
				got = s.ModelSigned
				require.Equal(t, got.Found != "", s.Source == domain.SignedModelFound)
				require.Equal(t, 1, s.Attempt)
			}
			require.Equal(t, c.want, got)
		})
	}
}

// Converted answers of a Claude are signed too.
func TestTheModelThatSignedAConvertedAnswer(t *testing.T) {
	t.Parallel()
	for _, stream := range []string{"true", "false"} {
		w := newWorld(t, converting(t, domain.TypeClaude), streams(thinking(`{"type":"thinking","thinking":"","signature":""}`, signature("claude-haiku-4"))))
		a := w.callTo("POST", "/v1/chat/completions", `{"model":"claude-5","stream":`+stream+`,"messages":[{"role":"user","content":"hi"}]}`)
		require.Equal(t, http.StatusOK, a.status, a.body)
		special := w.actor.only(t).Special
		require.NotEmpty(t, special)
		require.Equal(t, &domain.ModelSigned{Asked: "claude-5", Found: "claude-haiku-4", Any: true}, special[len(special)-1].ModelSigned)
	}
}

// The effort that a client asks for belongs to the request, whoever serves it.
func TestTheEffortThatIsAskedFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path, body string
		want       []domain.SpecialSetting
	}{
		"claude":          {"/v1/messages", `{"model":"m","output_config":{"format":null,"effort":"high"},"metadata":{"user_id":"u"},"messages":[]}`, []domain.SpecialSetting{{Type: domain.SpecialClaudeEffort, Effort: "high"}}},
		"responses":       {"/v1/responses", `{"model":"m","reasoning":{"summary":"auto","effort":"xhigh"},"prompt_cache_key":"none","input":[]}`, []domain.SpecialSetting{{Type: domain.SpecialCodexEffort, Effort: "xhigh"}}},
		"none":            {"/v1/messages", plainBody, nil},
		"no text":         {"/v1/messages", `{"model":"m","output_config":{"effort":3},"metadata":{"user_id":"u"},"messages":[]}`, nil},
		"no object":       {"/v1/messages", `{"model":"m","output_config":"high","thinking":[1],"metadata":{"user_id":"u"},"messages":[]}`, nil},
		"of another wire": {"/v1/chat/completions", `{"model":"m","reasoning":{"effort":"high"},"messages":[]}`, nil},
		"very long":       {"/v1/responses", `{"model":"m","reasoning":{"effort":"` + strings.Repeat("x", 99) + `"},"prompt_cache_key":"none","input":[]}`, []domain.SpecialSetting{{Type: domain.SpecialCodexEffort, Effort: strings.Repeat("x", 32)}}},
	} {
		w := newWorld(t, nil, says(http.StatusOK, "application/json", message))
		_ = w.callTo("POST", c.path, c.body)
		require.Equal(t, c.want, w.actor.lastAdmit(t).Special, name)
	}
}
