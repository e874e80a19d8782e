package adminapi

import (
	"context"
	"net/http"
	"runtime"

	"github.com/danielgtaylor/huma/v2"
)

func (a *API) declarePublic() {
	tags := []string{"System"}
	operation(a, LevelPublic, huma.Operation{
		OperationID: "siteMeta", Method: http.MethodGet, Path: "/public/site-meta", Tags: tags,
		Summary: "What the sign-in page shows",
	}, a.siteMeta)
	operation(a, LevelPublic, huma.Operation{
		OperationID: "health", Method: http.MethodGet, Path: "/health", Tags: tags,
		Summary: "Whether this node can serve: 503 when not",
	}, a.health)
}

type siteMetaOutput struct {
	Body struct {
		Title    string  `json:"title"`
		Version  string  `json:"version"`
		Origin   *string `json:"origin"   doc:"public URL, if configured"`
		Timezone *string `json:"timezone"`
		Locale   string  `json:"locale"`
		Setup    string  `json:"setup"    enum:"needed,done" doc:"needed until there is a provider"`
	}
}

func (a *API) siteMeta(context.Context, *struct{}) (*siteMetaOutput, error) {
	catalog, out := a.Catalog.Current(), &siteMetaOutput{}
	b, s := &out.Body, catalog.Settings()
	b.Title, b.Version, b.Origin, b.Timezone, b.Locale = s.SiteTitle, a.Version, optional(a.AppURL), optional(s.Timezone), "en"
	b.Setup = "done"
	if len(catalog.Providers()) == 0 {
		b.Setup = "needed"
	}
	return out, nil
}

// HealthReport is the state of this node.
type HealthReport struct {
	Status     string                     `json:"status"     enum:"healthy,degraded,unhealthy"`
	Version    string                     `json:"version"`
	Uptime     int64                      `json:"uptime"     doc:"seconds"`
	Components map[string]ComponentHealth `json:"components"`
}

// ComponentHealth is the state of one thing the node needs.
type ComponentHealth struct {
	Status    string `json:"status"            enum:"up,down,unchecked"`
	LatencyMs int64  `json:"latencyMs"`
	Detail    string `json:"detail,omitempty"`
}

// Ready tells whether the node should get requests.
func (h *HealthReport) Ready() bool { return h.Status != StatusUnhealthy }

// The states of a node.
const (
	StatusHealthy   = "healthy"
	StatusDegraded  = "degraded"
	StatusUnhealthy = "unhealthy"
)

type healthReportOutput struct {
	Status int
	Body   HealthReport
}

func (a *API) health(ctx context.Context, _ *struct{}) (*healthReportOutput, error) {
	out := &healthReportOutput{Status: http.StatusOK, Body: a.Health(ctx)}
	if !out.Body.Ready() {
		out.Status = http.StatusServiceUnavailable
	}
	return out, nil
}

type versionOutput struct {
	Body struct {
		Version    string `json:"version"`
		APIVersion int    `json:"apiVersion"`
		GoVersion  string `json:"goVersion"`
		Platform   string `json:"platform"`
	}
}

func (a *API) systemVersion(context.Context, *struct{}) (*versionOutput, error) {
	out := &versionOutput{}
	out.Body.Version, out.Body.APIVersion = a.Version, 1
	out.Body.GoVersion, out.Body.Platform = runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH
	return out, nil
}
