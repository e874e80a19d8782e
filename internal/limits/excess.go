package limits

import "github.com/claude-code-hub/cch/internal/domain"

// Excess is a key's limit that is above its user's.
type Excess struct {
	Kind      string // 5H, DAILY, WEEKLY, MONTHLY, TOTAL or CONCURRENT
	Code      string // KEY_LIMIT_…_EXCEEDS_USER_LIMIT
	Money     bool
	KeyLimit  int64 // in the limit's unit: nano-USD or sessions
	UserLimit int64
}

// KeyExcess lists the limits of a key that may not be saved because its user
// has a lower one. A key without a limit of its own is bounded by its user's
// anyway.
func KeyExcess(key, user *domain.Limits) []Excess {
	pairs := [...]struct {
		kind      string
		key, user int64
	}{
		{"5H", int64(key.USD5h), int64(user.USD5h)},
		{"DAILY", int64(key.USDDaily), int64(user.USDDaily)},
		{"WEEKLY", int64(key.USDWeekly), int64(user.USDWeekly)},
		{"MONTHLY", int64(key.USDMonthly), int64(user.USDMonthly)},
		{"TOTAL", int64(key.USDTotal), int64(user.USDTotal)},
		{"CONCURRENT", int64(key.ConcurrentSessions), int64(user.ConcurrentSessions)},
	}
	var out []Excess
	for _, p := range pairs {
		if p.user > 0 && p.key > p.user {
			out = append(out, Excess{
				Kind: p.kind, Code: "KEY_LIMIT_" + p.kind + "_EXCEEDS_USER_LIMIT", Money: p.kind != "CONCURRENT",
				KeyLimit: p.key, UserLimit: p.user,
			})
		}
	}
	return out
}
