package gateway

import (
	"slices"
	"strings"
	"time"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/http/gateway/intake"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// unstreamedPing is how often a client hears of us while its stream is made as a
// whole.
const unstreamedPing = 5 * time.Second

// unstreams tells whether the client's stream is to be made from a whole answer:
// the operator has listed the model for the caller's groups.
func (x *exchange) unstreams() bool {
	if !x.head.stream || !x.target.judged() {
		return false
	}
	groups := domain.EffectiveGroups(x.key, x.user)
	return slices.ContainsFunc(x.settings().FakeStreaming, func(f domain.FakeStreaming) bool {
		return f.Model == x.model && (len(f.Groups) == 0 || slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(f.Groups, g) }))
	})
}

// unstreams tells whether the provider is asked for a whole answer though the
// client wants a stream.
func (c *call) unstreams() bool { return !c.provider.Conversion.AlwaysStream && c.x.unstreams() }

// askWhole makes the call one for a whole answer, which becomes the stream that
// the client asked for.
func (c *call) askWhole(out *upstream.Call, x *exchange, edits []intake.Edit) []intake.Edit {
	r, err := c.x.decode()
	if err != nil {
		return edits // the provider will say what is wrong with it
	}
	c.foldsBack(convert.ClientOf(r))
	out.Stream = false
	h := &x.head
	if x.target.method != "" { // Gemini says it in the path
		out.Path = strings.TrimSuffix(out.Path, x.target.method) + "generateContent"
		out.RawQuery = without(out.RawQuery, "alt=sse")
		c.conversion.Client.Array = c.conversion.To == neutral.Gemini && out.RawQuery == x.r.URL.RawQuery
		return edits
	}
	if h.options.is { // means nothing without a stream, and some refuse it
		edits = append(edits, intake.Edit{From: h.options.from, To: h.options.to, With: "null"})
	}
	return append(edits, intake.Edit{From: h.asked.from, To: h.asked.to, With: "false"})
}

// without takes a parameter out of a query and leaves the rest as it was.
func without(query, parameter string) string {
	kept := slices.DeleteFunc(strings.Split(query, "&"), func(p string) bool { return p == parameter })
	return strings.Join(kept, "&")
}
