package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// reply is what the demo upstream always says.
const reply = "Hello from the demo upstream of Claude Code Hub. No model was asked: this text is built in. " +
	"Your request went through routing, limits and the log like any other; look it up under Requests."

// pong is the answer to whoever asks for it, as connectivity tests do.
const pong = "pong"

// wire is one protocol as the demo upstream speaks it. It holds no state.
type wire struct {
	// fault is an error document.
	fault func(f fault) string
	// document is a whole answer.
	document func(a *answer) string
	// opening, word and closing are the events of a streamed answer.
	opening func(a *answer) []string
	word    func(a *answer, n int) string
	closing func(a *answer) []string
}

// answer is what there is to say, and to whom.
type answer struct {
	model string   // as a JSON string
	words []string // with their blanks
	input int      // tokens
	array bool     // Gemini: a stream that is a JSON array
}

func (a *answer) text() string { return strings.Join(a.words, "") }

// fault is an error that the demo upstream plays.
type fault struct {
	status  int    // of the document, which Fake200 sends with another
	kind    string // in Claude's words
	message string
}

// wireOf finds the protocol by the path, and the model where that names it.
func wireOf(path string) (w *wire, model string) {
	if _, method, ok := strings.Cut(path, ":"); ok && method != "" {
		if strings.HasPrefix(path, "/v1internal") {
			return &geminiCLI, ""
		}
		model, _, _ = strings.Cut(path[strings.LastIndexByte(path, '/')+1:], ":")
		return &gemini, model
	}
	switch {
	case strings.Contains(path, "/responses"):
		return &responses, ""
	case strings.Contains(path, "/chat/"):
		return &chat, ""
	}
	return &claude, ""
}

// answer serves a path in its protocol.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, mode Mode, path string, body []byte) {
	spoken, model := wireOf(path)
	tokens := len(body)/4 + 1
	if count := countOf(path, tokens); count != "" {
		writeJSON(w, http.StatusOK, count)
		return
	}
	if !generates(path) {
		spoken.refuse(w, fault{http.StatusNotFound, "not_found_error", "the demo upstream does not know this path"})
		return
	}
	var head struct {
		Model  string `json:"model"`
		Stream bool   `json:"stream"`
	}
	if err := json.Unmarshal(body, &head); err != nil {
		spoken.refuse(w, fault{http.StatusBadRequest, "invalid_request_error", "the body is not JSON"})
		return
	}
	if model == "" {
		model = head.Model
	}
	a := &answer{model: quoted(model), input: tokens}
	a.words = strings.SplitAfter(reply, " ")
	if bytes.Contains(body, []byte("reply 'pong'")) {
		a.words = []string{pong}
	}
	streamed := head.Stream
	if strings.HasSuffix(path, ":streamGenerateContent") {
		streamed, a.array = true, r.URL.Query().Get("alt") != "sse"
	}
	if streamed {
		s.stream(w, r, mode, spoken, a)
		return
	}
	s.whole(w, r, mode, spoken, a)
}

// generates tells whether a path asks for an answer of a model.
func generates(path string) bool {
	for _, end := range [...]string{"/messages", "/chat/completions", "/responses", ":generateContent", ":streamGenerateContent"} {
		if strings.HasSuffix(path, end) {
			return true
		}
	}
	return false
}

// countOf is the answer to a call that counts tokens, empty for others.
func countOf(path string, tokens int) string {
	n := strconv.Itoa(tokens)
	switch {
	case strings.HasSuffix(path, "/messages/count_tokens"):
		return `{"input_tokens":` + n + `}`
	case strings.HasSuffix(path, "/responses/input_tokens"):
		return `{"object":"response.input_tokens","input_tokens":` + n + `}`
	case strings.HasSuffix(path, ":countTokens"):
		return `{"totalTokens":` + n + `}`
	}
	return ""
}

// whole sends the answer as one document, after as long as a stream would take.
func (s *Server) whole(w http.ResponseWriter, r *http.Request, mode Mode, spoken *wire, a *answer) {
	if !wait(r, time.Duration(len(a.words))*s.pace) {
		return
	}
	document := spoken.document(a)
	if mode == Cut {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, document[:len(document)/3])
		flush(w)
		panic(http.ErrAbortHandler)
	}
	writeJSON(w, http.StatusOK, document)
}

// stream sends the answer word by word.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, mode Mode, spoken *wire, a *answer) {
	w.Header().Set("Content-Type", "text/event-stream")
	if a.array {
		w.Header().Set("Content-Type", "application/json")
	}
	send := func(frames ...string) {
		for _, f := range frames {
			_, _ = io.WriteString(w, f)
			flush(w)
		}
	}
	send(spoken.opening(a)...)
	for i := range a.words {
		if !wait(r, s.pace) {
			return
		}
		if mode == Cut && i == len(a.words)/2 {
			panic(http.ErrAbortHandler)
		}
		send(spoken.word(a, i))
	}
	send(spoken.closing(a)...)
}

// refuse answers with an error in the protocol's shape.
func (w *wire) refuse(to http.ResponseWriter, f fault) { writeJSON(to, f.status, w.fault(f)) }

func writeJSON(w http.ResponseWriter, status int, document string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, document)
}

// event is a frame of an event stream; without a name it has data alone.
func event(name, format string, args ...any) string {
	data := fmt.Sprintf(format, args...)
	if name == "" {
		return "data: " + data + "\n\n"
	}
	return "event: " + name + "\ndata: " + data + "\n\n"
}

// quoted is a text as a JSON string.
func quoted(s string) string {
	b, _ := json.Marshal(s) // strings always marshal
	return string(b)
}

func flush(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }
