package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// reply is what the demo upstream always says.
const reply = "Hello from the demo upstream of Claude Code Hub. No model was asked: this text is built in. " +
	"Your request went through routing, limits and the log like any other; look it up under Requests."

// pong is the answer to whoever asks for it, as connectivity tests do.
const pong = "pong"

// claude answers a Claude request, streamed or whole.
func (s *Server) claude(w http.ResponseWriter, r *http.Request, mode Mode, body []byte) {
	var head struct {
		Model  string `json:"model"`
		Stream bool   `json:"stream"`
	}
	if err := json.Unmarshal(body, &head); err != nil {
		writeFault(w, http.StatusBadRequest, "invalid_request_error", "the body is not JSON")
		return
	}
	model, err := json.Marshal(head.Model)
	if err != nil {
		return
	}
	usage := fmt.Sprintf(`"input_tokens":%d,"cache_read_input_tokens":0,"cache_creation_input_tokens":0`, len(body)/4+1)
	text := reply
	if bytes.Contains(body, []byte("reply 'pong'")) {
		text = pong
	}
	words := strings.SplitAfter(text, " ")
	if head.Stream {
		s.claudeStream(w, r, mode, string(model), usage, words)
		return
	}
	if !wait(r, time.Duration(len(words))*s.pace) { // as long as it would have streamed
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if mode == Cut {
		_, _ = io.WriteString(w, `{"id":"msg_demo","type":"message",`)
		flush(w)
		panic(http.ErrAbortHandler)
	}
	_, _ = fmt.Fprintf(w, `{"id":"msg_demo","type":"message","role":"assistant","model":%s,"content":[{"type":"text","text":%q}],`+
		`"stop_reason":"end_turn","stop_sequence":null,"usage":{%s,"output_tokens":%d}}`, model, text, usage, len(words))
}

func (s *Server) claudeStream(w http.ResponseWriter, r *http.Request, mode Mode, model, usage string, words []string) {
	w.Header().Set("Content-Type", "text/event-stream")
	event := func(name, data string) {
		_, _ = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", name, data)
		flush(w)
	}
	event("message_start", `{"type":"message_start","message":{"id":"msg_demo","type":"message","role":"assistant","model":`+model+
		`,"content":[],"stop_reason":null,"stop_sequence":null,"usage":{`+usage+`,"output_tokens":1}}}`)
	event("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`)
	for i, word := range words {
		if !wait(r, s.pace) {
			return
		}
		if mode == Cut && i == len(words)/2 {
			panic(http.ErrAbortHandler)
		}
		event("content_block_delta", fmt.Sprintf(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":%q}}`, word))
	}
	event("content_block_stop", `{"type":"content_block_stop","index":0}`)
	event("message_delta", fmt.Sprintf(`{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":%d}}`, len(words)))
	event("message_stop", `{"type":"message_stop"}`)
}

func flush(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }
