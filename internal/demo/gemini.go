package demo

import (
	"fmt"
	"net/http"
)

// gemini is Google's API.
//
//nolint:gochecknoglobals // read-only table
var gemini = geminiWire(func(document string) string { return document })

// geminiCLI is Code Assist: the same in an envelope.
//
//nolint:gochecknoglobals // read-only table
var geminiCLI = geminiWire(func(document string) string { return `{"response":` + document + `,"traceId":"demo"}` })

// geminiWire speaks Google's API inside an envelope. A stream is one of events,
// or an array of the same documents.
func geminiWire(wrap func(document string) string) wire {
	chunk := func(a *answer, text string, last bool) string {
		document := wrap(geminiChunk(a, text, last))
		if a.array {
			return document
		}
		return event("", "%s", document)
	}
	return wire{
		fault:    geminiFault,
		document: func(a *answer) string { return wrap(geminiChunk(a, a.text(), true)) },
		opening: func(a *answer) []string {
			if a.array {
				return []string{"["}
			}
			return nil
		},
		word: func(a *answer, n int) string {
			if a.array && n > 0 {
				return ",\n" + chunk(a, a.words[n], n == len(a.words)-1)
			}
			return chunk(a, a.words[n], n == len(a.words)-1)
		},
		closing: func(a *answer) []string {
			if a.array {
				return []string{"]"}
			}
			return nil
		},
	}
}

func geminiChunk(a *answer, text string, last bool) string {
	end, output := "", 1
	if last {
		end, output = `,"finishReason":"STOP"`, len(a.words)
	}
	return fmt.Sprintf(`{"candidates":[{"content":{"parts":[{"text":%s}],"role":"model"},"index":0%s}],`+
		`"usageMetadata":{"promptTokenCount":%d,"candidatesTokenCount":%d,"totalTokenCount":%d},"modelVersion":%s,"responseId":"demo"}`,
		quoted(text), end, a.input, output, a.input+output, a.model)
}

func geminiFault(f fault) string {
	status := "INTERNAL"
	switch f.status {
	case http.StatusBadRequest:
		status = "INVALID_ARGUMENT"
	case http.StatusNotFound:
		status = "NOT_FOUND"
	case http.StatusTooManyRequests:
		status = "RESOURCE_EXHAUSTED"
	case statusOverloaded:
		status = "UNAVAILABLE"
	}
	return fmt.Sprintf(`{"error":{"code":%d,"message":%s,"status":"%s"}}`, f.status, quoted(f.message), status)
}
