package gateway

import (
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/http/gateway/scan"
)

// gemini is Google's API. Its clients know no ping.
//
//nolint:gochecknoglobals // read-only table
var gemini = dialect{
	format:  neutral.Gemini,
	carrier: neutral.EncodedCarrier,
	member:  geminiMember,
	names:   []string{"modelVersion"},
}

// geminiCLI is what the Gemini CLI speaks when its user signed in with Google:
// the same inside an envelope.
//
//nolint:gochecknoglobals // read-only table
var geminiCLI = dialect{
	format:  neutral.GeminiCLI,
	carrier: neutral.EncodedCarrier,
	member:  geminiCLIMember,
	names:   []string{"response.modelVersion"},
}

func geminiMember(c *scan.Cursor, name []byte, h *head) {
	switch string(name) {
	case "contents":
		h.turns(c, "parts")
	case "systemInstruction", "system_instruction":
		if c.Kind() == scan.String {
			h.opening.system = texts(c, h.opening.system)
			return
		}
		for field := range c.Members() {
			if string(field) == "parts" {
				h.opening.system = texts(c, h.opening.system)
			}
		}
	case "tools":
		h.opening.toolNames(c)
	case "generationConfig", "generation_config":
		for field := range c.Members() {
			if f := string(field); f == "maxOutputTokens" || f == "max_output_tokens" {
				h.output, _ = c.Int()
			}
		}
	case "serviceTier", "service_tier":
		h.tier, _ = c.Text()
	default:
		h.hints.member(c, name)
	}
}

func geminiCLIMember(c *scan.Cursor, name []byte, h *head) {
	switch string(name) {
	case "model":
		h.model, _ = c.Text()
	case "user_prompt_id":
		h.hints.prompt, _ = c.Text()
	case "request":
		for field := range c.Members() {
			if string(field) == "session_id" {
				h.hints.envelope, _ = c.Text()
				continue
			}
			geminiMember(c, field, h)
		}
	default:
		h.hints.member(c, name)
	}
}
