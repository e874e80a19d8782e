package conntest

import (
	"encoding/json"
	"maps"
	"strings"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	claudeModel = "claude-haiku-4-5-20251001"
	// Some relays answer Claude Code only: same opening line, same names.
	claudeSystem    = "You are Claude Code, Anthropic's official CLI for Claude."
	claudeUserAgent = "claude-cli/2.1.197 (external, sdk-cli)"
)

func claude() dialect { return dialect{presets: claudePresets, read: readClaude} }

func claudePresets(model string) []preset {
	if model == "" {
		model = claudeModel
	}
	header := map[string]string{
		"Anthropic-Version": "2023-06-01", "User-Agent": claudeUserAgent, "X-App": "cli", "Accept": "text/event-stream",
	}
	withBeta := map[string]string{"Anthropic-Beta": "claude-code-20250219"}
	maps.Copy(withBeta, header)
	return []preset{
		{name: "messages", path: "/v1/messages", header: header, body: claudeRequest(model, 20, 0)},
		{name: "messages beta", path: "/v1/messages", query: "beta=true", header: withBeta, body: claudeRequest(model, 20, 0)},
		{name: "messages thinking", path: "/v1/messages", query: "beta=true", header: withBeta, body: claudeRequest(model, 2048, 1024)},
	}
}

func claudeRequest(model string, maxTokens, thinking int) []byte {
	type text struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	type message struct {
		Role    string `json:"role"`
		Content []text `json:"content"`
	}
	type budget struct {
		Type   string `json:"type"`
		Tokens int    `json:"budget_tokens"`
	}
	request := struct {
		Model     string    `json:"model"`
		MaxTokens int       `json:"max_tokens"`
		Stream    bool      `json:"stream"`
		System    []text    `json:"system"`
		Messages  []message `json:"messages"`
		Thinking  *budget   `json:"thinking,omitempty"`
	}{
		Model: model, MaxTokens: maxTokens, Stream: true, System: []text{{"text", claudeSystem}},
		Messages: []message{{"user", []text{{"text", prompt}}}},
	}
	if thinking > 0 {
		request.Thinking = &budget{"enabled", thinking}
	}
	return encode(request)
}

// claudeEvent is an event of a stream, or a whole message: both have their
// parts in the same places.
type claudeEvent struct {
	Type    string         `json:"type"`
	Message *claudeMessage `json:"message"` // message_start
	Delta   struct {
		Text string `json:"text"` // content_block_delta
	} `json:"delta"`
	Usage *claudeUsage `json:"usage"` // message_delta, message
	Error *claudeError `json:"error"`
	claudeMessage
}

type claudeMessage struct {
	Model   string `json:"model"`
	Content []struct {
		Text string `json:"text"`
	} `json:"content"`
	Usage *claudeUsage `json:"usage"`
}

type claudeUsage struct {
	Input     int64 `json:"input_tokens"`
	Output    int64 `json:"output_tokens"`
	CacheRead int64 `json:"cache_read_input_tokens"`
}

type claudeError struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

func readClaude(contentType string, body []byte) (r reading) {
	eachEvent(contentType, body, r.add)
	return r
}

// add takes in one event or message.
func (r *reading) add(data []byte) {
	var e claudeEvent
	if json.Unmarshal(data, &e) != nil {
		return
	}
	m := &e.claudeMessage
	if e.Message != nil {
		m = e.Message
	}
	if m.Model != "" {
		r.model = m.Model
	}
	var text strings.Builder
	text.WriteString(r.text)
	text.WriteString(e.Delta.Text)
	for _, c := range m.Content {
		text.WriteString(c.Text)
	}
	r.text = text.String()
	r.count(m.Usage)
	r.count(e.Usage)
	if e.Error != nil {
		r.failure = strings.Trim(e.Error.Type+": "+e.Error.Message, ": ")
	}
}

// count keeps the largest figures: later events repeat or raise earlier ones.
func (r *reading) count(u *claudeUsage) {
	if u == nil {
		return
	}
	r.usage = domain.Usage{
		Input: max(r.usage.Input, u.Input), Output: max(r.usage.Output, u.Output),
		CacheRead: max(r.usage.CacheRead, u.CacheRead),
	}
}
