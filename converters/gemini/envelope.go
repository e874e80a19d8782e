package gemini

import (
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// Wrap puts a bare Gemini request into the Code Assist envelope. The request's
// bytes stay, but for serviceTier, which is not known there.
func Wrap(body []byte, model, project string) []byte {
	w := &rawjson.Writer{B: make([]byte, 0, len(body)+len(model)+len(project)+64)}
	w.Obj()
	w.StrField("model", model)
	w.OptStr("project", project)
	w.Key("request")
	w.B = append(w.B, withoutTier(body)...)
	w.End()
	return w.B
}

func withoutTier(body []byte) []byte {
	s := neutral.View(body)
	cuts := rawjson.NewCuts(s)
	cuts.Members(gjson.Parse(s), func(key string, _ gjson.Result) bool { return key == "serviceTier" })
	if cuts.Empty() {
		return body
	}
	return cuts.Apply()
}

// Unwrap takes a request out of the Code Assist envelope: the bare request's
// bytes as they are, but for session_id, and the model. It returns false if
// there is no envelope.
func Unwrap(body []byte) (bare []byte, model string, ok bool) {
	s := neutral.View(body)
	inner := gjson.Get(s, "request")
	if !rawjson.Valid(s) || !inner.IsObject() {
		return nil, "", false
	}
	cuts := rawjson.NewCuts(inner.Raw)
	cuts.Members(gjson.Parse(inner.Raw), func(key string, _ gjson.Result) bool { return key == "session_id" })
	return cuts.Apply(), gjson.Get(s, "model").Str, true
}

// AppendWrapped appends an answer or a chunk in the envelope of an answer.
func AppendWrapped(dst []byte, answer []byte, traceID string) []byte {
	w := &rawjson.Writer{B: append(dst, `{"response":`...)}
	w.B = append(w.B, answer...)
	w.StrField("traceId", traceID)
	w.End()
	return w.B
}

// UnwrapAnswer is the answer or chunk inside an envelope, data itself if there
// is none.
func UnwrapAnswer(data []byte) []byte {
	if inner := gjson.Get(neutral.View(data), "response"); inner.IsObject() {
		return []byte(inner.Raw)
	}
	return data
}
