package domain

import (
	"strings"
	"time"
)

// AccountAdapter names the way in which a provider's account is asked for its
// quota and balance.
type AccountAdapter string

// The adapters.
const (
	AdapterNone           AccountAdapter = "none" // neither asked nor learnt from answers
	AdapterAuto           AccountAdapter = "auto" // by the provider's type and host
	AdapterAnthropicOAuth AccountAdapter = "anthropic-oauth"
	AdapterCodex          AccountAdapter = "codex"
	AdapterCodeAssist     AccountAdapter = "code-assist"
	AdapterNewAPI         AccountAdapter = "new-api" // one-api and its descendants
	AdapterSub2API        AccountAdapter = "sub2api"
	AdapterDeepSeek       AccountAdapter = "deepseek"
	AdapterOpenRouter     AccountAdapter = "openrouter"
	AdapterSiliconFlow    AccountAdapter = "siliconflow"
	AdapterMoonshot       AccountAdapter = "moonshot"
	AdapterCustom         AccountAdapter = "custom" // by a template
)

// AccountSetup is how a provider's account is asked. The zero value is auto.
type AccountSetup struct {
	Adapter AccountAdapter
	Config  AccountConfig
}

// AccountConfig is what an adapter may have to know beside the provider itself.
type AccountConfig struct {
	BaseURL    string  // asked instead of the provider's own host
	Token      Secret  // used instead of the provider's key
	AccountID  string  // codex: the ChatGPT account; new-api: the user of the token
	Project    string  // code-assist
	USDPerUnit float64 // rate of a balance that is not in USD; 0 = unknown
	Template   AccountTemplate
}

// AccountTemplate describes a call of the custom adapter: what to send, and
// where the figures are in the JSON that comes back.
type AccountTemplate struct {
	Method  string            // GET or POST; empty = GET
	Path    string            // on the host asked
	Headers map[string]Secret // {key} in a value stands for the credential
	Body    string
	Balance string // JSON paths; empty = not there
	Used    string
	Limit   string
	Reset   string  // Unix seconds or milliseconds, or RFC 3339
	Unit    string  // of the figures; empty = USD
	Factor  float64 // the figures are multiplied by it; 0 = 1
}

// QuotaKind is what a quota is made of.
type QuotaKind string

// The kinds.
const (
	QuotaWindow  QuotaKind = "window"  // so much within a time
	QuotaBalance QuotaKind = "balance" // so much until somebody pays
)

// QuotaStatus is the upstream's own word about a quota; empty = it said none.
type QuotaStatus string

// The statuses.
const (
	QuotaAllowed  QuotaStatus = "allowed"
	QuotaWarning  QuotaStatus = "warning"
	QuotaRejected QuotaStatus = "rejected"
)

// QuotaSource is how a quota was learnt.
type QuotaSource string

// The sources.
const (
	QuotaFromHeader QuotaSource = "header" // of an answer
	QuotaFromPoll   QuotaSource = "poll"   // the account was asked
	QuotaFromError  QuotaSource = "error"  // a call was refused
)

// ProviderQuota is one thing that an upstream account has so much of, as
// observed at one instant.
type ProviderQuota struct {
	Kind       QuotaKind
	Label      string        // unique within an account: "5h", "7d", "balance"
	Model      string        // part of the names of the models it is for; empty = all
	Used       float64       // window: share, 0..1 and beyond
	Length     time.Duration // window; 0 = unknown
	Refills    bool          // window: comes back steadily until ResetAt, not all at once then
	Remaining  float64       // balance, in Unit
	Limit      float64       // the whole, in Unit; 0 = unknown
	Unit       string        // "USD", "CNY", "requests", "tokens"
	USDPerUnit float64       // 0 = unknown
	Unlimited  bool
	ResetAt    time.Time // zero = unknown
	Status     QuotaStatus
	ObservedAt time.Time
	Source     QuotaSource
}

// AccountReading is what asking an account gave.
type AccountReading struct {
	Adapter    AccountAdapter // that was used; empty = there is none, and nobody was asked
	Quotas     []ProviderQuota
	Error      string        // redacted; empty = all went well
	Status     int           // HTTP, of a failed call; 0 = no answer
	RetryAfter time.Duration // the upstream asked to wait; 0 = it did not
	At         time.Time
}

// AccountStatus sums up what is known of an account.
type AccountStatus string

// The statuses.
const (
	AccountUnconfigured AccountStatus = "unconfigured" // nobody asks it, and no answer told
	AccountOK           AccountStatus = "ok"
	AccountFailed       AccountStatus = "failed"
	AccountUnsupported  AccountStatus = "unsupported" // the upstream knows no such question
)

// AccountState is what a provider's actor knows of the account. Immutable.
type AccountState struct {
	Status    AccountStatus
	Error     string // redacted
	Quotas    []ProviderQuota
	Outlooks  []QuotaOutlook // what selection goes by
	FetchedAt time.Time      // last asked
	LastOKAt  time.Time      // last asked with success
	PollAt    time.Time      // to be asked next
}

// QuotaOutlook is what quotas mean for selection.
type QuotaOutlook struct {
	Model    string    // part of the names of the models it is for; empty = all
	Known    bool      // Headroom says something
	Headroom float64   // share left of what is scarcest, 0..1
	Factor   float64   // of the provider's weight
	Until    time.Time // exhausted: not to be asked before; zero = not exhausted
}

// LowHeadroom is the share below which a provider is a last resort.
const LowHeadroom = 0.05

// Exhausted tells whether the provider must not be asked at now.
func (o *QuotaOutlook) Exhausted(now time.Time) bool { return now.Before(o.Until) }

// Low tells whether so little is left that others go first.
func (o *QuotaOutlook) Low() bool { return o.Known && o.Headroom < LowHeadroom }

// Outlook is what all quotas together mean for a call of a model, as the
// provider calls it. A nil state knows nothing.
func (s *AccountState) Outlook(model string) QuotaOutlook {
	sum := QuotaOutlook{Headroom: 1, Factor: 1}
	if s == nil {
		return sum
	}
	first := true
	for i := range s.Outlooks {
		o := &s.Outlooks[i]
		if o.Model != "" && !strings.Contains(strings.ToLower(model), o.Model) {
			continue
		}
		if o.Known {
			sum.Known, sum.Headroom = true, min(sum.Headroom, o.Headroom)
		}
		if first || o.Factor < sum.Factor {
			sum.Factor = o.Factor
		}
		if o.Until.After(sum.Until) {
			sum.Until = o.Until
		}
		first = false
	}
	return sum
}

// AccountNoticeLevel is how urgent the news of an account are.
type AccountNoticeLevel string

// The levels.
const (
	NoticeLow       AccountNoticeLevel = "low"      // below a fifth
	NoticeCritical  AccountNoticeLevel = "critical" // below a twentieth
	NoticeEmpty     AccountNoticeLevel = "empty"
	NoticeRecovered AccountNoticeLevel = "recovered"
)

// AccountNotice says that an account crossed a level.
type AccountNotice struct {
	At         time.Time
	ProviderID ProviderID
	Level      AccountNoticeLevel
	Label      string // of the quota that is scarcest
	Headroom   float64
	Until      time.Time // empty: excluded until then
}

// AccountPoint is an hour of an account's history: what was known last in it.
type AccountPoint struct {
	Hour   time.Time // its beginning
	Quotas []ProviderQuota
}
