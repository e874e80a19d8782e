package gateway

import (
	"net/http"
	"strings"

	"github.com/claude-code-hub/cch/internal/domain"
)

// endpoint is what a call is for.
type endpoint struct {
	route
	path   string // to ask upstreams for
	method string // Gemini: what is asked of the model, behind the colon
	model  string // where the path names it
}

// route is what the paths of one endpoint have in common.
type route struct {
	protocol domain.Protocol // decides the shape of errors, served or not
	class    domain.CallClass
	handling handling
	dialect  *dialect // of bodies and answers; nil: nothing is served here
	stream   bool     // the path asks for a stream
	only     bool     // listing: of models for this protocol and no other
}

// handling is how much of a call is looked at and may be changed.
type handling uint8

const (
	// conversation: the body is read and may be edited, the answer is judged
	// before the client sees any of it.
	conversation handling = iota
	// invocation: as conversation, but the answer has no content to wait for.
	invocation
	// verbatim: the body is read and passed on as it came, so is the answer.
	verbatim
	// resource: nothing is read, and bodies pass while they arrive.
	resource
	// listing: the gateway answers by itself which models there are.
	listing
)

// judged tells whether answers must hold content.
func (e *endpoint) judged() bool { return e.handling == conversation }

// editable tells whether bodies may be changed.
func (e *endpoint) editable() bool { return e.handling <= invocation }

// find tells what a call is for. Paths are taken without regard to case and to
// one trailing slash.
func find(method, path string) endpoint {
	given := path
	path = normal(path)
	if e, ok := findGemini(method, given, path); ok {
		return e
	}
	e := endpoint{path: path, route: route{protocol: protocolOf(path)}}
	switch method {
	case http.MethodPost:
		if r, ok := posts(path); ok {
			e.route = r
			return e
		}
	case http.MethodGet:
		if r, ok := listings(path); ok {
			e.route = r
			return e
		}
	}
	if r, ok := resources(path); ok {
		e.route, e.path = r, given // ids know upper and lower case
	}
	return e
}

// posts are the endpoints that are called by POST alone.
func posts(path string) (route, bool) {
	switch path {
	case "/v1/messages":
		return route{protocol: domain.ProtocolClaude, class: domain.CallGenerate, handling: conversation, dialect: &claude}, true
	case "/v1/messages/count_tokens":
		return route{protocol: domain.ProtocolClaude, class: domain.CallCount, handling: invocation, dialect: &claude}, true
	case "/v1/chat/completions":
		return route{protocol: domain.ProtocolChat, class: domain.CallGenerate, handling: conversation, dialect: &chat}, true
	case "/v1/completions", "/v1/embeddings":
		return route{protocol: domain.ProtocolChat, class: domain.CallGenerate, handling: invocation, dialect: &chat}, true
	case "/v1/responses":
		return route{protocol: domain.ProtocolResponses, class: domain.CallGenerate, handling: conversation, dialect: &responses}, true
	case "/v1/responses/input_tokens":
		return route{protocol: domain.ProtocolResponses, class: domain.CallCount, handling: invocation, dialect: &responses}, true
	case "/v1/responses/compact":
		return route{protocol: domain.ProtocolResponses, class: domain.CallGenerate, handling: verbatim, dialect: &responses}, true
	}
	// Answers about media count tokens as Responses does.
	if segment := secondSegment(path); segment == "images" || segment == "audio" || segment == "videos" {
		return route{protocol: domain.ProtocolChat, class: domain.CallGenerate, handling: verbatim, dialect: &media}, true
	}
	return route{}, false
}

// listings are where clients ask which models there are.
func listings(path string) (route, bool) {
	r := route{protocol: domain.ProtocolChat, class: domain.CallResource, handling: listing, dialect: &chat}
	switch path {
	case "/v1/models":
	case "/v1/chat/models", "/v1/chat/completions/models":
		r.only = true
	case "/v1/responses/models":
		r.protocol, r.only = domain.ProtocolResponses, true
	case "/v1beta/models":
		r.protocol = domain.ProtocolGemini
	default:
		return route{}, false
	}
	return r, true
}

// resources are whole trees of paths that are passed through.
func resources(path string) (route, bool) {
	pass := func(p domain.Protocol, d *dialect) (route, bool) {
		return route{protocol: p, class: domain.CallResource, handling: resource, dialect: d}, true
	}
	switch {
	case strings.HasPrefix(path, "/v1/responses/"):
		return pass(domain.ProtocolResponses, &responses)
	case path == "/v1beta/files", strings.HasPrefix(path, "/v1beta/files/"):
		return pass(domain.ProtocolGemini, &gemini)
	case !strings.HasPrefix(path, "/v1/"):
		return route{}, false
	}
	switch secondSegment(path) {
	case "images", "audio", "videos",
		"moderations", "files", "uploads", "batches", "fine_tuning", "evals", "assistants", "threads",
		"conversations", "vector_stores", "containers", "realtime", "skills", "chatkit":
		return pass(domain.ProtocolChat, &chat)
	}
	return route{}, false
}

func normal(path string) string {
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	return strings.ToLower(path)
}

// secondSegment is "files" of /v1/files/x.
func secondSegment(path string) string {
	_, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	segment, _, _ := strings.Cut(rest, "/")
	return segment
}

// protocolOf is the protocol whose clients call such a path; it decides the
// shape of an error before anything else is known.
func protocolOf(path string) domain.Protocol {
	switch {
	case strings.HasPrefix(path, "/v1/messages"):
		return domain.ProtocolClaude
	case strings.HasPrefix(path, "/v1/responses"):
		return domain.ProtocolResponses
	case strings.HasPrefix(path, "/v1internal"):
		return domain.ProtocolGeminiCLI
	case strings.HasPrefix(path, "/v1beta/"), strings.HasPrefix(path, "/v1/publishers/"),
		strings.HasPrefix(path, "/v1/models/"):
		return domain.ProtocolGemini
	}
	return domain.ProtocolChat
}
