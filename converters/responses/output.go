package responses

import (
	"strconv"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/openai"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// itemKind is the type an output item is printed as.
type itemKind uint8

const (
	messageItem itemKind = iota
	refusalItem
	reasoningItem
	functionItem
	customItem
	shellItem
)

// callKind is the type of a call, by how the client declared the tool.
func callKind(name string, c *neutral.Client) itemKind {
	switch {
	case c.Custom[name]:
		return customItem
	case c.LocalShell && name == localShell:
		return shellItem
	default:
		return functionItem
	}
}

// names splits a flat name into namespace and name.
func (it *outItem) names(c *neutral.Client) (namespace, name string) {
	if pair, ok := c.Namespaces[it.name]; ok {
		return pair[0], pair[1]
	}
	return "", it.name
}

// print writes the item as it is when it begins, or when it is done.
func (it *outItem) print(w *rawjson.Writer, c *neutral.Client, done bool) {
	w.Obj()
	w.StrField("id", it.id)
	state := "in_progress"
	if done {
		state = "completed"
	}
	switch it.kind {
	case messageItem, refusalItem:
		w.StrField("type", "message")
		w.StrField("status", state)
		w.StrField("role", "assistant")
		w.OpenArr("content")
		if done {
			it.printPart(w, true)
		}
		w.EndArr()
	case reasoningItem:
		it.printReasoning(w, done)
	case functionItem, customItem:
		it.printCall(w, c, state, done)
	case shellItem:
		w.StrField("type", "local_shell_call")
		w.StrField("status", state)
		w.StrField("call_id", it.callID)
		args := "{}"
		if done {
			args = rawjson.Object(string(it.text))
		}
		shellAction(w, args)
	}
	w.End()
}

func (it *outItem) printReasoning(w *rawjson.Writer, done bool) {
	w.StrField("type", "reasoning")
	w.OpenArr("summary")
	if done && len(it.text) > 0 {
		w.Obj()
		w.StrField("type", "summary_text")
		w.StrField("text", string(it.text))
		w.End()
	}
	w.EndArr()
	if !done {
		return
	}
	if it.sig.Vendor == neutral.OpenAI {
		w.StrField("encrypted_content", it.sig.Payload)
	} else {
		w.StrField("encrypted_content", it.sig.Carrier())
	}
}

func (it *outItem) printCall(w *rawjson.Writer, c *neutral.Client, state string, done bool) {
	kind, member := "function_call", "arguments"
	if it.kind == customItem {
		kind, member = "custom_tool_call", "input"
	}
	namespace, name := it.names(c)
	w.StrField("type", kind)
	w.StrField("status", state)
	w.StrField("call_id", it.callID)
	w.StrField("name", name)
	w.OptStr("namespace", namespace)
	if done {
		w.StrField(member, string(it.text))
	} else {
		w.StrField(member, "")
	}
}

// printPart writes the one content part of a message.
func (it *outItem) printPart(w *rawjson.Writer, done bool) {
	text := ""
	if done {
		text = string(it.text)
	}
	w.Obj()
	if it.kind == refusalItem {
		w.StrField("type", "refusal")
		w.StrField("refusal", text)
		w.End()
		return
	}
	w.StrField("type", "output_text")
	w.StrField("text", text)
	w.OpenArr("annotations")
	if done {
		for _, c := range it.cites {
			printCitation(w, c, text)
		}
	}
	w.EndArr()
	w.End()
}

func printCitation(w *rawjson.Writer, c neutral.Citation, text string) {
	from, to := c.Span(text)
	w.Obj()
	w.StrField("type", "url_citation")
	w.StrField("url", c.URL)
	w.StrField("title", c.Title)
	w.IntField("start_index", int64(from))
	w.IntField("end_index", int64(to))
	w.End()
}

// envelope is what all response objects of one answer share.
type envelope struct {
	base    string
	created int64
	model   string
}

func newEnvelope(id, model string, created int64, c *neutral.Client) envelope {
	if created == 0 {
		created = c.Now
	}
	return envelope{base: neutral.BaseID(id, c.RequestID), created: created, model: c.ModelOf(model)}
}

func (e *envelope) itemID(kind itemKind, index int) string {
	prefix := [...]string{"msg_", "msg_", "rs_", "fc_", "ctc_", "lsh_"}[kind]
	return prefix + e.base + "_" + strconv.Itoa(index)
}

// print writes a response object. The request is not echoed in it: it can be
// 100 KB each time, and clients read only id, output, usage and error. usage is
// null until the end.
func (e *envelope) print(w *rawjson.Writer, status string, incomplete *string, output [][]byte, u *neutral.Usage) {
	e.head(w, status)
	w.RawField("error", "null")
	if incomplete != nil {
		w.OpenObj("incomplete_details")
		w.StrField("reason", *incomplete)
		w.End()
	} else {
		w.RawField("incomplete_details", "null")
	}
	e.rest(w, output, u)
}

// printFailed writes a failed response object with the items done so far.
func (e *envelope) printFailed(w *rawjson.Writer, err *neutral.Error, output [][]byte) {
	e.head(w, "failed")
	w.OpenObj("error")
	w.StrField("code", failureCode(err))
	w.StrField("message", openai.ErrorMessage(err))
	w.End()
	w.RawField("incomplete_details", "null")
	e.rest(w, output, nil)
}

func (e *envelope) head(w *rawjson.Writer, status string) {
	w.Obj()
	w.StrField("id", "resp_"+e.base)
	w.StrField("object", "response")
	w.IntField("created_at", e.created)
	w.StrField("status", status)
}

func (e *envelope) rest(w *rawjson.Writer, output [][]byte, u *neutral.Usage) {
	w.RawField("instructions", "null")
	w.RawField("metadata", "{}")
	w.StrField("model", e.model)
	w.OpenArr("output")
	for _, item := range output {
		if item != nil {
			w.Raw(neutral.View(item))
		}
	}
	w.EndArr()
	w.BoolField("parallel_tool_calls", true)
	w.RawField("temperature", "null")
	w.StrField("tool_choice", "auto")
	w.RawField("tools", "[]")
	w.RawField("top_p", "null")
	if u == nil {
		w.RawField("usage", "null")
	} else {
		usage(w, u)
	}
	w.End()
}

func usage(w *rawjson.Writer, u *neutral.Usage) {
	w.OpenObj("usage")
	w.IntField("input_tokens", u.Prompt())
	w.OpenObj("input_tokens_details")
	w.IntField("cached_tokens", u.CacheRead)
	w.IntField("cache_write_tokens", u.CacheWrite())
	w.End()
	w.IntField("output_tokens", u.Completion())
	w.OpenObj("output_tokens_details")
	w.IntField("reasoning_tokens", u.Reasoning)
	w.End()
	w.IntField("total_tokens", u.Prompt()+u.Completion())
	w.End()
}

// status is how a response ends, and why it is incomplete.
func status(f neutral.FinishReason, refused bool) (string, *string) {
	tokens, filter := "max_output_tokens", "content_filter"
	switch f {
	case neutral.FinishLength, neutral.FinishContext:
		return "incomplete", &tokens
	case neutral.FinishFilter:
		return "incomplete", &filter
	case neutral.FinishRefusal:
		if !refused {
			return "incomplete", &filter
		}
	case neutral.FinishStop, neutral.FinishStopSequence, neutral.FinishTool, neutral.FinishPause:
	}
	return "completed", nil
}

// failureCode is the code inside response.failed. An overload is a server_error
// here: on a code of its own Codex ends the turn instead of trying again.
func failureCode(e *neutral.Error) string {
	switch {
	case e.ContextLength:
		return "context_length_exceeded"
	case e.Kind == neutral.RateLimit:
		return "rate_limit_exceeded"
	case e.Kind == neutral.BadRequest:
		return "invalid_prompt"
	case e.Kind == neutral.Payment:
		return "insufficient_quota"
	default:
		return "server_error"
	}
}
