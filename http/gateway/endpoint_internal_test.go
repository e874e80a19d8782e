package gateway

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func TestWhatPathsMean(t *testing.T) {
	t.Parallel()
	const (
		gen, count, res = domain.CallGenerate, domain.CallCount, domain.CallResource
		cl, ch, rs      = domain.ProtocolClaude, domain.ProtocolChat, domain.ProtocolResponses
		gm, gc          = domain.ProtocolGemini, domain.ProtocolGeminiCLI
	)
	for call, want := range map[string]endpoint{
		"POST /v1/messages":                 {route: route{protocol: cl, class: gen, handling: conversation, dialect: &claude}, path: "/v1/messages"},
		"POST /V1/Messages/":                {route: route{protocol: cl, class: gen, handling: conversation, dialect: &claude}, path: "/v1/messages"},
		"POST /v1/messages/count_tokens":    {route: route{protocol: cl, class: count, handling: invocation, dialect: &claude}, path: "/v1/messages/count_tokens"},
		"GET /v1/messages":                  {route: route{protocol: cl}, path: "/v1/messages"},
		"POST /v1/messages/batches":         {route: route{protocol: cl}, path: "/v1/messages/batches"},
		"POST /v1/chat/completions":         {route: route{protocol: ch, class: gen, handling: conversation, dialect: &chat}, path: "/v1/chat/completions"},
		"POST /v1/completions":              {route: route{protocol: ch, class: gen, handling: invocation, dialect: &chat}, path: "/v1/completions"},
		"POST /v1/embeddings":               {route: route{protocol: ch, class: gen, handling: invocation, dialect: &chat}, path: "/v1/embeddings"},
		"POST /v1/responses":                {route: route{protocol: rs, class: gen, handling: conversation, dialect: &responses}, path: "/v1/responses"},
		"GET /v1/responses":                 {route: route{protocol: rs}, path: "/v1/responses"},
		"POST /v1/responses/compact":        {route: route{protocol: rs, class: gen, handling: verbatim, dialect: &responses}, path: "/v1/responses/compact"},
		"POST /v1/responses/input_tokens":   {route: route{protocol: rs, class: count, handling: invocation, dialect: &responses}, path: "/v1/responses/input_tokens"},
		"GET /v1/responses/resp_Ab":         {route: route{protocol: rs, class: res, handling: resource, dialect: &responses}, path: "/v1/responses/resp_Ab"},
		"POST /v1/responses/resp_Ab/cancel": {route: route{protocol: rs, class: res, handling: resource, dialect: &responses}, path: "/v1/responses/resp_Ab/cancel"},
		"GET /v1/responses/models":          {route: route{protocol: rs, class: res, handling: listing, dialect: &chat, only: true}, path: "/v1/responses/models"},
		"POST /v1/images/generations":       {route: route{protocol: ch, class: gen, handling: verbatim, dialect: &media}, path: "/v1/images/generations"},
		"GET /v1/videos/video_Ab/content":   {route: route{protocol: ch, class: res, handling: resource, dialect: &chat}, path: "/v1/videos/video_Ab/content"},
		"POST /v1/files":                    {route: route{protocol: ch, class: res, handling: resource, dialect: &chat}, path: "/v1/files"},
		"DELETE /v1/files/file-Ab":          {route: route{protocol: ch, class: res, handling: resource, dialect: &chat}, path: "/v1/files/file-Ab"},
		"POST /v1/batches":                  {route: route{protocol: ch, class: res, handling: resource, dialect: &chat}, path: "/v1/batches"},
		"GET /v1/models":                    {route: route{protocol: ch, class: res, handling: listing, dialect: &chat}, path: "/v1/models"},
		"GET /v1beta/models/":               {route: route{protocol: gm, class: res, handling: listing, dialect: &chat}, path: "/v1beta/models"},
		"POST /v1/models":                   {route: route{protocol: ch}, path: "/v1/models"},
		"POST /v1/sponge":                   {route: route{protocol: ch}, path: "/v1/sponge"},
		"GET /v1/filesystem":                {route: route{protocol: ch}, path: "/v1/filesystem"},
		"GET /v1beta/files":                 {route: route{protocol: gm, class: res, handling: resource, dialect: &gemini}, path: "/v1beta/files"},
		"POST /v1internal:streamGeneratecontent": {
			route: route{protocol: gc, class: gen, handling: conversation, dialect: &geminiCLI, stream: true}, path: "/v1internal:streamGenerateContent", method: "streamGenerateContent",
		},
		"POST /v1internal:loadCodeAssist": {
			route: route{protocol: gc, class: res, handling: resource, dialect: &geminiCLI}, path: "/v1internal:loadCodeAssist", method: "loadCodeAssist",
		},
		"POST /v1internal:predict": {route: route{protocol: gc}, path: "/v1internal:predict"},
		"POST /v1internal/models/Gem:countTokens": {
			route: route{protocol: gc, class: count, handling: invocation, dialect: &geminiCLI},
			path:  "/v1internal/models/Gem:countTokens", method: "countTokens", model: "Gem",
		},
		"POST /v1beta/models/Gemini-2.5:generateContent": {
			route: route{protocol: gm, class: gen, handling: conversation, dialect: &gemini},
			path:  "/v1beta/models/Gemini-2.5:generateContent", method: "generateContent", model: "Gemini-2.5",
		},
		"POST /V1Beta/Models/g:STREAMGENERATECONTENT/": {
			route: route{protocol: gm, class: gen, handling: conversation, dialect: &gemini, stream: true},
			path:  "/v1beta/models/g:streamGenerateContent", method: "streamGenerateContent", model: "g",
		},
		"POST /v1/publishers/google/models/g:countTokens": {
			route: route{protocol: gm, class: count, handling: invocation, dialect: &gemini},
			path:  "/v1/publishers/google/models/g:countTokens", method: "countTokens", model: "g",
		},
		"POST /v1/models/g:batchEmbedContents": {
			route: route{protocol: gm, class: gen, handling: invocation, dialect: &gemini},
			path:  "/v1/models/g:batchEmbedContents", method: "batchEmbedContents", model: "g",
		},
		"POST /v1beta/models/:generateContent":    {route: route{protocol: gm}, path: "/v1beta/models/:generatecontent"},
		"POST /v1beta/models/a/b:generateContent": {route: route{protocol: gm}, path: "/v1beta/models/a/b:generatecontent"},
		"POST /v1beta/models/a:b:generateContent": {route: route{protocol: gm}, path: "/v1beta/models/a:b:generatecontent"},
		"POST /v1beta/models/g:sing":              {route: route{protocol: gm}, path: "/v1beta/models/g:sing"},
		"GET /v1beta/models/g:generateContent":    {route: route{protocol: gm}, path: "/v1beta/models/g:generatecontent"},
		"POST /v1beta/models/g:loadCodeAssist":    {route: route{protocol: gm}, path: "/v1beta/models/g:loadcodeassist"},
	} {
		method, path, _ := strings.Cut(call, " ")
		require.Equal(t, want, find(method, path), call)
	}
}

func TestThePathNamesAnotherModel(t *testing.T) {
	t.Parallel()
	e := find("POST", "/v1beta/models/gemini-2.5-pro:streamGenerateContent")
	require.Equal(t, "/v1beta/models/other:streamGenerateContent", e.asked("other"))
	require.Equal(t, e.path, e.asked("gemini-2.5-pro"))
	e = find("POST", "/v1/chat/completions")
	require.Equal(t, e.path, e.asked("other"), "the body names it")
}
