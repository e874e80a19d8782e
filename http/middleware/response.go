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

// Unwrap lets http.ResponseController reach flushing and deadlines.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush serves those who still assert http.Flusher.
func (w *response) Flush() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	_ = http.NewResponseController(w.ResponseWriter).Flush() // not every writer can
}
