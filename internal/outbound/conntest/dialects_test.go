package conntest_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	chatWhole  = `{"model":"gpt-real","choices":[{"message":{"content":"Pong"}}],"usage":{"prompt_tokens":12,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":5}}}`
	chatStream = "data: {\"model\":\"gpt-real\",\"choices\":[{\"delta\":{\"content\":\"po\"}}]}\n\n" +
		"data: {\"choices\":[{\"delta\":{\"content\":\"ng\"}}]}\n\n" +
		"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n"
	codexEnd    = `{"model":"gpt-real","output":[{"type":"reasoning"},{"type":"message","content":[{"type":"output_text","text":"pong"}]}],"usage":{"input_tokens":9,"output_tokens":3,"input_tokens_details":{"cached_tokens":4}},"error":null}`
	codexStream = "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"po\"}\n\n" +
		"event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"ng\"}\n\n" +
		"event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":" + codexEnd + "}\n\n"
	codexFailed = "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"error\":{\"code\":\"server_error\",\"message\":\"broke\"}}}\n\n"
	codexError  = "event: error\ndata: {\"type\":\"error\",\"code\":\"rate_limit_exceeded\",\"message\":\"slow down\"}\n\n"
	geminiWhole = `{"modelVersion":"gemini-real","candidates":[{"content":{"parts":[{"text":"hm, ping","thought":true},{"text":"pong"}]}}],"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":1,"thoughtsTokenCount":2,"cachedContentTokenCount":3}}`
)

func TestEveryTypeIsAskedInItsOwnWords(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		kind        domain.ProviderType
		contentType string
		body        string
		path        string
		credential  string
		model       string
		usage       domain.Usage
	}{
		"chat":            {domain.TypeOpenAICompatible, "application/json", chatWhole, "/v1/chat/completions", "Authorization", "gpt-real", domain.Usage{Input: 7, Output: 2, CacheRead: 5}},
		"chat, streamed":  {domain.TypeOpenAICompatible, "text/event-stream", chatStream, "/v1/chat/completions", "Authorization", "gpt-real", domain.Usage{Input: 12, Output: 2}},
		"codex":           {domain.TypeCodex, "text/event-stream", codexStream, "/v1/responses", "Authorization", "gpt-real", domain.Usage{Input: 5, Output: 3, CacheRead: 4}},
		"codex, in whole": {domain.TypeCodex, "application/json", `{"object":"response",` + codexEnd[1:], "/v1/responses", "Authorization", "gpt-real", domain.Usage{Input: 5, Output: 3, CacheRead: 4}},
		"gemini":          {domain.TypeGemini, "application/json", geminiWhole, "/v1beta/models/gemini-2.5-flash:generateContent", "X-Goog-Api-Key", "gemini-real", domain.Usage{Input: 5, Output: 3, CacheRead: 3}},
		"gemini cli":      {domain.TypeGeminiCLI, "application/json", geminiWhole, "/v1beta/models/gemini-2.5-flash:generateContent", "X-Goog-Api-Key", "gemini-real", domain.Usage{Input: 5, Output: 3, CacheRead: 3}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var header http.Header
			var sent map[string]any
			p, calls := upstreamOf(t, func(w http.ResponseWriter, r *http.Request) {
				header = r.Header.Clone()
				if json.NewDecoder(r.Body).Decode(&sent) != nil {
					t.Error("the body is not JSON")
				}
				answerWith(200, test.contentType, test.body)(w, r)
			})
			p.Type = test.kind
			r, err := newTester().Test(t.Context(), domain.ConnectionTest{Provider: p})
			require.NoError(t, err)
			require.Equal(t, domain.ConnectionGreen, r.Status, "%+v", r)
			require.Equal(t, []string{test.path}, calls())
			require.Equal(t, test.model, r.Model)
			require.Equal(t, test.usage, r.Usage)
			require.Len(t, r.Content, 4)
			require.Contains(t, header.Get(test.credential), providerKey)
			require.NotEmpty(t, sent)
		})
	}
}

func TestFailuresInTheWordsOfEveryType(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind  domain.ProviderType
		body  string
		error string
	}{
		"chat":          {domain.TypeOpenAICompatible, `{"error":{"type":"server_error","message":"broke"}}`, "server_error: broke"},
		"chat, in text": {domain.TypeOpenAICompatible, `{"error":"no channel"}`, "no channel"},
		"codex failed":  {domain.TypeCodex, codexFailed, "server_error: broke"},
		"codex error":   {domain.TypeCodex, codexError, "rate_limit_exceeded: slow down"},
		"gemini":        {domain.TypeGemini, `{"error":{"code":503,"status":"UNAVAILABLE","message":"overloaded"}}`, "UNAVAILABLE: overloaded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := upstreamOf(t, answerWith(200, "application/json", test.body))
			p.Type = test.kind
			r, err := newTester().Test(t.Context(), domain.ConnectionTest{Provider: p})
			require.NoError(t, err)
			require.Equal(t, domain.ConnectionRed, r.Status, "%+v", r)
			require.Equal(t, "server_error", r.SubStatus)
			require.Equal(t, test.error, r.Error)
		})
	}
}

// TestBoundsThatModelsRefuse holds that a model which takes the other form of
// a request is found to work.
func TestBoundsThatModelsRefuse(t *testing.T) {
	t.Parallel()
	for kind, whole := range map[domain.ProviderType]string{
		domain.TypeOpenAICompatible: chatWhole,
		domain.TypeGemini:           geminiWhole,
	} {
		p, calls := upstreamOf(t, func(w http.ResponseWriter, r *http.Request) {
			var sent struct {
				MaxTokens        any `json:"max_tokens"`
				GenerationConfig struct {
					ThinkingConfig any `json:"thinkingConfig"`
				} `json:"generationConfig"`
			}
			if json.NewDecoder(r.Body).Decode(&sent) != nil || sent.MaxTokens != nil || sent.GenerationConfig.ThinkingConfig != nil {
				answerWith(400, "application/json", `{"error":{"message":"not supported"}}`)(w, r)
				return
			}
			answerWith(200, "application/json", whole)(w, r)
		})
		p.Type = kind
		r, err := newTester().Test(t.Context(), domain.ConnectionTest{Provider: p, Model: "mine"})
		require.NoError(t, err)
		require.Equal(t, domain.ConnectionGreen, r.Status, "%s: %+v", kind, r)
		require.Len(t, calls(), 2)
		require.Len(t, r.Attempts, 2)
	}
}
