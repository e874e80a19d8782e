package convert

import (
	"fmt"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/gemini"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
	"github.com/claude-code-hub/cch/converters/sse"
)

// Rewraps says that two formats differ by the Code Assist envelope alone, so
// that bodies are wrapped or unwrapped and never converted.
func Rewraps(from, to neutral.Format) bool {
	return from == neutral.Gemini && to == neutral.GeminiCLI || from == neutral.GeminiCLI && to == neutral.Gemini
}

// RewrapRequest moves a request into the envelope of a Gemini CLI provider or
// out of it. All other bytes stay.
func RewrapRequest(body []byte, path Path, t *neutral.Target) (*Request, error) {
	model, stream := path.Model, path.Stream || t.AlwaysStream
	if t.ModelName != "" {
		model = t.ModelName
	}
	if t.Format == neutral.GeminiCLI {
		return &Request{Body: gemini.Wrap(body, model, t.Project), Path: gemini.PathCLI(stream)}, nil
	}
	bare, inner, ok := gemini.Unwrap(body)
	if !ok {
		return nil, fmt.Errorf("unwrap request: %w", neutral.ErrNotObject)
	}
	if t.ModelName == "" && inner != "" {
		model = inner
	}
	return &Request{Body: bare, Path: gemini.Path(model, stream)}, nil
}

// Rewrap moves the chunks of an answer between the two envelopes.
type Rewrap struct {
	wrap    bool
	traceID string
	model   string // JSON string; empty = as the upstream names it
	sse     sse.Reader
	out     []byte
}

// NewRewrap returns a Rewrap towards a client of a format; traceID is shown to
// Gemini CLI. Answers name the model so; empty leaves the upstream's name.
func NewRewrap(to neutral.Format, traceID, model string) *Rewrap {
	r := &Rewrap{wrap: to == neutral.GeminiCLI, traceID: traceID}
	if model != "" {
		r.model = string(rawjson.AppendEscaped([]byte{'"'}, model)) + `"`
	}
	return r
}

// Body moves a whole answer. Errors are never in an envelope and stay as they
// are.
func (r *Rewrap) Body(body []byte) []byte {
	switch {
	case gjson.Get(neutral.View(body), "error").Exists():
		return body
	case r.wrap:
		return r.named(gemini.AppendWrapped(nil, body, r.traceID), "response.modelVersion")
	default:
		return r.named(gemini.UnwrapAnswer(body), "modelVersion")
	}
}

// named is an answer that names the model as the client knows it.
func (r *Rewrap) named(answer []byte, path string) []byte {
	if r.model == "" {
		return answer
	}
	s := neutral.View(answer)
	v := gjson.Get(s, path)
	if v.Type != gjson.String {
		return answer
	}
	cuts := rawjson.NewCuts(s)
	cuts.Replace(v, r.model)
	return cuts.Apply()
}

// Feed takes bytes of a stream, cut anywhere, and returns those for the client,
// valid until the next call. It fails with sse.ErrFrameTooLarge.
func (r *Rewrap) Feed(p []byte) ([]byte, error) {
	r.sse.Feed(p)
	return r.frames()
}

// Finish says that the stream has ended and returns the last bytes.
func (r *Rewrap) Finish() ([]byte, error) {
	r.sse.Finish()
	return r.frames()
}

func (r *Rewrap) frames() ([]byte, error) {
	r.out = r.out[:0]
	for {
		f, ok, err := r.sse.Next()
		switch {
		case err != nil:
			return r.out, fmt.Errorf("rewrap stream: %w", err)
		case !ok:
			return r.out, nil
		case len(f.Data) == 0:
			r.out = append(r.out, f.Raw...)
		default:
			r.out = sse.AppendFrame(r.out, string(f.Event), r.Body(f.Data))
		}
	}
}
