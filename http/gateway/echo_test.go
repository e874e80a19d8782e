package gateway_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/domain"
)

func TestConvertedAnswersNameTheModelOnWish(t *testing.T) {
	t.Parallel()
	for _, echo := range []bool{false, true} {
		want := map[bool]string{false: "claude-5", true: "gpt-5-2026"}[echo]
		change := func(w *world) {
			converting(t, domain.TypeOpenAICompatible)(w)
			w.config.Settings.EchoUpstreamModel = echo
			w.actor.model = "gpt-5"
		}
		w := newWorld(t, change, says(http.StatusOK, "application/json", as("gpt-5-2026", wires()["chat"].document)))
		a := w.post(plainBody)
		require.Equal(t, want, gjson.Get(a.body, "model").Str, a.body)

		p := wires()["chat"]
		w = newWorld(t, change, streams(p.stream("gpt-5-2026")))
		a = w.post(streamBody)
		require.Contains(t, a.body, `"model":"`+want+`"`)
		require.Equal(t, "gpt-5-2026", w.actor.only(t).ModelReturned)
	}
}

// Between Gemini and Gemini CLI only the envelope changes, and the name of a
// redirected model.
func TestAnswersInAnotherEnvelopeNameTheModel(t *testing.T) {
	t.Parallel()
	for _, echo := range []bool{false, true} {
		want := map[bool]string{false: "gemini-2.5-pro", true: "served"}[echo]
		w := newWorld(t, func(w *world) {
			converting(t, domain.TypeGeminiCLI)(w)
			w.config.Settings.EchoUpstreamModel = echo
			w.actor.model = "gemini-3-pro"
		}, says(http.StatusOK, "application/json", as("served", wires()["gemini-cli"].document)))
		a := w.callTo("POST", as("gemini-2.5-pro", "/v1beta/models/$:generateContent"), as("gemini-2.5-pro", wires()["gemini"].body))
		require.Equal(t, http.StatusOK, a.status, a.body)
		require.Equal(t, want, gjson.Get(a.body, "modelVersion").Str, a.body)
	}
}
