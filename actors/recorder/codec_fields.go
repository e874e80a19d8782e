package recorder

import (
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// The lists below are the format of the journal: values are only ever added at
// the end of an array, and the numbers of values are part of it.

const recordValues = 6

func recordFields(c *codec, r *protocol.LogRecord) {
	c.array(recordValues, func() {
		c.nested(logValues, func() { logList(c, &r.Log) })
		text(c, &r.Detail.Chain)
		text(c, &r.Detail.Error)
		list(c, &r.Settles, func(c *codec, s *protocol.QuotaSettle) {
			c.nested(settleValues, func() { settleList(c, s) })
		})
		text(c, &r.Detail.Cost)
		text(c, &r.Detail.Special)
	})
	r.Detail.RequestID = r.Log.ID
}

func logFields(c *codec, l *domain.RequestLog) {
	c.array(logValues, func() { logList(c, l) })
}

const begunValues = 6

func begunFields(c *codec, b *domain.BegunLog) {
	c.array(begunValues, func() {
		number(c, &b.ID)
		number(c, &b.Attempt)
		number(c, &b.ProviderID)
		text(c, &b.Model)
		number(c, &b.Estimate)
		number(c, &b.ProviderEstimate)
	})
}

const buriedValues = 3

func buriedFields(c *codec, b *Buried) {
	c.array(buriedValues, func() {
		instant(c, &b.At)
		text(c, &b.Reason)
		blob(c, &b.Record)
	})
}

const logValues = 49

func logList(c *codec, l *domain.RequestLog) {
	number(c, &l.ID)
	instant(c, &l.CreatedAt)
	number(c, &l.UserID)
	number(c, &l.KeyID)
	text(c, &l.SessionID)
	number(c, &l.SessionSeq)

	text(c, &l.Call.Endpoint)
	text(c, &l.Call.Protocol)
	text(c, &l.Call.Class)
	text(c, &l.Call.Model)
	flag(c, &l.Call.Stream)
	number(c, &l.Call.Messages)

	number(c, &l.Result.StatusCode)
	flag(c, &l.Result.Inferred)
	text(c, &l.Result.Outcome)
	text(c, &l.Result.ErrorCode)
	text(c, &l.Result.ErrorMessage)
	text(c, &l.Result.BlockedBy)
	text(c, &l.Result.BlockedReason)

	number(c, &l.Upstream.ProviderID)
	number(c, &l.Upstream.FirstProviderID)
	text(c, &l.Upstream.ProviderName)
	text(c, &l.Upstream.ProviderType)
	text(c, &l.Upstream.ModelSent)
	text(c, &l.Upstream.ModelReturned)
	number(c, &l.Upstream.Attempts)
	number(c, &l.Upstream.CostMultiplier)
	number(c, &l.Upstream.GroupMultiplier)

	number(c, &l.Usage.Input)
	number(c, &l.Usage.Output)
	number(c, &l.Usage.CacheRead)
	number(c, &l.Usage.CacheWrite5m)
	number(c, &l.Usage.CacheWrite1h)
	number(c, &l.Usage.Reasoning)
	text(c, &l.Source)
	number(c, &l.Cost)

	number(c, &l.Timing.Queue)
	number(c, &l.Timing.Duration)
	number(c, &l.Timing.TTFB)
	number(c, &l.Timing.TTFT)

	text(c, &l.Client.IP)
	text(c, &l.Client.UserAgent)
	text(c, &l.Client.Kind)
	text(c, &l.Client.Version)

	number(c, &l.ConfigVersion)
	list(c, &l.Degraded, text[string])
	flag(c, &l.IsDemo)
	number(c, &l.Binding)
	flag(c, &l.IsReplay)
}

const settleValues = 31

func settleFields(c *codec, s *protocol.QuotaSettle) {
	c.array(settleValues, func() { settleList(c, s) })
}

func settleList(c *codec, s *protocol.QuotaSettle) {
	number(c, &s.ReqID)
	number(c, &s.Attempt)
	text(c, &s.Kind)
	number(c, &s.N)
	lease := s.LeaseID[:]
	blob(c, &lease)
	copy(s.LeaseID[:], lease)
	number(c, &s.UserID)
	number(c, &s.KeyID)
	text(c, &s.SessionID)
	number(c, &s.Charge)
	number(c, &s.ProviderCost)
	text(c, &s.State)
	number(c, &s.T)
	flag(c, &s.IsFinal)
	factList(c, &s.Row)
}

// factList moves the ledger columns of a settlement, but for the session, which
// the settlement has already.
func factList(c *codec, f *domain.LedgerFacts) {
	number(c, &f.ProviderID)
	number(c, &f.GroupID)
	reported := f.Reported != nil
	flag(c, &reported)
	var cost domain.Money
	if f.Reported != nil {
		cost = *f.Reported
	}
	number(c, &cost)
	if reported && c.dec != nil { // what is written out is left alone
		read := cost
		f.Reported = &read
	}
	number(c, &f.PriceID)
	text(c, &f.PriceNode)
	text(c, &f.Model)
	number(c, &f.Usage.Input)
	number(c, &f.Usage.Output)
	number(c, &f.Usage.CacheRead)
	number(c, &f.Usage.CacheWrite5m)
	number(c, &f.Usage.CacheWrite1h)
	number(c, &f.Usage.Reasoning)
	flag(c, &f.IsSuccess)
	flag(c, &f.CountsForRate)
	number(c, &f.Duration)
	number(c, &f.TTFB)
	number(c, &f.TTFT)
}
