package provider

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/account"
	"github.com/claude-code-hub/cch/internal/domain"
)

// resetRounding is how far a reset and the pause asked for with it may be apart
// and still mean the same: upstreams name whole seconds.
const resetRounding = 2 * time.Second

// keepEvery is how often what is known of an account is handed on to be kept.
const keepEvery = time.Minute

// upstream is what the actor keeps of the account behind its provider.
type upstream struct {
	id      domain.ProviderID
	account account.Account
	polling account.Polling
	level   account.Level
	draw    *rand.Rand // spreads the polling

	provider *domain.Provider // as last seen; the account is the one of its key
	rules    account.Rules
	off      bool // nothing is to be learnt

	state   *domain.AccountState // as of the last look; nil = nothing known
	stale   bool                 // state has to be worked out anew
	guessed bool                 // own spend went into it since
	next    time.Time            // when time alone changes it; zero = never
	notices []domain.AccountNotice
	keep    bool // there is something to be kept
	kept    time.Time
}

// use takes over the provider's present settings. Another key, host or way of
// asking may mean another account: what was known of the old one is dropped.
func (u *upstream) use(p *domain.Provider, s *domain.Settings) {
	if rules := (account.Rules{Target: s.BalanceTarget, Floor: s.BalanceFloor}); rules != u.rules {
		u.rules, u.stale = rules, true
	}
	if p == u.provider || p == nil {
		return
	}
	if before := u.provider; before != nil && !sameAccount(before, p) {
		u.account, u.polling, u.level, u.stale = account.Account{}, account.Polling{}, account.Fine, true
	}
	u.provider, u.off = p, p.Account.Adapter == domain.AdapterNone
}

func sameAccount(a, b *domain.Provider) bool {
	x, y := &a.Account, &b.Account
	return a.URL == b.URL && a.Key == b.Key && a.Type == b.Type && x.Adapter == y.Adapter &&
		x.Config.BaseURL == y.Config.BaseURL && x.Config.Token == y.Config.Token && x.Config.AccountID == y.Config.AccountID &&
		x.Config.Project == y.Config.Project && x.Config.Template.Path == y.Config.Template.Path
}

// report learns from how an attempt went, and tells whether it found the account
// used up: then it says nothing about the provider's health.
func (u *upstream) report(m *protocol.SlotReport, now time.Time) (exhausted bool) {
	if u.off {
		return false
	}
	if len(m.Quotas) > 0 {
		exhausted = u.account.Observe(m.Quotas, u.rules, now) && m.Class != domain.ClassOK
		u.stale = true
	}
	if m.Class == domain.ClassOK {
		u.account.Served(now.Add(-time.Duration(m.DurMs) * time.Millisecond))
	}
	if exhausted || m.Status == 402 || m.Status == 429 {
		u.polling, u.stale = u.polling.Hurry(now), true
	}
	return exhausted
}

// spend books what an attempt cost.
func (u *upstream) spend(cost domain.Money, now time.Time) {
	if cost > 0 && len(u.account.Entries) > 0 {
		u.account.Spend(cost, now)
		u.stale, u.guessed = true, true
	}
}

// read takes in what asking the account gave.
func (u *upstream) read(r *domain.AccountReading, now time.Time) {
	u.polling = u.polling.After(r, u.draw.Float64())
	u.account.Observe(r.Quotas, u.rules, now)
	u.stale, u.guessed, u.kept = true, false, time.Time{}
}

// forget makes the account usable again until it says otherwise.
func (u *upstream) forget() {
	u.account.Forget(u.rules)
	u.stale = true
}

// exhausted is until when calls of a model are not to be made; zero if they may.
func (u *upstream) exhausted(model string, now time.Time) time.Time {
	outlook := u.look(now).Outlook(model)
	if outlook.Exhausted(now) {
		return outlook.Until
	}
	return time.Time{}
}

// until is when the last exclusion ends, of whatever models; zero if there is none.
func (u *upstream) until(now time.Time) (latest time.Time) {
	if s := u.look(now); s != nil {
		for i := range s.Outlooks {
			if o := &s.Outlooks[i]; o.Until.After(latest) {
				latest = o.Until
			}
		}
	}
	return latest
}

// look is what is known now, worked out where something changed. It is nil as
// long as nothing is known.
func (u *upstream) look(now time.Time) *domain.AccountState {
	if !u.stale && (u.next.IsZero() || now.Before(u.next)) {
		return u.state
	}
	u.stale = false
	u.account.Tidy(now)
	u.next = u.account.NextChange(u.rules, now)
	if len(u.account.Entries) == 0 && u.polling.At.IsZero() {
		u.state = nil
		return nil
	}
	s := &domain.AccountState{
		Status: u.polling.Status, Error: u.polling.Error, Quotas: u.account.Quotas(now), Outlooks: u.account.Outlooks(u.rules, now),
		FetchedAt: u.polling.FetchedAt, LastOKAt: u.polling.LastOKAt, PollAt: u.polling.At,
	}
	if s.Status == "" {
		s.Status = domain.AccountOK // answers told
	}
	u.state, u.keep = s, true
	u.tell(now)
	u.guessed = false
	return s
}

// tell notes what is news to an operator.
func (u *upstream) tell(now time.Time) {
	level, label, left, ok := u.account.Level(u.rules, now)
	if !ok {
		return
	}
	level = account.Settle(u.level, level, left)
	if news := account.News(u.level, level); news != "" {
		outlook := u.state.Outlook("")
		u.notices = append(u.notices, domain.AccountNotice{
			At: now, ProviderID: u.id, Level: news, Label: label, Headroom: left, Until: outlook.Until,
		})
		u.kept = time.Time{}
		if news == domain.NoticeEmpty && u.guessed {
			u.polling = u.polling.Hurry(now)
			u.state.PollAt = u.polling.At
		}
	}
	u.level = level
}

func (u *upstream) takeNotices() []domain.AccountNotice {
	n := u.notices
	u.notices = nil
	return n
}

// keepAt is when the state has to be handed on; zero if it need not.
func (u *upstream) keepAt() time.Time {
	if !u.keep {
		return time.Time{}
	}
	return u.kept.Add(keepEvery)
}

// accountUrgent tells whether the news decide who is called, or were waited for.
func accountUrgent(told, h *domain.AccountState) bool {
	if told == h || h == nil || told == nil {
		return told != h
	}
	if !told.FetchedAt.Equal(h.FetchedAt) || !told.PollAt.Equal(h.PollAt) || len(told.Outlooks) != len(h.Outlooks) {
		return true
	}
	for i := range h.Outlooks {
		a, b := &told.Outlooks[i], &h.Outlooks[i]
		if a.Model != b.Model || !a.Until.Equal(b.Until) || a.Low() != b.Low() {
			return true
		}
	}
	return false
}

// accountMoved tells whether a share differs by a hundredth. It is asked only
// where accountUrgent says no.
func accountMoved(told, h *domain.AccountState) bool {
	if told == h {
		return false
	}
	for i := range h.Outlooks {
		a, b := &told.Outlooks[i], &h.Outlooks[i]
		if a.Known != b.Known || math.Abs(a.Headroom-b.Headroom) >= 0.01 || math.Abs(a.Factor-b.Factor) >= 0.05 {
			return true
		}
	}
	return len(told.Quotas) != len(h.Quotas)
}
