package gateway_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func TestUnderscoreKeysAreLeftOutOnlyWhereThatIsWanted(t *testing.T) {
	t.Parallel()
	const rest = `"messages":[{"role":"user","content":"hi","_kept":1}],"metadata":{"user_id":"u","_kept":2}`
	for name, c := range map[string]struct{ body, want string }{
		"none":              {`{"model":"m",` + rest + `}`, `{"model":"m",` + rest + `}`},
		"first":             {`{ "_a": {"x":[1,"_b"]} , "model":"m",` + rest + `}`, `{ "model":"m",` + rest + `}`},
		"first ones":        {`{"_a":1, "_b":2,"model":"m",` + rest + `}`, `{"model":"m",` + rest + `}`},
		"in the middle":     {`{"model":"m" , "_a":null , ` + rest + `}`, `{"model":"m" , ` + rest + `}`},
		"last":              {`{"model":"m",` + rest + `, "_a":"}" }`, `{"model":"m",` + rest + ` }`},
		"everywhere":        {`{"_a":1,"model":"m","_b":1,"_c":2,` + rest + `,"_d":1,"_e":1}`, `{"model":"m",` + rest + `}`},
		"escaped":           {`{"model":"m","\u005fa":1,` + rest + `}`, `{"model":"m",` + rest + `}`},
		"beside other edit": {`{"_a":1,"model":"m","messages":[],"_b":1}`, `{"model":"m","messages":[],"metadata":{"user_id":$}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, on := range []bool{true, false} {
				h, bodies := recording(says(200, "application/json", message))
				w := newWorld(t, func(w *world) {
					w.config.Settings.StripUnderscoreKeys = on
					w.config.Settings.ClaudeUserIDInjection = on
				}, h)
				require.Equal(t, 200, w.post(c.body).status)
				_, sent, _ := strings.Cut(<-bodies, " ")
				if !on {
					requireSame(t, c.body, sent)
					continue
				}
				before, after, injected := strings.Cut(c.want, "$")
				if !injected {
					requireSame(t, c.want, sent)
					continue
				}
				require.True(t, strings.HasPrefix(sent, before) && strings.HasSuffix(sent, after), sent)
			}
		})
	}
}

func TestUnderscoreKeysStayWhereBodiesArePassedOnAsTheyAre(t *testing.T) {
	t.Parallel()
	body := `{"model":"claude-5","_a":1,"messages":[{"role":"user","content":"hi"}]}`
	h, bodies := recording(says(200, "application/json", `{"input_tokens":42}`))
	w := newWorld(t, func(w *world) { w.config.Settings.StripUnderscoreKeys = true }, h)
	require.Equal(t, 200, w.callTo("POST", "/v1/messages/count_tokens", body).status)
	require.Equal(t, "/v1/messages/count_tokens "+body, <-bodies)
}

// What is changed in a body without being asked for stands in the record.
func TestEditsOfABodyAreTold(t *testing.T) {
	t.Parallel()
	p := wires()
	chat := p["chat"]
	for name, c := range map[string]struct {
		path, body, answer string
		want               []domain.SpecialType
	}{
		"user id":      {"/v1/messages", `{"model":"m","messages":[]}`, message, []domain.SpecialType{domain.SpecialClaudeUserID}},
		"underscores":  {"/v1/messages", `{"model":"m","_a":1,"metadata":{"user_id":"u"},"messages":[]}`, message, []domain.SpecialType{domain.SpecialUnderscoreKeys}},
		"input, key":   {"/v1/responses", `{"model":"m","input":"x"}`, p["responses"].document, []domain.SpecialType{domain.SpecialResponseInput, domain.SpecialCodexSession}},
		"stream usage": {"/v1/chat/completions", `{"model":"m","stream":true,"messages":[]}`, chat.stream("m"), []domain.SpecialType{domain.SpecialStreamUsage}},
		"nothing":      {"/v1/messages", plainBody, message, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kind := "application/json"
			if name == "stream usage" {
				kind = "text/event-stream"
			}
			w := newWorld(t, func(w *world) { w.config.Settings.StripUnderscoreKeys = true }, says(200, kind, c.answer))
			require.Equal(t, 200, w.callTo("POST", c.path, c.body).status)
			var told []domain.SpecialType
			for _, s := range w.actor.only(t).Special {
				require.Equal(t, domain.ProviderID(1), s.ProviderID)
				told = append(told, s.Type)
			}
			require.Equal(t, c.want, told)
		})
	}
}
