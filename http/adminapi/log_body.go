package adminapi

import (
	"strconv"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// LogBody is one request in the log. What is null was not known or not reached.
type LogBody struct {
	ID                         string    `json:"id"`
	RequestID                  string    `json:"requestId"`
	CreatedAt                  time.Time `json:"createdAt"`
	UserID                     *int64    `json:"userId"`
	UserName                   *string   `json:"userName"`
	KeyID                      *int64    `json:"keyId"`
	KeyName                    *string   `json:"keyName"`
	ProviderID                 *int64    `json:"providerId"                 doc:"who served it in the end; hidden from users unless a setting shows it"`
	ProviderName               *string   `json:"providerName"               doc:"as it was then; hidden from users unless a setting shows it"`
	ProviderType               *string   `json:"providerType"`
	FirstProviderID            *int64    `json:"firstProviderId"`
	SessionID                  *string   `json:"sessionId"`
	SessionSeq                 *int64    `json:"sessionSeq"`
	Endpoint                   string    `json:"endpoint"`
	ClientFormat               string    `json:"clientFormat"`
	CallClass                  string    `json:"callClass"`
	Model                      *string   `json:"model"                      doc:"as requested"`
	ModelSent                  *string   `json:"modelSent"`
	ModelReturned              *string   `json:"modelReturned"`
	Stream                     bool      `json:"stream"`
	MessagesCount              *int      `json:"messagesCount"`
	StatusCode                 *int      `json:"statusCode"                 doc:"null while the request runs"`
	StatusCodeInferred         bool      `json:"statusCodeInferred"         doc:"read from the text of a 2xx answer"`
	Outcome                    *string   `json:"outcome"`
	ErrorCode                  *string   `json:"errorCode"`
	ErrorMessage               *string   `json:"errorMessage"`
	BlockedBy                  *string   `json:"blockedBy"`
	BlockedReason              *string   `json:"blockedReason"`
	Attempts                   int       `json:"attempts"`
	InputTokens                int64     `json:"inputTokens"`
	OutputTokens               int64     `json:"outputTokens"`
	CacheReadInputTokens       int64     `json:"cacheReadInputTokens"`
	CacheCreationInputTokens   int64     `json:"cacheCreationInputTokens"   doc:"of both lifetimes"`
	CacheCreation5mInputTokens int64     `json:"cacheCreation5mInputTokens"`
	CacheCreation1hInputTokens int64     `json:"cacheCreation1hInputTokens"`
	ReasoningTokens            int64     `json:"reasoningTokens"`
	UsageSource                *string   `json:"usageSource"`
	CostUSD                    float64   `json:"costUsd"`
	CostMultiplier             *float64  `json:"costMultiplier"`
	GroupMultiplier            *float64  `json:"groupMultiplier"`
	QueueMs                    *int64    `json:"queueMs"`
	DurationMs                 *int64    `json:"durationMs"`
	TTFBMs                     *int64    `json:"ttfbMs"`
	TTFTMs                     *int64    `json:"ttftMs"`
	ClientIP                   *string   `json:"clientIp"`
	UserAgent                  *string   `json:"userAgent"`
	ClientKind                 *string   `json:"clientKind"`
	ClientVersion              *string   `json:"clientVersion"`
	ConfigVersion              int64     `json:"configVersion"`
	Degraded                   []string  `json:"degraded"`
	IsDemo                     bool      `json:"isDemo"`
	IsReplay                   bool      `json:"isReplay" doc:"an earlier answer, given again"`
}

type logDetailBody struct {
	LogBody
	DecisionChain   []domain.ChainEntry     `json:"decisionChain"`
	CostBreakdown   *costBody               `json:"costBreakdown" doc:"null where no provider was called, and once details are cleaned up"`
	SpecialSettings []domain.SpecialSetting `json:"specialSettings" doc:"what the gateway did to the call on its own account, and what it found out about it"`
	RouteTrace      *domain.RouteTrace      `json:"routeTrace" doc:"steps before the first provider that took a millisecond or more, and connections that had to be made; null = none"`
	ErrorDetail     *string                 `json:"errorDetail"`
}

func (v logView) row(l *domain.RequestLog) LogBody {
	b := LogBody{
		ID: strconv.FormatInt(int64(l.ID), 10), RequestID: l.ID.String(), CreatedAt: l.CreatedAt.UTC(),
		UserID: number(l.UserID), KeyID: number(l.KeyID), SessionID: optional(l.SessionID), SessionSeq: optional(l.SessionSeq),
		Endpoint: l.Call.Endpoint, ClientFormat: string(l.Call.Protocol), CallClass: string(l.Call.Class),
		Model: optional(l.Call.Model), Stream: l.Call.Stream, MessagesCount: optional(l.Call.Messages),
		UsageSource: word(l.Source), CostUSD: l.Cost.USD(),
		ConfigVersion: l.ConfigVersion, Degraded: list(l.Degraded), IsDemo: l.IsDemo, IsReplay: l.IsReplay,
	}
	v.addNames(&b, l)
	v.addUpstream(&b, &l.Upstream)
	v.addResult(&b, &l.Result)
	b.addUsage(&l.Usage)
	b.addTiming(&l.Timing)
	b.addClient(&l.Client)
	return b
}

func (v logView) addNames(b *LogBody, l *domain.RequestLog) {
	if u := v.catalog.User(l.UserID); u != nil {
		b.UserName = &u.Name
	}
	if k := v.catalog.Key(l.KeyID); k != nil {
		b.KeyName = &k.Name
	}
}

func (v logView) addUpstream(b *LogBody, u *domain.UpstreamRecord) {
	b.ProviderType, b.ModelSent, b.ModelReturned, b.Attempts = word(u.ProviderType), optional(u.ModelSent), optional(u.ModelReturned), u.Attempts
	if v.full {
		b.ProviderID, b.FirstProviderID = number(u.ProviderID), number(u.FirstProviderID)
		b.ProviderName = optional(u.ProviderName)
		b.CostMultiplier, b.GroupMultiplier = factor(u.CostMultiplier), factor(u.GroupMultiplier)
	}
}

// addResult keeps an upstream's own words from those who must not know who it
// is: they may hold its address. Our refusals are meant to be read.
func (v logView) addResult(b *LogBody, r *domain.ResultRecord) {
	b.StatusCode, b.StatusCodeInferred, b.Outcome = optional(r.StatusCode), r.Inferred, word(r.Outcome)
	b.ErrorCode = optional(r.ErrorCode)
	if v.full || r.Outcome == domain.OutcomeBlocked {
		b.ErrorMessage = optional(r.ErrorMessage)
	}
	b.BlockedBy, b.BlockedReason = word(r.BlockedBy), optional(r.BlockedReason)
}

func (b *LogBody) addUsage(u *domain.Usage) {
	b.InputTokens, b.OutputTokens, b.ReasoningTokens = u.Input, u.Output, u.Reasoning
	b.CacheReadInputTokens = u.CacheRead
	b.CacheCreation5mInputTokens, b.CacheCreation1hInputTokens = u.CacheWrite5m, u.CacheWrite1h
	b.CacheCreationInputTokens = u.CacheWrite5m + u.CacheWrite1h
}

func (b *LogBody) addTiming(t *domain.TimingRecord) {
	b.QueueMs, b.DurationMs, b.TTFBMs, b.TTFTMs = reached(t.Queue), reached(t.Duration), reached(t.TTFB), reached(t.TTFT)
}

func (b *LogBody) addClient(c *domain.ClientRecord) {
	b.ClientIP, b.UserAgent = optional(c.IP), optional(c.UserAgent)
	b.ClientKind, b.ClientVersion = optional(c.Kind), optional(c.Version)
}

// number shows an id, 0 as null.
func number[ID ~int64](id ID) *int64 { return optional(int64(id)) }

// word shows one of a few words, "" as null.
func word[T ~string](w T) *string { return optional(string(w)) }

// reached shows a duration in ms; one not reached is null, a short one is not.
func reached(d time.Duration) *int64 {
	if d <= 0 {
		return nil
	}
	return new(d.Milliseconds())
}

func factor(m domain.Multiplier) *float64 {
	if m == 0 {
		return nil
	}
	return new(m.Float())
}
