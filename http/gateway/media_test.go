package gateway_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/internal/domain"
)

// shelf has media at some addresses, and counts how often it was asked.
type shelf struct {
	has map[string]neutral.Media

	mu    sync.Mutex
	asked [][]string
}

func (s *shelf) Fetch(_ context.Context, addresses []string) map[string]neutral.Media {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, addresses)
	found := map[string]neutral.Media{}
	for _, a := range addresses {
		if m, ok := s.has[a]; ok {
			found[a] = m
		}
	}
	return found
}

const pointing = `{"model":"claude-5","max_tokens":9,"messages":[{"role":"user","content":[` +
	`{"type":"image","source":{"type":"url","url":"https://a.example/1.png"}},` +
	`{"type":"document","source":{"type":"url","url":"https://a.example/gone.pdf"}},{"type":"text","text":"hi"}]}]}`

// TestRemoteMediaIsSentInline also fails at the first provider: what was fetched
// serves the second one too.
func TestRemoteMediaIsSentInline(t *testing.T) {
	t.Parallel()
	h, bodies := recording(says(http.StatusOK, "application/json", as("gemini-2.5-pro", wires()["gemini"].document)))
	failing, first := recording(says(http.StatusInternalServerError, "application/json", `{"error":{"code":500,"message":"broken"}}`))
	media := &shelf{has: map[string]neutral.Media{"https://a.example/1.png": {Mime: "image/png", Data: "AAAA"}}}
	w := newWorld(t, func(w *world) {
		converting(t, domain.TypeGemini)(w)
		w.opts.Media = media
		for _, p := range w.config.Providers {
			p.Conversion.InlineRemoteMedia = true
		}
	}, failing, h)
	a := w.post(pointing)
	require.Equal(t, http.StatusOK, a.status, a.body)
	for _, sent := range []string{<-first, <-bodies} {
		_, body, _ := strings.Cut(sent, " ")
		parts := gjson.Get(body, "contents.0.parts")
		require.JSONEq(t, `{"mimeType":"image/png","data":"AAAA"}`, parts.Get("0.inlineData").Raw, body)
		require.Equal(t, "https://a.example/gone.pdf", parts.Get("1.fileData.fileUri").Str, body)
	}
	require.Equal(t, [][]string{{"https://a.example/1.png", "https://a.example/gone.pdf"}}, media.asked)
	require.Contains(t, w.actor.wait(t, 2)[1].Drops, "remote_media")
}

func TestRemoteMediaStaysWhereNobodyWantsItInline(t *testing.T) {
	t.Parallel()
	h, bodies := recording(says(http.StatusOK, "application/json", as("gemini-2.5-pro", wires()["gemini"].document)))
	media := &shelf{}
	w := newWorld(t, func(w *world) {
		converting(t, domain.TypeGemini)(w)
		w.opts.Media = media
	}, h)
	require.Equal(t, http.StatusOK, w.post(pointing).status)
	require.Contains(t, <-bodies, `"fileUri":"https://a.example/1.png"`)
	require.Empty(t, media.asked)
}
