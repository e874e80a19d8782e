package store

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// logRow is a request log as it is read; logColumns in log_batch.go writes it.
type logRow struct {
	bun.BaseModel `bun:"table:request_logs"`

	ID              int64  `bun:"id,pk"`
	CreatedAt       int64  `bun:"created_at"`
	UserID          int64  `bun:"user_id"`
	KeyID           int64  `bun:"key_id"`
	ProviderID      int64  `bun:"provider_id"`
	FirstProviderID int64  `bun:"first_provider_id"`
	ProviderName    string `bun:"provider_name"`
	SessionID       string `bun:"session_id"`
	SessionSeq      int64  `bun:"session_seq"`
	Endpoint        string `bun:"endpoint"`
	Protocol        string `bun:"client_format"`
	Class           string `bun:"call_class"`
	ProviderType    string `bun:"provider_type"`
	Model           string `bun:"model_requested"`
	ModelSent       string `bun:"model_sent"`
	ModelReturned   string `bun:"model_returned"`
	Stream          bool   `bun:"stream"`
	Messages        int    `bun:"messages_count"`
	StatusCode      int    `bun:"status_code"`
	Inferred        bool   `bun:"status_code_inferred"`
	Outcome         string `bun:"outcome"`
	ErrorCode       string `bun:"error_code"`
	ErrorMessage    string `bun:"error_message"`
	BlockedBy       string `bun:"blocked_by"`
	BlockedReason   string `bun:"blocked_reason"`
	Attempts        int    `bun:"attempts"`
	Input           int64  `bun:"input_tokens"`
	Output          int64  `bun:"output_tokens"`
	CacheRead       int64  `bun:"cache_read_input_tokens"`
	CacheWrite5m    int64  `bun:"cache_creation_5m_input_tokens"`
	CacheWrite1h    int64  `bun:"cache_creation_1h_input_tokens"`
	Reasoning       int64  `bun:"reasoning_tokens"`
	UsageSource     string `bun:"usage_source"`
	Cost            int64  `bun:"cost_nusd"`
	ProviderMult    int64  `bun:"provider_mult_e4"`
	GroupMult       int64  `bun:"group_mult_e4"`
	QueueMs         int64  `bun:"queue_ms"`
	DurationMs      int64  `bun:"duration_ms"`
	TTFBMs          int64  `bun:"ttfb_ms"`
	TTFTMs          int64  `bun:"ttft_ms"`
	ClientIP        string `bun:"client_ip"`
	UserAgent       string `bun:"user_agent"`
	ClientKind      string `bun:"client_kind"`
	ClientVersion   string `bun:"client_version"`
	ConfigVersion   int64  `bun:"config_version"`
	Degraded        string `bun:"degraded"`
	IsDemo          bool   `bun:"is_demo"`
	IsReplay        bool   `bun:"is_replay"`
}

type detailRow struct {
	bun.BaseModel `bun:"table:request_details"`

	RequestID int64  `bun:"request_id,pk"`
	Chain     string `bun:"decision_chain"`
	Cost      string `bun:"cost_breakdown"`
	Error     string `bun:"error_detail"`
	Special   string `bun:"special_settings"`
}

func (r *logRow) log() (domain.RequestLog, error) {
	var degraded []string
	if r.Degraded != "" {
		var err error
		if degraded, err = fromJSON[string]("degraded", r.Degraded); err != nil {
			return domain.RequestLog{}, fmt.Errorf("request log %d: %w", r.ID, err)
		}
	}
	return domain.RequestLog{
		ID:         domain.RequestID(r.ID),
		CreatedAt:  fromMillis(r.CreatedAt),
		UserID:     domain.UserID(r.UserID),
		KeyID:      domain.KeyID(r.KeyID),
		SessionID:  r.SessionID,
		SessionSeq: r.SessionSeq,
		Call: domain.CallRecord{
			Endpoint: r.Endpoint, Protocol: domain.Protocol(r.Protocol), Class: domain.CallClass(r.Class),
			Model: r.Model, Stream: r.Stream, Messages: r.Messages,
		},
		Result: domain.ResultRecord{
			StatusCode: r.StatusCode, Inferred: r.Inferred, Outcome: domain.Outcome(r.Outcome),
			ErrorCode: r.ErrorCode, ErrorMessage: r.ErrorMessage,
			BlockedBy: domain.BlockedBy(r.BlockedBy), BlockedReason: r.BlockedReason,
		},
		Upstream: domain.UpstreamRecord{
			ProviderID: domain.ProviderID(r.ProviderID), FirstProviderID: domain.ProviderID(r.FirstProviderID),
			ProviderName: r.ProviderName, ProviderType: domain.ProviderType(r.ProviderType),
			ModelSent: r.ModelSent, ModelReturned: r.ModelReturned, Attempts: r.Attempts,
			CostMultiplier: domain.Multiplier(r.ProviderMult), GroupMultiplier: domain.Multiplier(r.GroupMult),
		},
		Usage: domain.Usage{
			Input: r.Input, Output: r.Output, CacheRead: r.CacheRead,
			CacheWrite5m: r.CacheWrite5m, CacheWrite1h: r.CacheWrite1h, Reasoning: r.Reasoning,
		},
		Source: domain.UsageSource(r.UsageSource),
		Cost:   domain.Money(r.Cost),
		Timing: domain.TimingRecord{
			Queue: millis(r.QueueMs), Duration: millis(r.DurationMs), TTFB: millis(r.TTFBMs), TTFT: millis(r.TTFTMs),
		},
		Client: domain.ClientRecord{
			IP: r.ClientIP, UserAgent: r.UserAgent, Kind: r.ClientKind, Version: r.ClientVersion,
		},
		ConfigVersion: r.ConfigVersion,
		Degraded:      degraded,
		IsDemo:        r.IsDemo,
		IsReplay:      r.IsReplay,
	}, nil
}

// detailsKept is how long details outlive their request.
const detailsKept = 3 * 24 * time.Hour

// logColumns are the columns of request_logs in the order of logValues.
func logColumns() []string {
	return []string{
		"id", "created_at", "user_id", "key_id", "session_id", "session_seq",
		"endpoint", "client_format", "call_class", "model_requested", "stream", "messages_count",
		"client_ip", "user_agent", "client_kind", "client_version",
		// What is above is known when a request begins, what follows may change until it ends.
		"status_code", "status_code_inferred", "outcome", "error_code", "error_message", "blocked_by", "blocked_reason",
		"provider_id", "first_provider_id", "provider_name", "provider_type", "model_sent", "model_returned",
		"attempts", "provider_mult_e4", "group_mult_e4",
		"input_tokens", "output_tokens", "cache_read_input_tokens",
		"cache_creation_5m_input_tokens", "cache_creation_1h_input_tokens", "reasoning_tokens",
		"usage_source", "cost_nusd", "queue_ms", "duration_ms", "ttfb_ms", "ttft_ms", "config_version", "degraded",
		"is_demo", "is_replay",
	}
}

// openingColumns is how many of logColumns are known when a request begins.
const openingColumns = 16

// closingColumns are those that closing an open row writes. The session is
// among them: a row may be opened before it is numbered.
func closingColumns() []string {
	return append([]string{"session_id", "session_seq"}, logColumns()[openingColumns:]...)
}

// logValues appends the values of logColumns. Absent values become NULL.
func logValues(dst []any, l *domain.RequestLog) []any {
	return append(dst,
		int64(l.ID), l.CreatedAt.UnixMilli(), int64(l.UserID), int64(l.KeyID), text(l.SessionID), l.SessionSeq,
		storable(l.Call.Endpoint), string(l.Call.Protocol), string(l.Call.Class), text(l.Call.Model), l.Call.Stream, number(l.Call.Messages),
		text(l.Client.IP), text(l.Client.UserAgent), text(l.Client.Kind), text(l.Client.Version),

		number(l.Result.StatusCode), l.Result.Inferred, text(string(l.Result.Outcome)), text(l.Result.ErrorCode),
		text(l.Result.ErrorMessage), text(string(l.Result.BlockedBy)), text(l.Result.BlockedReason),
		number(l.Upstream.ProviderID), number(l.Upstream.FirstProviderID), text(l.Upstream.ProviderName),
		text(string(l.Upstream.ProviderType)), text(l.Upstream.ModelSent), text(l.Upstream.ModelReturned),
		int64(l.Upstream.Attempts), int64(l.Upstream.CostMultiplier), int64(l.Upstream.GroupMultiplier),
		l.Usage.Input, l.Usage.Output, l.Usage.CacheRead,
		l.Usage.CacheWrite5m, l.Usage.CacheWrite1h, l.Usage.Reasoning,
		text(string(l.Source)), int64(l.Cost), number(l.Timing.Queue.Milliseconds()), number(begunMillis(l.Timing.Duration)),
		number(begunMillis(l.Timing.TTFB)), number(begunMillis(l.Timing.TTFT)), l.ConfigVersion, degraded(l.Degraded),
		l.IsDemo, l.IsReplay,
	)
}

// detailColumns are the columns of request_details in the order of detailValues,
// without the request's id.
func detailColumns() []string {
	return []string{"decision_chain", "cost_breakdown", "special_settings", "error_detail", "purge_at"}
}

// detailValues appends the values of detailColumns. Absent values become NULL.
func detailValues(dst []any, l *domain.RequestLog, d *domain.RequestDetail) []any {
	return append(dst, cmp.Or(d.Chain, "[]"), text(d.Cost), text(d.Special), text(d.Error),
		l.CreatedAt.Add(detailsKept).UnixMilli())
}

// begunMillis counts a millisecond that has begun as a whole one: what took no
// time at all is what was not reached.
func begunMillis(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}

func text(s string) any {
	if s == "" {
		return nil
	}
	return storable(s)
}

// storable is a text that every engine takes: what clients and upstreams send
// may hold broken UTF-8 and zero bytes.
func storable(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}

func number[T ~int | ~int64](n T) any {
	if n == 0 {
		return nil
	}
	return int64(n)
}

func degraded(list []string) any {
	if len(list) == 0 {
		return nil
	}
	return toJSON(list)
}
