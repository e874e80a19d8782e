package adminapi

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humamux"

	"github.com/claude-code-hub/cch/internal/domain"
)

// maxDeclaration bounds an uploaded configuration.
const maxDeclaration = 4 << 20

// Declarations write settings, groups, providers and users down as one document
// of YAML, and make the hub like one. What they read and write they do by calling
// operations of this API over hub, with the authority of who asked.
type Declarations interface {
	Export(ctx context.Context, hub http.RoundTripper) ([]byte, error)
	// Import tells what it changed, or would change. A document that cannot be
	// read fails with domain.KindInvalid before anything is changed.
	Import(ctx context.Context, hub http.RoundTripper, document []byte, o domain.DeclarationImport) (domain.DeclarationReport, error)
}

func (a *API) declareDeclarations() {
	tags := []string{"Configuration"}
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "exportConfiguration", Method: http.MethodGet, Path: "/config/export", Tags: tags,
		Summary: "Export settings, groups, providers and users as YAML, without credentials",
		Responses: map[string]*huma.Response{"200": {
			Description: "the document",
			Content:     map[string]*huma.MediaType{"application/yaml": {Schema: &huma.Schema{Type: "string"}}},
		}},
	}, a.exportConfiguration)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "importConfiguration", Method: http.MethodPost, Path: "/config/import", Tags: tags,
		Summary:      "Make the hub like a document of YAML; what it does not name stays, and importing it again changes nothing",
		MaxBodyBytes: maxDeclaration, BodyReadTimeout: time.Minute,
	}, a.importConfiguration)
}

// asCaller keeps the request, in whose name others are made.
type asCaller struct{ request *http.Request }

// Resolve is called before the operation.
func (c *asCaller) Resolve(ctx huma.Context) []error {
	c.request, _ = humamux.Unwrap(ctx)
	return nil
}

type exportConfigurationInput struct{ asCaller }

type yamlOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (a *API) exportConfiguration(ctx context.Context, in *exportConfigurationInput) (*yamlOutput, error) {
	text, err := a.Declarations.Export(ctx, inside{a, in.request})
	if err != nil {
		return nil, err
	}
	return &yamlOutput{ContentType: "application/yaml", Disposition: `attachment; filename="cch.yaml"`, Body: text}, nil
}

type importConfigurationInput struct {
	asCaller

	DryRun  bool   `query:"dryRun"  doc:"say what would change, and change nothing"`
	Secrets bool   `query:"secrets" doc:"write credentials of what exists, too"`
	RawBody []byte `contentType:"application/yaml"`
}

type importConfigurationOutput struct {
	Body struct {
		Changes []string `json:"changes" doc:"in the order in which they are made"`
		Made    int      `json:"made"`
		DryRun  bool     `json:"dryRun"`
	}
}

func (a *API) importConfiguration(ctx context.Context, in *importConfigurationInput) (*importConfigurationOutput, error) {
	r, err := a.Declarations.Import(ctx, inside{a, in.request}, in.RawBody, domain.DeclarationImport{DryRun: in.DryRun, Secrets: in.Secrets})
	if err != nil {
		return nil, err
	}
	out := &importConfigurationOutput{}
	out.Body.Changes, out.Body.Made, out.Body.DryRun = list(r.Changes), r.Made, in.DryRun
	return out, nil
}

// inside calls operations of this API with the authority of a request, and with
// no more than that.
type inside struct {
	api  http.Handler
	from *http.Request
}

// authority is what tells who calls, and from where.
func authority() []string {
	return []string{
		"Authorization", "X-Api-Key", "Cookie", "X-Csrf-Token", "Origin", "Sec-Fetch-Site", "User-Agent",
		"Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-Ip",
	}
}

// RoundTrip answers a request without a connection.
func (i inside) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for _, name := range authority() {
		r.Header.Del(name)
		if v := i.from.Header.Values(name); len(v) > 0 {
			r.Header[name] = v
		}
	}
	r.Host, r.RemoteAddr, r.TLS, r.RequestURI = i.from.Host, i.from.RemoteAddr, i.from.TLS, r.URL.RequestURI()
	w := &memory{header: http.Header{}, status: http.StatusOK}
	i.api.ServeHTTP(w, r)
	return &http.Response{
		StatusCode: w.status, Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), Header: w.header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()),
	}, nil
}

// memory keeps an answer.
type memory struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (m *memory) Header() http.Header         { return m.header }
func (m *memory) WriteHeader(status int)      { m.status = status }
func (m *memory) Write(p []byte) (int, error) { return m.body.Write(p) }
