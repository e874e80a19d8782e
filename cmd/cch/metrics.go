package main

import (
	"strconv"

	"github.com/claude-code-hub/cch/actors/recorder"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/telemetry"
)

// readings are the figures of this process at a scrape.
func (a *App) readings() []telemetry.Reading {
	out := a.trafficReadings()
	out = append(out, a.journalReadings()...)
	out = append(out, a.redisReadings()...)
	out = append(out, a.leaseReadings()...)
	out = append(out, a.storageReadings()...)
	out = append(out, a.resultReadings()...)
	out = append(out, a.clusterReadings()...)
	out = append(out, a.providerReadings()...)
	return append(out, a.actorReadings()...)
}

func (a *App) trafficReadings() []telemetry.Reading {
	g := a.gateway.Stats()
	out := []telemetry.Reading{
		gauge("cch_in_flight_requests", "Proxied requests in flight.", g.Running),
		gauge("cch_waiting_requests", "Proxied requests waiting for a place.", g.Waiting),
		gauge("cch_body_bytes", "Memory held by request bodies.", g.BodyBytes),
		gauge("cch_replay_spools", "Answers in memory that may be given again.", g.Spools),
		gauge("cch_replay_detached", "Answers being made for a client that left.", g.Detached),
		counter("cch_shed_requests_total", "Requests turned away for want of room.", g.Shed),
	}
	e := a.system.Emergency()
	out = append(out,
		counter("cch_quota_fail_open_total", "Requests admitted without their quota actor.", e.Admitted),
		counter("cch_quota_fail_open_refused_total", "Requests refused without their quota actor.", e.Refused))
	for kind, n := range a.system.Leases() {
		out = append(out, gauge("cch_leases", "Leases held by this node.", n, "kind", string(kind)))
	}
	return out
}

// resultReadings are what became of requests, as their rows tell.
func (a *App) resultReadings() []telemetry.Reading {
	t := a.system.Recorder().Traffic()
	out := []telemetry.Reading{
		counter("cch_tokens_total", "Tokens of requests that ended.", t.Input, "kind", "input"),
		counter("cch_tokens_total", "Tokens of requests that ended.", t.Output, "kind", "output"),
		counter("cch_tokens_total", "Tokens of requests that ended.", t.Read, "kind", "cache_read"),
		counter("cch_tokens_total", "Tokens of requests that ended.", t.Written, "kind", "cache_write"),
		counter("cch_cost_usd_total", "What requests that ended cost, as their rows tell; the ledger is the truth.", 0),
		histogram("cch_request_duration_seconds", "Duration of requests that a provider answered.", t.Duration),
		histogram("cch_time_to_first_token_seconds", "Time to the first content of requests that showed some.", t.TTFT),
	}
	out[4].Value = float64(t.Cost) / float64(domain.NanoPerUSD)
	for _, o := range []domain.Outcome{domain.OutcomeSuccess, domain.OutcomeFailure, domain.OutcomeClientAbort} {
		t.Requests[recorder.ResultKey{Outcome: o}] += 0 // there from the start for who watches them
	}
	for k, n := range t.Requests {
		out = append(out, counter("cch_requests_total", "Proxied requests that ended.", n,
			"outcome", string(k.Outcome), "blocked_by", string(k.BlockedBy)))
	}
	return out
}

func histogram(name, help string, h recorder.Histogram) telemetry.Reading {
	r := telemetry.Reading{Name: name, Help: help, Histogram: &telemetry.Histogram{Sum: h.Sum.Seconds()}}
	for _, b := range domain.LatencyBounds() {
		r.Histogram.Bounds = append(r.Histogram.Bounds, b.Seconds())
	}
	for _, n := range h.Counts {
		r.Histogram.Counts = append(r.Histogram.Counts, uint64(max(0, n)))
	}
	return r
}

func (a *App) journalReadings() []telemetry.Reading {
	j, r := a.journal.Stats(), a.system.Recorder().Stats()
	return []telemetry.Reading{
		gauge("cch_journal_bytes", "Disk taken by the journal.", j.Used),
		gauge("cch_journal_segments", "Segments of the journal.", j.Segments),
		gauge("cch_journal_damaged_bytes", "Bytes of the journal that could not be read.", j.DamagedBytes),
		gauge("cch_buried_records", "Records the database will not take, set aside; must be 0.", j.Dead),
		gauge("cch_records_pending", "Log records not yet in the database.", r.Pending),
		gauge("cch_records_unsettled", "Log records whose settlement is not acknowledged.", r.Unsettled),
		counter("cch_records_written_total", "Log records the database took.", r.Written),
		counter("cch_record_batch_retries_total", "Batches the database did not take at once.", r.Retries),
		counter("cch_records_buried_total", "Log records the database will never take.", r.Buried),
		counter("cch_records_shed_total", "Log records whose details were left out for want of room.", r.Shed),
		gauge("cch_ledger_rows_pending", "Ledger rows not yet in the database.", r.Appending),
		gauge("cch_ledger_differences", "Figures that disagreed with the ledger at the last nightly check; must be 0.", a.differences.Load()),
		counter("cch_ledger_rows_total", "Ledger rows the database took.", r.Appended),
	}
}

func (a *App) providerReadings() []telemetry.Reading {
	var out []telemetry.Reading
	for _, p := range a.system.Current().Providers() {
		h, _ := a.system.Health(p.ID)
		state := h.Breaker
		if state == "" {
			state = domain.BreakerClosed
		}
		id := strconv.FormatInt(int64(p.ID), 10)
		for _, s := range []domain.BreakerState{domain.BreakerClosed, domain.BreakerHalfOpen, domain.BreakerOpen} {
			is := 0
			if s == state {
				is = 1
			}
			out = append(out, gauge("cch_breaker_state", "1 for the state the breaker is in.", is, "provider", id, "state", string(s)))
		}
		out = append(out, gauge("cch_provider_in_flight", "Attempts in flight at the provider.", h.InFlight, "provider", id))
	}
	return out
}

func (a *App) actorReadings() []telemetry.Reading {
	var out []telemetry.Reading
	for _, k := range a.system.Stats() {
		out = append(out,
			gauge("cch_actors", "Live actors.", k.Live, "kind", k.Kind),
			gauge("cch_mailbox_depth", "Longest mailbox of the kind.", k.MaxDepth, "kind", k.Kind),
			counter("cch_actor_asks_total", "Asks sent to the kind.", k.Asks, "kind", k.Kind),
			counter("cch_actor_panics_total", "Panics of the kind.", k.Panics, "kind", k.Kind),
			counter("cch_actor_dead_letters_total", "Messages that reached no actor.", k.DeadLetters, "kind", k.Kind),
		)
	}
	return append(out, a.choreReadings()...)
}

func (a *App) choreReadings() []telemetry.Reading {
	var out []telemetry.Reading
	for _, c := range a.system.Chores() {
		out = append(out,
			counter("cch_chore_runs_total", "Runs of a maintenance chore.", c.Runs, "chore", c.Name),
			counter("cch_chore_failures_total", "Failed runs of a maintenance chore.", c.Failures, "chore", c.Name),
			counter("cch_chore_removed_total", "Rows a maintenance chore removed.", c.Removed, "chore", c.Name),
			gauge("cch_chore_duration_ms", "Duration of the chore's last run.", c.Took.Milliseconds(), "chore", c.Name),
		)
		if c.Left >= 0 {
			out = append(out, gauge("cch_chore_rows_left", "Rows that are due and that the chore's last run did not get to.", c.Left, "chore", c.Name))
		}
	}
	return out
}

// storageReadings are of the last measuring; there are none before the first.
func (a *App) storageReadings() []telemetry.Reading {
	u := a.usage.Load()
	if u == nil {
		return nil
	}
	out := []telemetry.Reading{gauge("cch_database_bytes", "Disk taken by the database.", u.Bytes)}
	for _, t := range u.Tables {
		if t.Rows >= 0 {
			out = append(out, gauge("cch_table_rows", "Rows of a table; with PostgreSQL as its planner estimates them.", t.Rows, "table", t.Name))
		}
		if t.Bytes >= 0 {
			out = append(out, gauge("cch_table_bytes", "Disk taken by a table with its indexes.", t.Bytes, "table", t.Name))
		}
	}
	return out
}

type number interface{ ~int | ~int64 }

func gauge[N number](name, help string, v N, labels ...string) telemetry.Reading {
	r := telemetry.Reading{Name: name, Help: help, Value: float64(v)}
	for i := 0; i+1 < len(labels); i += 2 {
		r.Labels = append(r.Labels, telemetry.Label{Name: labels[i], Value: labels[i+1]})
	}
	return r
}

func counter[N number](name, help string, v N, labels ...string) telemetry.Reading {
	r := gauge(name, help, v, labels...)
	r.Counter = true
	return r
}
