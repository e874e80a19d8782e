package account

import (
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// lowLevel is the headroom below which an operator is told.
const lowLevel = 0.20

// Level is how much an account has left in three steps; the zero value has plenty.
type Level uint8

// The levels.
const (
	Fine Level = iota
	Low
	Critical
	Empty
)

// Level is the account's, and the label of what decides. Rate limits by the
// minute and quotas of one model family are no news; neither is what is
// unknown, for which ok is false.
func (a *Account) Level(rules Rules, now time.Time) (level Level, label string, left float64, ok bool) {
	left = 1
	for i := range a.Entries {
		e := &a.Entries[i]
		if e.Refills || e.Model != "" {
			continue
		}
		q := e.at(now)
		if !e.exhaustedUntil(&q, rules, now).IsZero() {
			return Empty, e.Label, 0, true
		}
		h, known := headroom(&q, rules)
		if !known || !e.known(now) {
			continue
		}
		if !ok || h < left {
			label, left = e.Label, h
		}
		ok = true
	}
	switch {
	case !ok || left >= lowLevel:
		return Fine, label, left, ok
	case left >= domain.LowHeadroom:
		return Low, label, left, true
	}
	return Critical, label, left, true
}

// recovery is how much must be left before an account that was low is well again.
const recovery = 0.25

// Settle keeps a level from going up and down at its edge.
func Settle(from, to Level, left float64) Level {
	if from == Low && to == Fine && left < recovery {
		return Low
	}
	return to
}

// News is what to tell when an account goes from one level to another; empty if
// that is no news: it is told when things get worse, and when all is well again.
func News(from, to Level) domain.AccountNoticeLevel {
	switch {
	case to == Fine && from != Fine:
		return domain.NoticeRecovered
	case to <= from:
		return ""
	case to == Low:
		return domain.NoticeLow
	case to == Critical:
		return domain.NoticeCritical
	}
	return domain.NoticeEmpty
}
