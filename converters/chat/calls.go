package chat

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// call is a tool call whose pieces are arriving. Id, name and arguments may
// come in any order and in any chunk.
type call struct {
	key    int64
	n      int // block, -1 until the name is known
	id     string
	custom bool
	sig    neutral.Sig
	held   []byte // arguments that came before the name
	scan   rawjson.Scanner
	closed bool
}

// call takes one entry of tool_calls.
func (r *Reader) call(e gjson.Result) {
	c := r.entry(e)
	if c.closed {
		return
	}
	if c.id == "" {
		c.id = strings.Clone(e.Get("id").Str)
	}
	if s := e.Get("extra_content.google.thought_signature").Str; s != "" && c.n < 0 {
		c.sig = neutral.Sig{Vendor: neutral.Google, Payload: strings.Clone(s)}
	}
	fn, argsName := e.Get("function"), "arguments"
	if custom := e.Get("custom"); custom.IsObject() {
		fn, argsName, c.custom = custom, "input", true
	}
	args := fn.Get(argsName)
	piece := args.Str
	if args.IsObject() { // some servers send the arguments as an object
		piece = rawjson.Compact(args.Raw)
	}
	c.scan.Feed(piece)
	if name := fn.Get("name").Str; c.n < 0 && name != "" {
		r.open(c, name)
	}
	if c.n < 0 {
		c.held = append(c.held, piece...)
		return
	}
	r.arguments(c, piece)
}

// entry finds the call an entry belongs to, or begins one. Entries are keyed by
// index; without one, or when an index comes again with another id and a name,
// a new id begins a new call.
func (r *Reader) entry(e gjson.Result) *call {
	id, index := e.Get("id").Str, e.Get("index")
	var last *call
	for _, c := range slices.Backward(r.calls) {
		if !index.Exists() || c.key == index.Int() {
			last = c
			break
		}
	}
	named := e.Get("function.name").Str != "" || e.Get("custom.name").Str != ""
	fresh := last != nil && id != "" && last.id != "" && id != last.id && (named || !index.Exists())
	if last != nil && !fresh {
		return last
	}
	c := &call{key: index.Int(), n: -1}
	r.calls = append(r.calls, c)
	return c
}

// open begins the block of a call. Earlier calls whose arguments are complete
// are over; others go on beside it.
func (r *Reader) open(c *call, name string) {
	for _, earlier := range r.calls {
		if earlier != c && earlier.n >= 0 && !earlier.closed && earlier.scan.Complete() {
			earlier.closed = true
			r.em.Close(earlier.n)
		}
	}
	if c.id == "" {
		c.id = "call_" + r.baseID() + "_" + strconv.Itoa(r.em.Calls())
	}
	c.n = r.em.OpenCall(c.id, name, c.custom, c.sig)
	r.arguments(c, neutral.View(c.held))
	c.held = nil
}

func (r *Reader) arguments(c *call, piece string) {
	if c.custom {
		r.em.CustomDelta(c.n, piece)
	} else {
		r.em.Delta(c.n, neutral.CallBlock, piece)
	}
}

func (r *Reader) baseID() string {
	if r.base == "" {
		r.base = neutral.BaseID("", r.requestID)
	}
	return r.base
}
