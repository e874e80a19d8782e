package server

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claude-code-hub/cch/http/adminapi"
)

// Component is one thing the node needs, e.g. its database.
type Component struct {
	Name string
	// Check tells whether the component works, within Timeout. Nil means that it
	// is not in use: it is shown as unchecked.
	Check    func(ctx context.Context) error
	Timeout  time.Duration
	Critical bool // without it the node cannot serve
}

// Health knows whether the node can serve. Safe for concurrent use.
type Health struct {
	version    string
	now        func() time.Time
	started    time.Time
	components []Component
	draining   atomic.Bool
}

// NewHealth makes the health of a node that starts now.
func NewHealth(version string, now func() time.Time, components ...Component) *Health {
	return &Health{version: version, now: now, started: now(), components: components}
}

// Drain makes the node unready for good: it is shutting down.
func (h *Health) Drain() { h.draining.Store(true) }

// Report checks every component at the same time. What a check fails with is
// not shown: the report is public.
func (h *Health) Report(ctx context.Context) adminapi.HealthReport {
	r := adminapi.HealthReport{
		Status: adminapi.StatusHealthy, Version: h.version, Uptime: int64(h.now().Sub(h.started).Seconds()),
		Components: map[string]adminapi.ComponentHealth{"proxy": {Status: "up"}},
	}
	states := make([]adminapi.ComponentHealth, len(h.components))
	var wg sync.WaitGroup
	for i := range h.components {
		wg.Go(func() { states[i] = h.check(ctx, &h.components[i]) })
	}
	wg.Wait()
	for i, c := range h.components {
		r.Components[c.Name] = states[i]
		switch {
		case states[i].Status != "down":
		case c.Critical:
			r.Status = adminapi.StatusUnhealthy
		case r.Status == adminapi.StatusHealthy:
			r.Status = adminapi.StatusDegraded
		}
	}
	if h.draining.Load() {
		r.Status = adminapi.StatusUnhealthy
		r.Components["proxy"] = adminapi.ComponentHealth{Status: "down", Detail: "shutting down"}
	}
	return r
}

func (h *Health) check(ctx context.Context, c *Component) adminapi.ComponentHealth {
	if c.Check == nil {
		return adminapi.ComponentHealth{Status: "unchecked"}
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	began := h.now()
	err := c.Check(ctx)
	state := adminapi.ComponentHealth{Status: "up", LatencyMs: h.now().Sub(began).Milliseconds()}
	if err != nil {
		state.Status, state.Detail = "down", "the check failed"
		if ctx.Err() != nil {
			state.Detail = "the check took too long"
		}
	}
	return state
}

// ready answers 200 when the node should get requests, else 503.
func (h *Health) ready(w http.ResponseWriter, r *http.Request) {
	report := h.Report(r.Context())
	status := http.StatusOK
	if !report.Ready() {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, report)
}

// live answers 200 as long as the process can answer at all.
func (h *Health) live(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "alive", "version": h.version})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}
