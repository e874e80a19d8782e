package gateway

import (
	"net/http"
	"strings"

	"github.com/claude-code-hub/cch/internal/domain"
)

// findGemini reads the paths of Google's APIs, {prefix}/{model}:{method}, and
// the few of Code Assist that name no model, /v1internal:{method}. path is given
// in lower case; the model keeps its spelling.
func findGemini(verb, given, path string) (endpoint, bool) {
	colon := strings.LastIndexByte(path, ':')
	if verb != http.MethodPost || colon < 0 {
		return endpoint{}, false
	}
	prefix, model, ok := geminiModel(given, path[:colon])
	if !ok {
		return endpoint{}, false
	}
	assist := strings.HasPrefix(prefix, "/v1internal")
	r, method, ok := geminiMethod(path[colon+1:], assist)
	if !ok || model == "" && !assist {
		return endpoint{}, false
	}
	e := endpoint{route: r, method: method, model: model, path: prefix + model + ":" + method}
	return e, true
}

// geminiModel cuts what stands before the colon into prefix and model.
func geminiModel(given, path string) (prefix, model string, ok bool) {
	if path == "/v1internal" {
		return path, "", true
	}
	for _, prefix := range [...]string{"/v1beta/models/", "/v1/models/", "/v1/publishers/google/models/", "/v1internal/models/"} {
		if strings.HasPrefix(path, prefix) {
			model := given[len(prefix):len(path)]
			return prefix, model, model != "" && !strings.ContainsAny(model, "/:")
		}
	}
	return "", "", false
}

// geminiMethod is what a method means, and how it is spelt.
func geminiMethod(name string, assist bool) (route, string, bool) {
	r := route{protocol: domain.ProtocolGemini, class: domain.CallGenerate, handling: conversation, dialect: &gemini}
	if assist {
		r.protocol, r.dialect = domain.ProtocolGeminiCLI, &geminiCLI
	}
	for _, method := range [...]string{
		"generateContent", "streamGenerateContent", "countTokens", "loadCodeAssist", "onboardUser", "embedContent",
		"batchEmbedContents", "batchGenerateContent", "asyncBatchEmbedContent", "predict", "predictLongRunning",
	} {
		if !strings.EqualFold(method, name) {
			continue
		}
		switch method {
		case "generateContent":
		case "streamGenerateContent":
			r.stream = true
		case "countTokens":
			r.class, r.handling = domain.CallCount, invocation
		case "loadCodeAssist", "onboardUser":
			r.class, r.handling = domain.CallResource, resource
			return r, method, assist
		default:
			r.handling = invocation
			return r, method, !assist
		}
		return r, method, true
	}
	return route{}, "", false
}

// asked is the path to ask an upstream for when it knows the model by another
// name.
func (e *endpoint) asked(model string) string {
	if e.model == "" || model == e.model {
		return e.path
	}
	return e.path[:len(e.path)-len(e.method)-1-len(e.model)] + model + ":" + e.method
}
