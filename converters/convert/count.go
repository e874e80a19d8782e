package convert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// EncodeCount prints a request that asks a target how many tokens a prompt has.
// It returns false for formats without such an endpoint: see EstimateTokens.
func EncodeCount(r *neutral.Request, t *neutral.Target) (*Request, bool, error) {
	still := *t
	still.AlwaysStream = false
	asked := *r
	asked.Stream = false
	switch t.Format {
	case neutral.Claude:
		out, err := Encode(&asked, &still)
		return only(out, err, "/v1/messages/count_tokens",
			"model", "messages", "system", "tools", "tool_choice", "thinking", "output_config")
	case neutral.Responses:
		out, err := Encode(&asked, &still)
		return only(out, err, "/v1/responses/input_tokens",
			"model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "reasoning", "text")
	case neutral.Gemini:
		out, err := Encode(&asked, &still)
		if err != nil {
			return nil, true, err
		}
		w := &rawjson.Writer{B: []byte(`{"generateContentRequest":{`)}
		w.StrField("model", "models/"+t.Name(r))
		w.B = append(append(append(w.B, ','), strings.TrimPrefix(neutral.View(out.Body), "{")...), '}')
		out.Body, out.Path = w.B, "/v1beta/models/"+t.Name(r)+":countTokens"
		return out, true, nil
	case neutral.Chat, neutral.GeminiCLI:
	}
	return nil, false, nil
}

// only keeps the members that the counting endpoint knows; it refuses others.
func only(out *Request, err error, path string, known ...string) (*Request, bool, error) {
	if err != nil {
		return nil, true, err
	}
	s := neutral.View(out.Body)
	cuts := rawjson.NewCuts(s)
	cuts.Members(gjson.Parse(s), func(key string, _ gjson.Result) bool { return !slices.Contains(known, key) })
	out.Body, out.Path = cuts.Apply(), path
	return out, true, nil
}

// ReadCount reads the number in an answer of a counting endpoint.
func ReadCount(from neutral.Format, body []byte) (int64, error) {
	path := "input_tokens"
	if from == neutral.Gemini || from == neutral.GeminiCLI {
		path = "totalTokens"
	}
	root, err := neutral.ParseBody(body)
	if err != nil {
		return 0, fmt.Errorf("read token count: %w", err)
	}
	n := root.Get(path)
	if n.Type != gjson.Number || n.Num < 0 {
		return 0, fmt.Errorf("read token count: the answer holds no %s", path)
	}
	return n.Int(), nil
}

// Count words a number of tokens for a client of a format.
func Count(to neutral.Format, tokens int64) []byte {
	w := &rawjson.Writer{}
	w.Obj()
	switch to {
	case neutral.Gemini, neutral.GeminiCLI:
		w.IntField("totalTokens", tokens)
	case neutral.Responses:
		w.StrField("object", "response.input_tokens")
		w.IntField("input_tokens", tokens)
	case neutral.Claude, neutral.Chat:
		w.IntField("input_tokens", tokens)
	}
	w.End()
	return w.B
}
