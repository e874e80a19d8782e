package conntest

import (
	"encoding/json"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/sse"
	"github.com/claude-code-hub/cch/internal/domain"
)

// prompt asks for the word that is looked for in the answer.
const prompt = "ping, please reply 'pong'"

// reading is what an answer with status 2xx said.
type reading struct {
	model   string
	text    string
	usage   domain.Usage
	failure string // an error object inside the answer
}

// named keeps the model's name, where there is one.
func (r *reading) named(model gjson.Result) {
	if name := model.String(); name != "" {
		r.model = name
	}
}

// failed takes down an error object in any of the usual forms: some have a
// type, some a code or a status, some are a mere text.
func (r *reading) failed(v gjson.Result) {
	switch {
	case v.Type == gjson.String:
		r.failure = v.String()
	case v.IsObject():
		kind := v.Get("type").String()
		for _, other := range []string{"status", "code"} {
			if kind == "" || kind == "error" {
				kind = v.Get(other).String()
			}
		}
		r.failure = strings.Trim(kind+": "+v.Get("message").String(), ": ")
	}
}

// eachEvent hands on the data of every event of a stream, or the whole body
// where it is none. What is not JSON says nothing.
func eachEvent(contentType string, body []byte, take func(data []byte)) {
	valid := func(data []byte) {
		if json.Valid(data) {
			take(data)
		}
	}
	if !isEventStream(contentType, body) {
		valid(body)
		return
	}
	var frames sse.Reader
	frames.Feed(body)
	frames.Finish()
	for {
		f, ok, err := frames.Next()
		if err != nil || !ok {
			return
		}
		valid(f.Data)
	}
}

// encode makes a request body out of strings, numbers and booleans.
func encode(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic("conntest: encode: " + err.Error())
	}
	return body
}
