package convert

import (
	"fmt"
	"strings"

	"github.com/claude-code-hub/cch/converters/chat"
	"github.com/claude-code-hub/cch/converters/claude"
	"github.com/claude-code-hub/cch/converters/gemini"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/responses"
)

// Path is what a Gemini client says in the request's path instead of its body.
type Path struct {
	Model  string
	Stream bool
}

// Decode reads a request body of a format. The result holds views of the body,
// which must not change while it is in use. It fails only if the body is not a
// JSON object.
func Decode(from neutral.Format, body []byte, path Path) (*neutral.Request, error) {
	switch from {
	case neutral.Claude:
		return claude.Decode(body)
	case neutral.Chat:
		return chat.Decode(body)
	case neutral.Responses:
		return responses.Decode(body)
	case neutral.Gemini, neutral.GeminiCLI:
		return gemini.Decode(body, path.Model, path.Stream)
	}
	return nil, fmt.Errorf("decode request: no such format %q", from)
}

// Unconvertible is the name of the first capability that a request needs and a
// target cannot carry, "" if it can carry all.
func Unconvertible(r *neutral.Request, t *neutral.Target) string {
	return neutral.Missing(r.Needs, t).First()
}

// UnconvertibleMessage is what a client is told when no provider is left that
// can carry a capability.
func UnconvertibleMessage(capability string) string {
	return capability + " cannot be converted to the format of any available provider"
}

// Request is a request ready for a provider.
type Request struct {
	Body []byte
	// Path is the path and query to call; "" if the format's usual path will do.
	Path string
	// Drops are the codes of what was left out, in their listed order.
	Drops []string
	// Names maps tool names that had to be changed to the client's. It belongs
	// into the Exchange that reads the answer.
	Names map[string]string
	// StripFence says that the answer may come in a code fence that has to go:
	// the schema was asked for in words only. It belongs into the Exchange too.
	StripFence bool
}

// Encode prints a request for a target. It fails with neutral.ErrNoMessages if
// nothing is left to answer. The caller has asked Unconvertible before.
func Encode(r *neutral.Request, t *neutral.Target) (*Request, error) {
	drops := append(neutral.Drops(nil), r.Drops...)
	out := &Request{}
	var err error
	switch t.Format {
	case neutral.Claude:
		out.Body, out.Names, err = claude.Encode(r, t, &drops)
		out.StripFence = r.Output.Mode == neutral.OutputSchema && !t.Model.StructuredOutput
	case neutral.Chat:
		out.Body, out.Names, err = chat.Encode(r, t, &drops)
	case neutral.Responses:
		out.Body, out.Names, err = responses.Encode(r, t, &drops)
	case neutral.Gemini:
		out.Path = gemini.Path(t.Name(r), t.Streams(r))
		out.Body, out.Names, err = gemini.Encode(r, t, &drops)
	case neutral.GeminiCLI:
		out.Path = gemini.PathCLI(t.Streams(r))
		out.Body, out.Names, err = gemini.Encode(r, t, &drops)
	default:
		err = fmt.Errorf("no such format %q", t.Format)
	}
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	out.Drops = drops.Sorted()
	return out, nil
}

// ClientOf is what writers of answers have to know of a request, apart from its
// body: names of tools are copied. Clock and ids are the caller's to fill in.
func ClientOf(r *neutral.Request) neutral.Client {
	c := neutral.Client{Model: strings.Clone(r.Model), WantUsage: r.WantUsage, LocalShell: r.LocalShell}
	if len(r.Custom) > 0 {
		c.Custom = make(map[string]bool, len(r.Custom))
		for name, custom := range r.Custom {
			c.Custom[strings.Clone(name)] = custom
		}
	}
	if len(r.Namespaces) > 0 {
		c.Namespaces = make(map[string][2]string, len(r.Namespaces))
		for flat, pair := range r.Namespaces {
			c.Namespaces[strings.Clone(flat)] = [2]string{strings.Clone(pair[0]), strings.Clone(pair[1])}
		}
	}
	return c
}

// Home takes the gateway's own tokens out of a body that goes to a provider of
// its own format, which would refuse them. Every other byte stays. budgetModel
// says that the model is a Claude that takes thinking budgets. It returns the
// body itself and false if there is nothing to do.
func Home(f neutral.Format, body []byte, budgetModel bool) ([]byte, bool) {
	switch f {
	case neutral.Claude:
		return claude.Home(body, budgetModel)
	case neutral.Chat:
		return chat.Home(body)
	case neutral.Responses:
		return responses.Home(body)
	case neutral.Gemini, neutral.GeminiCLI:
		return gemini.Home(body)
	}
	return body, false
}

// Strip takes all signed thinking of the format's own vendor out of a body, for
// a provider that refused it because another account was given it. Everything
// else stays as with Home; Chat has nothing of the kind.
func Strip(f neutral.Format, body []byte) ([]byte, bool) {
	switch f {
	case neutral.Claude:
		return claude.Strip(body)
	case neutral.Responses:
		return responses.Strip(body)
	case neutral.Gemini, neutral.GeminiCLI:
		return gemini.Strip(body)
	case neutral.Chat:
	}
	return body, false
}

// WithoutCallIDs takes the ids of function calls out of a body of Gemini's, for a
// provider that refuses them; other formats cannot do without.
func WithoutCallIDs(f neutral.Format, body []byte) ([]byte, bool) {
	if f == neutral.Gemini || f == neutral.GeminiCLI {
		return gemini.WithoutCallIDs(body)
	}
	return body, false
}

// WithBudget gives a body a thinking budget that no provider finds too small;
// only Claude's have one in tokens that is refused for its size.
func WithBudget(f neutral.Format, body []byte) ([]byte, bool) {
	if f == neutral.Claude {
		return claude.WithBudget(body)
	}
	return body, false
}

// WithoutEffort takes the effort out of a body that switches thinking off, for a
// provider that refuses the two together.
func WithoutEffort(f neutral.Format, body []byte) ([]byte, bool) {
	if f == neutral.Claude || f == neutral.Chat {
		return neutral.WithoutEffort(body)
	}
	return body, false
}

// WithoutBilling takes Claude Code's billing line out of a body, for a provider
// that refuses it; nobody else sends one.
func WithoutBilling(f neutral.Format, body []byte) ([]byte, bool) {
	if f == neutral.Claude {
		return claude.WithoutBilling(body)
	}
	return body, false
}

// EstimateTokens guesses the size of a prompt for providers that cannot count:
// its text at 3.6 bytes a token, and 1500 tokens an image.
func EstimateTokens(r *neutral.Request) int64 {
	var bytes, images int64
	var count func(parts []neutral.Part)
	count = func(parts []neutral.Part) {
		for i := range parts {
			p := &parts[i]
			bytes += int64(p.Text.Len() + len(p.Title) + len(p.Name) + len(p.Args))
			if p.IsMedia() {
				images++
			}
			count(p.Parts)
		}
	}
	count(r.System)
	for i := range r.Messages {
		count(r.Messages[i].Parts)
	}
	for i := range r.Tools {
		t := &r.Tools[i]
		bytes += int64(len(t.Name) + len(t.Desc) + len(t.Schema) + len(t.Grammar))
	}
	return (bytes*10+35)/36 + images*1500
}
