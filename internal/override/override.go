// Package override writes the values that an operator chose for a provider into
// requests: effort, thinking, output limits, tools that the provider runs itself
// and the lifetime of caches.
//
// Requests are in the provider's own format by then. What is not overridden
// stays byte for byte, and where a value does not fit the request it is left
// out. The package knows no I/O. Start with [Body].
package override

import (
	"encoding/json"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/rawjson"
	"github.com/claude-code-hub/cch/internal/domain"
)

// Request is what decides about the values.
type Request struct {
	Provider *domain.Provider
	Model    string          // as it is sent
	CacheTTL domain.CacheTTL // empty = the client's
}

// Any tells whether there may be something to write.
func (r *Request) Any() bool {
	return r.Provider.Overrides != nil || r.caches()
}

// caches tells whether the lifetime of caches is the operator's.
func (r *Request) caches() bool {
	return r.CacheTTL != "" && r.Provider.Type.Protocol() == domain.ProtocolClaude
}

// Done is what was written.
type Done struct {
	Changes []domain.ParameterChange
	// Search tells that Google's search was put in or taken out, Cached that
	// lifetimes of caches were changed.
	Search, Cached bool
}

// Body writes the values into a valid JSON object. Without a change it is the
// same string.
func Body(doc string, r *Request) (string, Done) {
	e := editor{doc: doc}
	o := r.Provider.Overrides
	if o == nil {
		o = &domain.Overrides{}
	}
	switch r.Provider.Type {
	case domain.TypeClaude, domain.TypeClaudeAuth:
		e.claude(o, r.Model)
		if r.caches() {
			e.cacheTTL(r.CacheTTL)
		}
	case domain.TypeCodex:
		e.codex(o)
	case domain.TypeGemini:
		e.googleSearch(o.GoogleSearch, "")
	case domain.TypeGeminiCLI:
		e.googleSearch(o.GoogleSearch, "request")
	case domain.TypeOpenAICompatible:
	}
	return e.doc, e.done
}

type editor struct {
	doc  string
	done Done
}

// place makes a path of names.
func place(names ...string) (p rawjson.Path) {
	for _, name := range names {
		if name != "" {
			p = append(p, rawjson.Step{Name: name})
		}
	}
	return p
}

func (e *editor) find(names ...string) (gjson.Result, bool) {
	return rawjson.Lookup(e.doc, place(names...))
}

// put writes a JSON value at a member of the document or of one of its members.
func (e *editor) put(value string, names ...string) {
	old, _ := e.find(names...)
	if old.Raw == value {
		return
	}
	next, err := rawjson.Put(e.doc, place(names...), value)
	if err != nil {
		return // what the client sent there is something else: the provider will say so
	}
	e.doc = next
	e.changed(dotted(names), old.Raw, value)
}

func (e *editor) text(value string, names ...string) {
	if value != "" {
		e.put(string(rawjson.AppendString(nil, value)), names...)
	}
}

func (e *editor) drop(names ...string) {
	old, found := e.find(names...)
	if !found {
		return
	}
	e.doc, _ = rawjson.Drop(e.doc, place(names...))
	e.changed(dotted(names), old.Raw, "")
}

func dotted(names []string) string {
	path := ""
	for _, name := range names {
		if path != "" && name != "" {
			path += "."
		}
		path += name
	}
	return path
}

// maxShown is the size up to which values are told, in bytes.
const maxShown = 200

func (e *editor) changed(path, before, after string) {
	show := func(raw string) json.RawMessage {
		switch {
		case raw == "":
			return json.RawMessage("null")
		case len(raw) > maxShown:
			return json.RawMessage(`"…"`)
		}
		return json.RawMessage(raw)
	}
	e.done.Changes = append(e.done.Changes, domain.ParameterChange{Path: path, Before: show(before), After: show(after)})
}

// codex writes what Responses calls its parameters.
func (e *editor) codex(o *domain.Overrides) {
	e.text(o.ReasoningEffort, "reasoning", "effort")
	e.text(o.ReasoningSummary, "reasoning", "summary")
	e.text(o.TextVerbosity, "text", "verbosity")
	if o.ParallelTools != nil {
		e.put(strconv.FormatBool(*o.ParallelTools), "parallel_tool_calls")
	}
	e.text(o.ServiceTier, "service_tier")
	e.imageGeneration(o.ImageGeneration)
}

const imageTool = "image_generation"

func (e *editor) imageGeneration(want domain.ToolSwitch) {
	isImage := func(v gjson.Result) bool { return v.IsObject() && v.Get("type").Str == imageTool }
	switch want {
	case domain.ToolEnabled:
		e.addTool(`{"type":"`+imageTool+`"}`, isImage, "tools")
	case domain.ToolDisabled:
		if e.cutTools(isImage, "tools") {
			if choice, _ := e.find("tool_choice"); isImage(choice) {
				e.drop("tool_choice")
			}
		}
	}
}

// addTool puts a tool behind the others, unless there is one of its kind.
func (e *editor) addTool(tool string, is func(gjson.Result) bool, names ...string) {
	tools, found := e.find(names...)
	n := 0
	if found && tools.Type != gjson.Null {
		if !tools.IsArray() {
			return
		}
		for _, t := range tools.Array() {
			if is(t) {
				return
			}
			n++
		}
	}
	next, err := rawjson.Put(e.doc, append(place(names...), rawjson.Step{Index: n}), tool)
	if err != nil {
		return
	}
	e.doc = next
	e.changed(dotted(names), "", tool)
}

// cutTools takes tools of a kind out, and the list with the last of them.
func (e *editor) cutTools(is func(gjson.Result) bool, names ...string) bool {
	tools, found := e.find(names...)
	if !found {
		return false
	}
	cuts := rawjson.NewCuts(e.doc)
	gone, left := cuts.Elements(tools, is)
	switch {
	case gone == 0:
		return false
	case left == 0:
		e.doc, _ = rawjson.Drop(e.doc, place(names...))
	default:
		e.doc = string(cuts.Apply())
	}
	e.changed(dotted(names), tools.Raw, "")
	return true
}

// googleSearch puts Google's own search in or takes it out. Newer and older
// names of it count.
func (e *editor) googleSearch(want domain.ToolSwitch, envelope string) {
	before := len(e.done.Changes)
	switch want {
	case domain.ToolEnabled:
		e.addTool(`{"googleSearch":{}}`, searches, envelope, "tools")
	case domain.ToolDisabled:
		e.withoutSearch(envelope)
	}
	e.done.Search = len(e.done.Changes) > before
}

func isSearch(name string) bool {
	switch name {
	case "googleSearch", "google_search", "googleSearchRetrieval", "google_search_retrieval":
		return true
	}
	return false
}

func searches(tool gjson.Result) (found bool) {
	if tool.IsObject() {
		tool.ForEach(func(k, _ gjson.Result) bool {
			found = found || isSearch(k.Str)
			return true
		})
	}
	return found
}

// withoutSearch takes the search out of tools that hold more than it first, then
// the others as a whole.
func (e *editor) withoutSearch(envelope string) {
	alone := func(tool gjson.Result) bool {
		only := searches(tool)
		if only {
			tool.ForEach(func(k, _ gjson.Result) bool {
				only = only && isSearch(k.Str)
				return true
			})
		}
		return only
	}
	tools, _ := e.find(envelope, "tools")
	if !tools.IsArray() {
		return
	}
	cuts := rawjson.NewCuts(e.doc)
	for _, tool := range tools.Array() {
		if searches(tool) && !alone(tool) {
			cuts.Members(tool, func(name string, _ gjson.Result) bool { return isSearch(name) })
		}
	}
	if !cuts.Empty() {
		e.doc = string(cuts.Apply())
		e.changed(dotted([]string{envelope, "tools"}), tools.Raw, "")
	}
	e.cutTools(alone, envelope, "tools")
}
