package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
)

// journalWait is how long an answer waits for its record. A journal that is
// slower than that is broken, and clients shall not stand still with it.
const journalWait = 2 * time.Second

// row is the head of the request's record.
func (x *exchange) row() domain.RequestLog {
	userAgent := x.r.UserAgent()
	client := agentOf(userAgent)
	row := domain.RequestLog{
		ID: x.id, CreatedAt: x.at, SessionID: x.session.id, ConfigVersion: x.catalog.Version(),
		Call: domain.CallRecord{
			Endpoint: clip(x.r.URL.Path, 256), Protocol: x.target.protocol, Class: x.target.class,
			Model: x.model, Stream: x.head.stream, Messages: x.head.messages,
		},
		Client: domain.ClientRecord{IP: x.ip, UserAgent: clip(userAgent, 512), Kind: client.kind, Version: client.version},
	}
	row.Timing.Queue = x.queued
	if x.key != nil {
		row.KeyID, row.UserID = x.key.ID, x.key.UserID
		row.IsDemo = x.key.UserID == x.settings().Setup.Demo.User
	}
	return row
}

// open journals that the request began, as soon as a provider is called. The
// answer's first byte waits for it, see journaled.
func (g *Gateway) open(x *exchange, a *protocol.Attempt) {
	row := x.row()
	row.SessionSeq, row.Degraded = a.SessionSeq, a.Degraded
	x.opened = newReceipt()
	g.Recorder.Started(&row, x.opened.done)
}

// receipt is the journal's word that a record is safe.
type receipt struct{ ch chan error }

func newReceipt() *receipt { return &receipt{ch: make(chan error, 1)} }

func (r *receipt) done(err error) { r.ch <- err }

// errJournalSlow means that nobody knows whether the record is safe.
var errJournalSlow = errors.New("the journal did not answer in time")

// wait returns when the record is safe, or why that is not known. It may be
// called more than once, and from more than one goroutine.
func (r *receipt) wait() error {
	select {
	case err := <-r.ch: // the usual case: the upstream took longer
		r.ch <- err
		return err
	default:
	}
	timer := time.NewTimer(journalWait)
	defer timer.Stop()
	select {
	case err := <-r.ch:
		r.ch <- err
		return err
	case <-timer.C:
		return errJournalSlow
	}
}

// journaled waits until the begun request cannot be lost any more: whoever got
// a byte shall find a record.
func (g *Gateway) journaled(x *exchange) {
	if x.opened == nil {
		return
	}
	if err := x.opened.wait(); err != nil {
		g.Logger.Error("request began without a journal entry", "request_id", x.id.String(), "error", err)
	}
}

// refuse ends a request that no actor answers for: record first, then answer.
func (g *Gateway) refuse(x *exchange, err error) {
	r, ok := errors.AsType[*refusal](err)
	if !ok {
		g.Logger.Error("request failed", "request_id", x.id.String(), "error", err)
		r = &refusal{fault: domain.AsFault(err)}
	}
	if !r.quiet {
		g.finish(x, x.refusedRow(r, g.Now()), domain.ReasonGuardRefused)
	}
	x.fail(r.fault, g.Now())
}

func (x *exchange) refusedRow(r *refusal, now time.Time) domain.RequestLog {
	row := x.row()
	row.Result = domain.ResultRecord{
		StatusCode: problem.Status(r.fault), Outcome: domain.OutcomeBlocked,
		ErrorCode: string(r.fault.Code), ErrorMessage: clip(r.fault.Detail, 1000),
		BlockedBy: r.by, BlockedReason: string(r.fault.Code),
	}
	switch {
	case r.fault.Kind == domain.KindClientGone:
		row.Result.Outcome, row.Result.BlockedReason = domain.OutcomeClientAbort, ""
	case r.by == "":
		row.Result.Outcome, row.Result.BlockedReason = domain.OutcomeFailure, ""
	}
	row.Timing.Duration = now.Sub(x.at)
	return row
}

// finish journals a complete record and waits for it.
func (g *Gateway) finish(x *exchange, row domain.RequestLog, why domain.ChainReason) {
	g.finishFor(x, row, domain.ChainEntry{
		ProviderID: row.Upstream.ProviderID, Name: row.Upstream.ProviderName, ProviderType: row.Upstream.ProviderType,
		Reason: why, StatusCode: row.Result.StatusCode, ErrorMessage: row.Result.ErrorMessage, Detail: row.Result.ErrorCode,
	})
}

// finishFor journals a complete record whose chain is one entry, and waits for it.
func (g *Gateway) finishFor(x *exchange, row domain.RequestLog, why domain.ChainEntry) {
	why.Timestamp = g.Now().UnixMilli()
	detail := domain.RequestDetail{
		RequestID: x.id, Chain: string(domain.AppendChain(nil, []domain.ChainEntry{why})), Error: row.Result.ErrorMessage,
		Special: string(domain.AppendSpecial(nil, nil, &domain.RouteTrace{Guards: x.laps.long()})),
	}
	safe := newReceipt()
	g.Recorder.Finish(&protocol.LogRecord{Log: row, Detail: detail}, safe.done)
	if err := safe.wait(); err != nil {
		g.Logger.Error("request record was not journaled", "request_id", x.id.String(), "error", err)
	}
}

// orphaned writes the record of a request whose actor died in the middle, from
// what this side knows, and tells the client if it has no answer yet.
func (g *Gateway) orphaned(x *exchange, res *protocol.AttemptResult, cause error) error {
	g.Logger.Error("request actor died", "request_id", x.id.String(), "error", cause)
	f := internalFault()
	row := x.row()
	row.Timing.Duration = g.Now().Sub(x.at)
	row.Result = domain.ResultRecord{
		StatusCode: problem.Status(f), Outcome: domain.OutcomeFailure, ErrorCode: string(f.Code), ErrorMessage: f.Detail,
	}
	answered := res != nil && res.Committed
	if answered {
		x.served(&row, res)
	}
	g.finish(x, row, domain.ReasonInternalError)
	if !answered {
		x.fail(f, g.Now())
	}
	return nil
}

// served completes a row by the attempt whose answer reached the client.
func (x *exchange) served(row *domain.RequestLog, res *protocol.AttemptResult) {
	row.Usage, row.Source = res.Usage, res.UsageSource
	row.Upstream.ModelReturned, row.Upstream.Attempts = res.ModelReturned, res.N
	row.Timing.TTFB, row.Timing.TTFT = res.StartedAt.Sub(x.at)+res.TTFB, res.StartedAt.Sub(x.at)+res.TTFT
	if res.Class == domain.ClassOK {
		row.Result = domain.ResultRecord{StatusCode: res.Status, Outcome: domain.OutcomeSuccess}
		return
	}
	row.Result.StatusCode = res.Status
}

// reportContext outlives the client: what happened has to be told.
func reportContext(x *exchange) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(x.r.Context()), 15*time.Second)
}
