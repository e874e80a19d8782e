package middleware

import "net/http"

// response remembers what an answer began with.
type response struct {
	http.ResponseWriter
	status int // 0 = nothing sent yet
}

func (w *response) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK { // 1xx announces more to come
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Direct is the writer behind, once the answer has begun: what follows its head
// need not come through here.
func (w *response) Direct() http.ResponseWriter {
	if w.status == 0 {
		return w
	}
	return w.ResponseWriter
}

// Unwrap lets http.ResponseController reach flushing and deadlines.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// FlushError flushes. http.ResponseController would find the way by itself,
// but for every event of a stream anew.
func (w *response) FlushError() error {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	if f, ok := w.ResponseWriter.(interface{ FlushError() error }); ok {
		return f.FlushError()
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush serves those who still assert http.Flusher.
func (w *response) Flush() { _ = w.FlushError() } // not every writer can
