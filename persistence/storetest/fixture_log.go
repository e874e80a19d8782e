package storetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Start is when the logs of the fixtures begin.
func Start() time.Time { return time.UnixMilli(1_790_000_000_000).UTC() }

// RequestLog is a closed row with every field set, of the n-th request.
func RequestLog(n int) domain.RequestLog {
	at := Start().Add(time.Duration(n) * time.Second)
	return domain.RequestLog{
		ID:         domain.FirstRequestIDAt(at),
		CreatedAt:  at,
		UserID:     domain.UserID(1 + n%3),
		KeyID:      domain.KeyID(1 + n%5),
		SessionID:  fmt.Sprintf("1f0c1a52-5d5e-4b2e-9c57-%012d", n/10),
		SessionSeq: int64(1 + n%10),
		Call: domain.CallRecord{
			Endpoint: "/v1/messages", Protocol: domain.ProtocolClaude, Class: domain.CallGenerate,
			Model: "claude-sonnet-4-5", Stream: true, Messages: 12,
		},
		Result: domain.ResultRecord{
			StatusCode: 200, Inferred: true, Outcome: domain.OutcomeSuccess, ErrorCode: "code",
			ErrorMessage: "message", BlockedBy: domain.BlockedLimit, BlockedReason: "rpm",
		},
		Upstream: domain.UpstreamRecord{
			ProviderID: domain.ProviderID(1 + n%7), FirstProviderID: 2, ProviderName: "acme", ProviderType: domain.TypeClaude,
			ModelSent: "claude-sonnet-4-5-20250929", ModelReturned: "claude-sonnet-4-5-20250929", Attempts: 1 + n%4,
			CostMultiplier: domain.MultiplierOne, GroupMultiplier: 12_500,
		},
		Usage:  domain.Usage{Input: 1, Output: 2, CacheRead: 3, CacheWrite5m: 4, CacheWrite1h: 5, Reasoning: 6},
		Source: domain.UsageUpstream,
		Cost:   123_456_789,
		Timing: domain.TimingRecord{
			Queue: time.Millisecond, Duration: 3 * time.Second, TTFB: 20 * time.Millisecond, TTFT: 30 * time.Millisecond,
		},
		Client: domain.ClientRecord{
			IP: "203.0.113.7", UserAgent: "claude-cli/2.1.197 (external, sdk-cli)", Kind: "claude-code", Version: "2.1.197",
		},
		ConfigVersion: 17,
		Degraded:      []string{"quota", "session"},
		IsDemo:        true,
		IsReplay:      true,
	}
}

// Detail is the detail of a row, about as long as that of a request with one attempt.
func Detail(id domain.RequestID) domain.RequestDetail {
	entry := `{"id":1,"name":"acme","providerType":"claude","reason":"request_success","timestamp":1790000000000,"attemptNumber":1,"statusCode":200}`
	return domain.RequestDetail{
		RequestID: id, Chain: "[" + strings.Repeat(entry+",", 5) + entry + "]", Error: "excerpt",
		Cost:    `{"state":"billed","model":"claude-sonnet-4-5","charge":123456789}`,
		Special: `[{"type":"codex_instructions","providerId":1,"attempt":1,"mode":"auto","trigger":"absent"}]`,
	}
}

// Opened is the row as it was when its request began.
func Opened(l domain.RequestLog) *domain.RequestLog {
	return &domain.RequestLog{
		ID: l.ID, CreatedAt: l.CreatedAt, UserID: l.UserID, KeyID: l.KeyID,
		Call: l.Call, Client: l.Client, ConfigVersion: l.ConfigVersion,
	}
}

// Finished is the row together with its detail.
func Finished(l domain.RequestLog) domain.FinishedLog {
	detail := Detail(l.ID)
	return domain.FinishedLog{Log: &l, Detail: &detail}
}
