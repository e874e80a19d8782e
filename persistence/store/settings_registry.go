package store

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// setting ties a name in the table to a field. encode and decode speak JSON,
// check returns what is wrong with the value, or nothing.
type setting struct {
	name   string
	encode func(*domain.Settings) ([]byte, error)
	decode func(*domain.Settings, json.RawMessage) error
	check  func(*domain.Settings) string
}

// registry lists every setting.
func registry() []setting {
	type s = domain.Settings
	return []setting{
		plain("site_title", func(s *s) *string { return &s.SiteTitle }, lengthUpTo(128)),
		plain("timezone", func(s *s) *string { return &s.Timezone }, zoneName),
		plain("allow_global_usage_view", func(s *s) *bool { return &s.AllowGlobalUsageView }, anything),
		plain("expose_provider_names", func(s *s) *bool { return &s.ExposeProviderNames }, anything),
		plain("verbose_provider_error", func(s *s) *bool { return &s.VerboseProviderError }, anything),
		plain("pass_through_upstream_error_message", func(s *s) *bool { return &s.PassThroughUpstreamErrorMessage }, anything),

		plain("max_provider_switches", func(s *s) *int { return &s.MaxProviderSwitches }, between(0, 20)),
		plain("max_total_attempts", func(s *s) *int { return &s.MaxTotalAttempts }, between(1, 50)),
		duration("precommit_deadline_ms", func(s *s) *time.Duration { return &s.PrecommitDeadline }, time.Hour),
		plain("tier_strategy", func(s *s) *domain.TierStrategy { return &s.TierStrategy },
			oneOf(domain.TierWeighted, domain.TierCheapestFirst, domain.TierLeastInFlight)),
		plain("sticky_return", func(s *s) *bool { return &s.StickyReturn }, anything),
		plain("sticky_priority_mode", func(s *s) *domain.StickyPriority { return &s.StickyPriorityMode },
			oneOf(domain.StickyBinding, domain.StickyPriorityFirst)),
		plain("affinity_ignore_client_session_id", func(s *s) *bool { return &s.AffinityIgnoreClientSessionID }, anything),
		plain("max_in_flight_per_key", func(s *s) *int { return &s.MaxInFlightPerKey }, between(1, 100_000)),
		plain("max_in_flight_per_user", func(s *s) *int { return &s.MaxInFlightPerUser }, between(1, 100_000)),

		plain("on_client_abort", func(s *s) *domain.ClientAbort { return &s.OnClientAbort },
			oneOf(domain.AbortDrain, domain.AbortCancel)),
		duration("client_abort_drain_ms", func(s *s) *time.Duration { return &s.ClientAbortDrain }, 10*time.Minute),
		plain("stream_gate_mode", func(s *s) *domain.GateMode { return &s.StreamGate },
			oneOf(domain.GateOff, domain.GateShadow, domain.GateEnforce)),
		duration("gate_keepalive_after_ms", func(s *s) *time.Duration { return &s.GateKeepaliveAfter }, 10*time.Minute),
		plain("echo_upstream_model", func(s *s) *bool { return &s.EchoUpstreamModel }, anything),
		plain("codex_instructions", func(s *s) *string { return &s.CodexInstructions }, lengthUpTo(domain.MaxInstructions)),
		plain("gemini_function_id_rectifier", func(s *s) *bool { return &s.GeminiFunctionIDRectifier }, anything),
		plain("thinking_signature_rectifier", func(s *s) *bool { return &s.ThinkingSignatureRectifier }, anything),
		plain("thinking_budget_rectifier", func(s *s) *bool { return &s.ThinkingBudgetRectifier }, anything),
		plain("effort_conflict_rectifier", func(s *s) *bool { return &s.EffortConflictRectifier }, anything),
		plain("billing_header_rectifier", func(s *s) *domain.BillingHeader { return &s.BillingHeaderRectifier },
			oneOf(domain.BillingHeaderReactive, domain.BillingHeaderAlways, domain.BillingHeaderOff)),
		plain("claude_user_id_injection", func(s *s) *bool { return &s.ClaudeUserIDInjection }, anything),
		plain("codex_session_id_completion", func(s *s) *bool { return &s.CodexSessionIDCompletion }, anything),
		plain("responses_input_rectifier", func(s *s) *bool { return &s.ResponsesInputRectifier }, anything),
		plain("inject_stream_usage", func(s *s) *bool { return &s.InjectStreamUsage }, anything),
		plain("strip_underscore_keys", func(s *s) *bool { return &s.StripUnderscoreKeys }, anything),
		plain("response_fixer", func(s *s) *domain.ResponseFixer { return &s.ResponseFixer }, responseFixer),
		plain("allow_non_conversation_fallback", func(s *s) *bool { return &s.AllowNonConversationFallback }, anything),
		plain("fake_streaming_whitelist", func(s *s) *[]domain.FakeStreaming { return &s.FakeStreaming }, fakeStreaming),
		plain("replay_enabled", func(s *s) **bool { return &s.ReplayEnabled }, anything),
		plain("hedge_enabled", func(s *s) *bool { return &s.HedgeEnabled }, anything),
		duration("hedge_after_ms", func(s *s) *time.Duration { return &s.HedgeAfter }, 10*time.Minute),
		plain("hedge_max_parallel", func(s *s) *int { return &s.HedgeMaxParallel }, between(1, 2)),
		plain("hedge_budget_percent", func(s *s) *int { return &s.HedgeBudgetPercent }, between(0, 100)),
		plain("bill_hedge_losers", func(s *s) *bool { return &s.BillHedgeLosers }, anything),
		plain("high_concurrency_mode", func(s *s) *bool { return &s.HighConcurrencyMode }, anything),
		plain("enable_http2", func(s *s) *bool { return &s.EnableHTTP2 }, anything),

		plain("cleanup_enabled", func(s *s) *bool { return &s.CleanupEnabled }, anything),
		plain("cleanup_retention_days", func(s *s) *int { return &s.CleanupRetentionDays }, between(1, 3650)),

		plain("billing_model_source", func(s *s) *domain.BillingModelSource { return &s.BillingModelSource },
			oneOf(domain.BillOriginal, domain.BillRedirected, domain.BillActual)),
		plain("priority_billing_source", func(s *s) *domain.ServiceSource { return &s.PriorityBillingSource },
			oneOf(domain.ServiceActual, domain.ServiceRequested)),
		plain("bill_non_successful_requests", func(s *s) *bool { return &s.BillNonSuccessfulRequests }, anything),
		plain("bill_partial", func(s *s) *domain.PartialBilling { return &s.BillPartial },
			oneOf(domain.PartialEstimate, domain.PartialReported, domain.PartialNever)),
		plain("unknown_price", func(s *s) *domain.UnknownPrice { return &s.UnknownPrice },
			oneOf(domain.UnknownFree, domain.UnknownFallback, domain.UnknownReject)),
		plain("unknown_price_model", func(s *s) *string { return &s.UnknownPriceModel }, lengthUpTo(200)),
		plain("cache_fallback", func(s *s) *domain.CacheFallback { return &s.CacheFallback },
			oneOf(domain.CacheStandard, domain.CacheCCH)),
		minutes("price_sync_interval_min", func(s *s) *time.Duration { return &s.PriceSyncInterval }, 1, 10_080),

		plain("quota_fail_mode", func(s *s) *domain.FailMode { return &s.QuotaFailMode },
			oneOf(domain.FailOpen, domain.FailClosed)),
		plain("quota_reservation_policy", func(s *s) *domain.ReservationPolicy { return &s.ReservationPolicy },
			oneOf(domain.ReserveBalanced, domain.ReserveStrict, domain.ReserveParity)),
		duration("concurrency_wait_ms", func(s *s) *time.Duration { return &s.ConcurrencyWait }, time.Minute),
		duration("admission_wait_ms", func(s *s) *time.Duration { return &s.AdmissionWait }, 30*time.Second),
		dollars("balance_target_usd", func(s *s) *domain.Money { return &s.BalanceTarget }, 0.01, 1_000_000),
		dollars("balance_floor_usd", func(s *s) *domain.Money { return &s.BalanceFloor }, 0, 1_000_000),
		plain("setup", func(s *s) *domain.Setup { return &s.Setup }, setupSteps),
		plain("trusted_proxies", func(s *s) *[]string { return &s.TrustedProxies }, networks),
	}
}

func registryByName() map[string]setting {
	all := registry()
	byName := make(map[string]setting, len(all))
	for _, reg := range all {
		byName[reg.name] = reg
	}
	return byName
}

// plain is a setting whose field has the shape of its JSON value.
func plain[T any](name string, field func(*domain.Settings) *T, check func(T) string) setting {
	return setting{
		name:   name,
		encode: func(s *domain.Settings) ([]byte, error) { return json.Marshal(*field(s)) },
		decode: func(s *domain.Settings, value json.RawMessage) error { return json.Unmarshal(value, field(s)) },
		check:  func(s *domain.Settings) string { return check(*field(s)) },
	}
}

// duration is a setting kept as a number of milliseconds from 0 to high.
func duration(name string, field func(*domain.Settings) *time.Duration, high time.Duration) setting {
	return setting{
		name:   name,
		encode: func(s *domain.Settings) ([]byte, error) { return json.Marshal(field(s).Milliseconds()) },
		decode: func(s *domain.Settings, value json.RawMessage) error {
			var ms int64
			if err := json.Unmarshal(value, &ms); err != nil {
				return err
			}
			*field(s) = millis(ms)
			return nil
		},
		check: func(s *domain.Settings) string {
			if d := *field(s); d < 0 || d > high {
				return fmt.Sprintf("must be 0 to %d", high.Milliseconds())
			}
			return ""
		},
	}
}

// dollars is a setting kept as a number of US dollars.
func dollars(name string, field func(*domain.Settings) *domain.Money, low, high float64) setting {
	return setting{
		name:   name,
		encode: func(s *domain.Settings) ([]byte, error) { return json.Marshal(field(s).USD()) },
		decode: func(s *domain.Settings, value json.RawMessage) error {
			var usd float64
			if err := json.Unmarshal(value, &usd); err != nil {
				return err
			}
			*field(s) = domain.MoneyFromUSD(usd)
			return nil
		},
		check: func(s *domain.Settings) string {
			if usd := field(s).USD(); usd < low || usd > high {
				return fmt.Sprintf("must be %v to %v", low, high)
			}
			return ""
		},
	}
}

// minutes is a setting kept as a number of minutes.
func minutes(name string, field func(*domain.Settings) *time.Duration, low, high int) setting {
	check := between(low, high)
	return setting{
		name:   name,
		encode: func(s *domain.Settings) ([]byte, error) { return json.Marshal(int(field(s).Minutes())) },
		decode: func(s *domain.Settings, value json.RawMessage) error {
			var n int
			if err := json.Unmarshal(value, &n); err != nil {
				return err
			}
			*field(s) = time.Duration(n) * time.Minute
			return nil
		},
		check: func(s *domain.Settings) string { return check(int(field(s).Minutes())) },
	}
}

func anything[T any](T) string { return "" }

func between(low, high int) func(int) string {
	return func(v int) string {
		if v < low || v > high {
			return fmt.Sprintf("must be %d to %d", low, high)
		}
		return ""
	}
}

func lengthUpTo(limit int) func(string) string {
	return func(v string) string {
		if len([]rune(v)) > limit {
			return fmt.Sprintf("may have at most %d characters", limit)
		}
		return ""
	}
}

func oneOf[T ~string](allowed ...T) func(T) string {
	return func(v T) string {
		if !slices.Contains(allowed, v) {
			return fmt.Sprintf("must be one of %v", allowed)
		}
		return ""
	}
}

// responseFixer bounds what is looked at.
func responseFixer(f domain.ResponseFixer) string {
	if f.MaxJSONDepth < 1 || f.MaxJSONDepth > 1000 {
		return "must have a maxJsonDepth of 1 to 1000"
	}
	if f.MaxFixSize < 1024 || f.MaxFixSize > 16<<20 {
		return "must have a maxFixSize of 1024 to 16777216"
	}
	return ""
}

// fakeStreaming bounds the list.
func fakeStreaming(list []domain.FakeStreaming) string {
	if len(list) > 200 {
		return "may list at most 200 models"
	}
	for _, f := range list {
		if f.Model == "" {
			return "must name a model in each entry"
		}
	}
	return ""
}

// setupSteps bounds what the dashboard may keep.
func setupSteps(v domain.Setup) string {
	if len(v.Done) > 50 {
		return "may list at most 50 steps"
	}
	return ""
}

func zoneName(v string) string {
	if v == "" {
		return ""
	}
	if _, err := time.LoadLocation(v); err != nil || v == "Local" {
		return "must be an IANA time zone such as Europe/Berlin"
	}
	return ""
}

func networks(list []string) string {
	for _, n := range list {
		if _, err := netip.ParsePrefix(n); err == nil {
			continue
		}
		if _, err := netip.ParseAddr(n); err != nil {
			return fmt.Sprintf("holds %.64q, which is no address and no network in CIDR form", n)
		}
	}
	return ""
}
