package request

import (
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

// target is where a provider is called: one of its vendor's endpoints, or its
// own URL if there are none.
type target struct {
	known     bool
	endpoints []*domain.Endpoint // the best first
	at        int
}

// endpoint is the one to call; nil = the provider's own URL.
func (t *target) endpoint() *domain.Endpoint {
	if t.at < len(t.endpoints) {
		return t.endpoints[t.at]
	}
	return nil
}

func (t *target) id() domain.EndpointID {
	if e := t.endpoint(); e != nil {
		return e.ID
	}
	return 0
}

func (t *target) url() string {
	if e := t.endpoint(); e != nil {
		return e.URL
	}
	return ""
}

// more tells whether there is another endpoint behind the present one.
func (t *target) more() bool { return t.at+1 < len(t.endpoints) }

// next moves on after a failure that may be the endpoint's own.
func (t *target) next(f domain.FailureKind) {
	if routing.NextEndpoint(f) && t.more() {
		t.at++
	}
}

// aim looks up, once for each choice, where its provider is called.
func (m *machine) aim(s *slot, now time.Time) {
	if s.target.known || s.choice.Provider.VendorID == 0 {
		return
	}
	in := m.input(now)
	s.target = target{known: true, endpoints: in.Endpoints(s.choice.Provider.ID)}
}

// allTimedOut tells whether the request got no answer in time from any endpoint
// of the present provider that it tried.
func (m *machine) allTimedOut() bool {
	n := 0
	for i := range m.tries {
		if t := &m.tries[i]; t.Provider == m.slot.choice.Provider.ID {
			if t.Failure != domain.FailTimeout {
				return false
			}
			n++
		}
	}
	return n > 0
}

// reportEndpoint tells the pool's actor how a call to one of its endpoints ended.
func (m *machine) reportEndpoint(res *protocol.AttemptResult, givenUp bool, now time.Time) {
	e := m.slot.target.endpoint()
	if e == nil {
		return
	}
	m.fx.tell(holder{protocol.PoolHolder, e.Pool().String()}, &protocol.EndpointReport{
		Pool: e.Pool(), Endpoint: e.ID, ReqID: m.req.ID, Class: res.Class, Failure: res.Failure, Status: res.Status,
		AllTimedOut: givenUp && m.allTimedOut(), T: now.UnixMilli(), Message: clip(res.Excerpt, maxReportMessage),
	})
}
