package adminapi

import (
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// routeBody tells how a request found its answer. Times are ms since it came.
type routeBody struct {
	Request    routeRequest     `json:"request"`
	Guards     []routeGuard     `json:"guards"     doc:"what held the request up for a millisecond or more before a provider was chosen, or refused it"`
	Selections []routeSelection `json:"selections"`
	Attempts   []routeAttempt   `json:"attempts"`
	Binding    *routeBinding    `json:"binding"    doc:"what became of the session's provider; null = nothing"`
	Result     routeResult      `json:"result"`
	Details    routeDetails     `json:"details"`
	Omitted    int              `json:"omitted"    doc:"selections and attempts beyond 512"`
}

type routeRequest struct {
	ID           string    `json:"id"`
	RequestID    string    `json:"requestId"`
	SessionID    *string   `json:"sessionId"`
	Seq          *int64    `json:"seq"`
	ReceivedAt   time.Time `json:"receivedAt"`
	ClientFormat string    `json:"clientFormat"`
	Model        *string   `json:"model"`
	UserID       *int64    `json:"userId"`
	User         *string   `json:"user"`
	KeyID        *int64    `json:"keyId"`
	Key          *string   `json:"key"`
	Groups       []string  `json:"groups"`
}

type routeGuard struct {
	Name   string  `json:"name"`
	AtMs   int64   `json:"atMs"`
	TookMs int64   `json:"tookMs"`
	Result string  `json:"result" enum:"pass,block"`
	Detail *string `json:"detail"`
}

type routeSelection struct {
	N        int             `json:"n"`
	AtMs     int64           `json:"atMs"`
	Reason   string          `json:"reason"`
	Method   *string         `json:"method"`
	Pool     *routePool      `json:"pool"     doc:"how many providers were left after each step; null = no list was looked through"`
	Rejected []routeRejected `json:"rejected"`
	Tier     *routeTier      `json:"tier"`
	Picked   *int64          `json:"picked"   doc:"null = nobody was left"`
}

type routePool struct {
	Total        int `json:"total"`
	Enabled      int `json:"enabled"`
	GroupOK      int `json:"groupOk"`
	ModelOK      int `json:"modelOk"`
	BeforeHealth int `json:"beforeHealth"`
	Healthy      int `json:"healthy"`
}

type routeRejected struct {
	ProviderID int64   `json:"providerId"`
	Name       *string `json:"name"`
	Reason     string  `json:"reason"`
	Detail     *string `json:"detail"`
}

type routeTier struct {
	Priority   int                `json:"priority"`
	Candidates []domain.Candidate `json:"candidates"`
}

type routeAttempt struct {
	N            int                     `json:"n"`
	SelectionN   *int                    `json:"selectionN"`
	Role         string                  `json:"role"      enum:"primary,retry,switch,hedge"`
	ProviderID   *int64                  `json:"providerId"`
	Name         *string                 `json:"name"`
	EndpointURL  *string                 `json:"endpoint"`
	Priority     *int                    `json:"priority"`
	Weight       *int                    `json:"weight"`
	ModelFrom    *string                 `json:"modelFrom"`
	ModelTo      *string                 `json:"modelTo"`
	RedirectRule *string                 `json:"redirectRule"`
	Conversion   *domain.ConversionUsed  `json:"conversion"`
	Times        routeTimes              `json:"t"`
	Status       *int                    `json:"status"`
	Inferred     bool                    `json:"statusInferred"`
	Outcome      string                  `json:"outcome"   doc:"reason of the decision chain"`
	Error        *routeError             `json:"error"`
	Breaker      *routeBreaker           `json:"breaker"`
	Changes      []domain.SpecialSetting `json:"changes"   doc:"what the gateway did to the call on its own account"`
}

// routeTimes are moments of an attempt. Those of its connection are null where one
// was there; when the last byte was sent is not taken down.
type routeTimes struct {
	Start      int64  `json:"start"`
	DNS        *int64 `json:"dns"        doc:"the name was resolved, for a new connection"`
	Connect    *int64 `json:"connect"    doc:"a new connection to the provider, or to its proxy, was open"`
	TLS        *int64 `json:"tls"        doc:"it was secured"`
	FirstByte  *int64 `json:"firstByte"`
	FirstToken *int64 `json:"firstToken" doc:"first content, of the attempt that answered"`
	End        int64  `json:"end"`
}

type routeError struct {
	Message     *string             `json:"message"`
	Excerpt     *string             `json:"upstreamExcerpt"`
	MatchedRule *domain.MatchedRule `json:"matchedRule"`
}

type routeBreaker struct {
	State     string `json:"state"`
	Failures  int    `json:"failures"`
	Threshold int    `json:"threshold"`
}

type routeBinding struct {
	Provider *int64  `json:"providerId" doc:"null = the binding was dropped"`
	Changed  bool    `json:"changed"`
	Reason   *string `json:"reason"`
	AtMs     int64   `json:"atMs"`
}

type routeResult struct {
	Status  *int    `json:"status"  doc:"null while the request runs"`
	Outcome *string `json:"outcome"`
	TotalMs *int64  `json:"totalMs"`
	TTFTMs  *int64  `json:"ttftMs"`
	CostUSD float64 `json:"costUsd"`
}

// routeDetails are circumstances that explain the route.
type routeDetails struct {
	SessionIdentity *string               `json:"sessionIdentity" enum:"client,fingerprint,generated" doc:"where the session's id came from"`
	SessionAgeMs    *int64                `json:"sessionAgeMs"`
	Affinity        *domain.AffinityMatch `json:"affinity"        doc:"how much of the conversation was known"`
	Hedge           *routeHedge           `json:"hedge"           doc:"null = nobody was called beside"`
	CacheTTL        *string               `json:"cacheTtlApplied" enum:"5m,1h,mixed" doc:"for how long the provider keeps what was written to its cache"`
	ReplayOf        *string               `json:"replayOf"        doc:"the request whose answer was given again"`
}

type routeHedge struct {
	TriggeredAtMs int64   `json:"triggeredAtMs"`
	Launched      bool    `json:"launched"`
	Winner        *int64  `json:"winner"`
	Losers        []int64 `json:"losers"`
	Billed        bool    `json:"loserBilled"`
}
