package request

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
	"github.com/claude-code-hub/cch/internal/routing"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

type health map[domain.ProviderID]domain.ProviderHealth

func (h health) Health(id domain.ProviderID) (domain.ProviderHealth, bool) {
	v, ok := h[id]
	return v, ok
}

// script notes the effects of a machine as short lines.
type script struct {
	lines  []string
	held   map[domain.LeaseID]string
	msgs   []any         // of ask and tell
	within time.Duration // of the last ask
	record *protocol.LogRecord
	last   protocol.Decision
	ended  bool
	spent  *protocol.QuotaRefusal // what an emergency is answered

	thrifty bool // no call may be made twice
}

func (s *script) note(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

func name(h holder) string {
	if h.kind == protocol.LeaseProvider {
		return string(h.kind) + " " + h.key
	}
	return string(h.kind)
}

func (s *script) ask(to holder, _ uint64, lease domain.LeaseID, msg any, within time.Duration) {
	s.within = within
	s.note("ask %s", name(to))
	s.held[lease] = name(to)
	s.msgs = append(s.msgs, msg)
}

func (s *script) tell(to holder, msg any) {
	s.note("tell %s %s", name(to), strings.TrimPrefix(fmt.Sprintf("%T", msg), "*protocol."))
	s.msgs = append(s.msgs, msg)
}

func (s *script) emergency(time.Time) *protocol.QuotaRefusal {
	s.note("emergency")
	return s.spent
}

func (s *script) closed(lease domain.LeaseID) {
	s.note("closed %s", s.held[lease])
	delete(s.held, lease)
}

func (s *script) answer(d protocol.Decision) {
	s.last = d
	switch {
	case d.Attempt != nil:
		s.note("answer attempt %d at %d", d.Attempt.N, d.Attempt.ProviderID)
	case d.Reject != nil:
		s.note("answer %s", d.Reject.Fault.Code)
	case d.Done != nil:
		s.note("answer done")
	case d.Await:
		s.note("answer await")
	}
}

func (s *script) journal(rec *protocol.LogRecord) {
	s.record = rec
	s.note("journal %s", rec.Log.Result.Outcome)
}

func (s *script) mayHedge(int) bool { return !s.thrifty }

func (s *script) wake(time.Duration) { s.note("wake") }

func (s *script) stop() {
	s.note("stop")
	s.ended = true
}

// took returns the effects since it was called last.
func (s *script) took() []string {
	lines := s.lines
	s.lines = nil
	return lines
}

// listOf is the price list of a catalog, in a world where ids are its own.
func listOf(c *domain.Catalog) *pricing.List {
	if len(c.Prices()) == 0 {
		return seed().For(c)
	}
	p, err := pricing.NewPrices()
	if err != nil {
		panic(err)
	}
	return p.For(c)
}

// seed is the list inside the binary alone.
var seed = sync.OnceValue(func() *pricing.Prices {
	p, err := pricing.NewPrices()
	if err != nil {
		panic(err)
	}
	return p
})

// world is what a test may change before its machine is made.
type world struct {
	providers []*domain.Provider
	endpoints []*domain.Endpoint
	settings  domain.Settings
	prices    []*domain.ModelPrice
	groups    []*domain.Group
	health    health
	short     int // see node.shortContext
	admit     *protocol.Admit
	request   *protocol.Request
}

func newWorld(edit ...func(*world)) *world {
	w := &world{settings: domain.DefaultSettings(), health: health{}}
	for id := range 3 {
		w.providers = append(w.providers, &domain.Provider{
			ID: domain.ProviderID(id + 1), Name: fmt.Sprintf("p%d", id+1), Type: domain.TypeClaude, Enabled: true,
			// One provider per tier: picks go 1, 2, 3.
			Routing: domain.Routing{Weight: 1, Priority: id, CostMultiplier: domain.MultiplierOne},
			Breaker: domain.DefaultBreakerSettings(),
		})
	}
	w.request = &protocol.Request{
		ID: 4711, ReceivedAt: noon.Add(-5 * time.Millisecond), Key: &domain.Key{ID: 9}, User: &domain.User{ID: 8, CostMultiplier: domain.MultiplierOne},
		Groups: []string{"default"}, Session: domain.SessionKey{KeyID: 9, ID: "s"}, SessionSource: domain.SessionFromClient,
		Protocol: domain.ProtocolClaude, Class: domain.CallGenerate, Model: "claude-sonnet-4-5", Stream: true, Messages: 3, Seed: 1,
		Log: domain.RequestLog{ID: 4711, UserID: 8, KeyID: 9, SessionID: "s"},
	}
	for _, e := range edit {
		e(w)
	}
	w.admit = &protocol.Admit{Request: w.request, Catalog: domain.NewCatalog(domain.Configuration{
		Version: 3, Settings: w.settings, Providers: w.providers, Endpoints: w.endpoints, Prices: w.prices, Groups: w.groups,
	})}
	return w
}

// run is a machine with what it has done.
type run struct {
	*machine
	fx *script
}

func (w *world) run() run {
	fx := &script{held: map[domain.LeaseID]string{}}
	m := newMachine(fx, node{name: "n1", health: w.health, shortContext: w.short, prices: listOf(w.admit.Catalog)}, w.admit, routing.Compile(w.admit.Catalog))
	return run{machine: m, fx: fx}
}

var (
	granted = &protocol.QuotaGrant{OK: true}
	spent   = &protocol.QuotaGrant{Refusal: &protocol.QuotaRefusal{
		Limit: domain.LimitRPM, Scope: domain.ScopeUser, Current: 60, Max: 60, Reason: protocol.RefusedLimitReached,
		ResetAt: noon.Add(20 * time.Second).UnixMilli(),
	}}
	inLine = &protocol.QuotaWait{Until: noon.Add(3 * time.Second).UnixMilli()}
	view   = &protocol.SessionView{Generation: 5, Seq: 2}
	free   = &protocol.SlotGrant{OK: true, Breaker: domain.BreakerClosed, Generation: 7}
	full   = &protocol.SlotGrant{DeniedBy: protocol.DeniedConcurrentLimit, InUse: 4, Limit: 4, RetryAfterMs: 900}
)

// to brings a fresh machine into a state.
func (r run) to(t testing.TB, want state) run {
	t.Helper()
	if want >= admitting {
		r.start(noon)
	}
	if want >= acquiring {
		r.quotaAnswered(granted, noon)
		r.sessionAnswered(view, noon)
	}
	if want >= attempting {
		r.slotAnswered(free, 0, noon)
	}
	switch {
	case want == backingOff:
		r.attempted(r.failure(500), noon)
	case want >= settling:
		r.attempted(r.success(), noon)
	}
	if want == dead {
		r.journaled(nil)
	}
	require.Equal(t, want.String(), r.state.String())
	r.fx.took()
	return r
}

func (r run) success() *protocol.AttemptResult {
	return &protocol.AttemptResult{
		N: r.slot.n, Class: domain.ClassOK, Status: 200, Committed: true, Complete: true,
		StartedAt: noon, TTFB: 40 * time.Millisecond, TTFT: 60 * time.Millisecond, Took: time.Second,
		Usage: domain.Usage{Input: 10, Output: 20}, UsageSource: domain.UsageUpstream, ModelReturned: "claude-sonnet-4-5-x",
		Metered: domain.Metered{Passes: []domain.UsagePass{{Input: 10, Output: 20}}},
	}
}

func (r run) failure(status int) *protocol.AttemptResult {
	return &protocol.AttemptResult{
		N: r.slot.n, Class: domain.ClassProviderError, Failure: domain.FailStatus, Status: status,
		StartedAt: noon, Took: 30 * time.Millisecond, Excerpt: "it broke",
	}
}
