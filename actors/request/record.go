package request

import (
	"time"
	"unicode/utf8"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
	"github.com/claude-code-hub/cch/internal/routing"
)

const (
	maxLogMessage  = 1000
	maxDetailError = 4000
)

// record collects what the log row will say.
type record struct {
	chain     chain
	binding   domain.ProviderID // see domain.RequestLog.Binding
	degraded  []string          // never changed in place
	handedOut time.Time         // of the first attempt
	first     domain.ProviderID
	handed    int    // attempts handed out
	served    served // by the attempt handed out last
	last      *protocol.AttemptResult
	costed    costed
	special   []domain.SpecialSetting // of all attempts
	trace     domain.RouteTrace
	earlier   []work // attempts before the last that cost something
}

// served is who was called, and with what.
type served struct {
	provider   *domain.Provider
	model      string
	multiplier domain.Multiplier // of the group
	attempts   int
}

// calling notes that an attempt is handed out.
func (r *record) calling(s *slot, now time.Time) {
	if r.handedOut.IsZero() {
		r.handedOut, r.first = now, s.choice.Provider.ID
	}
	r.handed++
	r.serving(s)
}

// serving notes whose answer the request's will be, so far as is known.
func (r *record) serving(s *slot) {
	r.served = servedBy(s)
}

func servedBy(s *slot) served {
	return served{
		provider: s.choice.Provider, model: s.model, multiplier: s.choice.GroupMultiplier, attempts: s.n,
	}
}

// logRecord completes the row that was opened when the request came. Every
// request gets one, refused ones too; an admitted one owes a settlement, which
// closes its reservation.
func (m *machine) logRecord(now time.Time) *protocol.LogRecord {
	row := m.req.Log
	row.SessionSeq, row.Binding = m.seq(), m.record.binding
	row.Result = m.ending.result
	row.Result.ErrorMessage = clip(row.Result.ErrorMessage, maxLogMessage)
	row.Degraded = m.record.degraded
	row.ConfigVersion = m.plan.Catalog().Version()
	row.Timing = m.timing(now)
	m.describeUpstream(&row)
	last := m.work()
	cost := m.bill(&last)
	earlier := m.earlierCosts()
	row.Cost = cost.Charge
	for i := range earlier {
		row.Cost += earlier[i].Charge
	}
	m.billed, m.settled = row.Cost, true
	cost.Earlier = earlier
	if cost.State == string(pricing.StateUnpriced) {
		m.node.prices.Missed()
	}
	m.record.special = append(m.record.special, m.found(&last, &cost)...)
	rec := &protocol.LogRecord{Log: row, Detail: m.detail(&cost)}
	rec.Settles = m.settlements(&row, &cost)
	return rec
}

// Lost is the record of a request whose actor is gone and wrote none: its client
// left, or it was broken off. Its leases are the keeper's to give back. at is the
// last attempt it was to make, nil if it came to none, and begun whether that
// was being answered: then nobody knows what it cost, and its estimate is due.
func Lost(a *protocol.Admit, at *protocol.Attempt, begun, clientGone bool, now time.Time) *protocol.LogRecord {
	m := newMachine(nil, node{}, a, routing.Compile(a.Catalog)) // without effects: it never runs
	m.began = now
	if clientGone {
		m.ending = m.leftEarly(now)
	} else {
		m.ending = m.interrupted("the request's actor was lost", now)
	}
	rec := m.logRecord(now)
	if at != nil {
		rec.Settles = []protocol.QuotaSettle{lostSettlement(m.req, at, begun)}
	}
	return rec
}

func (m *machine) timing(now time.Time) domain.TimingRecord {
	from := m.req.ReceivedAt
	t := domain.TimingRecord{Duration: max(0, now.Sub(from))}
	admitted := m.record.handedOut
	if admitted.IsZero() {
		admitted = now
	}
	t.Queue = m.req.Log.Timing.Queue + max(0, admitted.Sub(m.began)) // at the door, then here
	if last := m.record.last; last != nil {
		if last.TTFB > 0 {
			t.TTFB = max(0, last.StartedAt.Add(last.TTFB).Sub(from))
		}
		if last.TTFT > 0 {
			t.TTFT = max(0, last.StartedAt.Add(last.TTFT).Sub(from))
		}
	}
	return t
}

// describeUpstream fills in who served the request, or was called last.
func (m *machine) describeUpstream(row *domain.RequestLog) {
	s := &m.record.served
	p := s.provider
	if p == nil {
		return
	}
	row.IsDemo = row.IsDemo || p.IsDemo()
	row.Upstream = domain.UpstreamRecord{
		ProviderID: p.ID, FirstProviderID: m.record.first, ProviderName: p.Name, ProviderType: p.Type,
		ModelSent: s.model, Attempts: m.record.handed,
		CostMultiplier: p.Routing.CostMultiplier, GroupMultiplier: s.multiplier,
	}
	if last := m.record.last; last != nil {
		row.Upstream.ModelReturned = last.ModelReturned
		row.Usage, row.Source = last.Usage, last.UsageSource
	}
}

// clip cuts s to at most n bytes without splitting a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
