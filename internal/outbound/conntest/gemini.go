package conntest

import (
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/domain"
)

const geminiModel = "gemini-2.5-flash"

// gemini asks for generateContent with thinking off; models that cannot do
// without are asked once more.
func gemini() dialect {
	return dialect{
		presets: func(model string) []preset {
			if model == "" {
				model = geminiModel
			}
			request := func(generation map[string]any) []byte {
				parts := []map[string]string{{"text": prompt}}
				return encode(map[string]any{
					"contents": []map[string]any{{"role": "user", "parts": parts}}, "generationConfig": generation,
				})
			}
			path := "/v1beta/models/" + model + ":generateContent"
			return []preset{
				{name: "generateContent", path: path, body: request(map[string]any{
					"maxOutputTokens": 256, "thinkingConfig": map[string]int{"thinkingBudget": 0},
				})},
				{name: "generateContent thinking", path: path, body: request(map[string]any{"maxOutputTokens": 2048})},
			}
		},
		read: func(contentType string, body []byte) (r reading) {
			eachEvent(contentType, body, func(data []byte) { r.addGemini(gjson.ParseBytes(data)) })
			return r
		},
	}
}

// addGemini takes in a chunk of a stream, or a whole answer.
func (r *reading) addGemini(v gjson.Result) {
	r.named(v.Get("modelVersion"))
	for _, part := range v.Get("candidates.0.content.parts").Array() {
		if !part.Get("thought").Bool() {
			r.text += part.Get("text").String()
		}
	}
	if u := v.Get("usageMetadata"); u.IsObject() {
		cached := u.Get("cachedContentTokenCount").Int()
		r.usage = domain.Usage{
			Input:  u.Get("promptTokenCount").Int() - cached,
			Output: u.Get("candidatesTokenCount").Int() + u.Get("thoughtsTokenCount").Int(), CacheRead: cached,
		}
	}
	r.failed(v.Get("error"))
}
