package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// usage_daily_by has the sums of closed days by one thing at a time: a day of 200
// users has 1,800 rows in usage_daily, as each user has several models and
// providers, and 200 here. What a row is not by is 0 or empty in it. It is made
// out of usage_daily, in the same transaction.

// coarseness is what rows of usage_daily_by are by.
type coarseness int64

const (
	byAll coarseness = 1 + iota
	byUser
	byKey
	byProvider
	byModel
)

func coarsenesses() []coarseness { return []coarseness{byAll, byUser, byKey, byProvider, byModel} }

// coarseDays is more than the days of any calendar: by_day tells both what a row
// is by and its day.
const coarseDays = 10_000_000

// at is the by_day of a day.
func (c coarseness) at(day int64) int64 { return int64(c)*coarseDays + day }

// key is what a row of usage_daily is part of.
func (c coarseness) key(k usageKey) usageKey {
	coarse := usageKey{at: c.at(k.at)}
	switch c {
	case byUser:
		coarse.user = k.user
	case byKey:
		coarse.key = k.key
	case byProvider:
		coarse.provider = k.provider
	case byModel:
		coarse.model = k.model
	case byAll:
	}
	return coarse
}

// coarse are the sums of usage_daily_by that sums of usage_daily add up to.
func coarse(days map[usageKey]*usageSum) map[usageKey]*usageSum {
	if len(days) == 0 {
		return nil
	}
	sums := make(map[usageKey]*usageSum)
	for k, sum := range days {
		for _, c := range coarsenesses() {
			into(sums, c.key(k)).add(sum)
		}
	}
	return sums
}

func (u *usageSum) add(o *usageSum) {
	from := o.values()
	for i, into := range u.pointers(true) {
		*into.(*int64) += from[i] //nolint:forcetypeassert // they all are
	}
}

// buildCoarse sums up days of usage_daily anew, from the first to the last.
func buildCoarse(ctx context.Context, tx bun.Tx, first, last int64) error {
	for _, c := range coarsenesses() {
		_, err := tx.NewRaw("DELETE FROM usage_daily_by WHERE by_day >= ? AND by_day <= ?", c.at(first), c.at(last)).Exec(ctx)
		if err != nil {
			return err
		}
		if _, err := tx.NewRaw(buildCoarseSQL(c), first, last).Exec(ctx); err != nil {
			return fmt.Errorf("sum up days %d to %d: %w", first, last, err)
		}
	}
	return nil
}

func buildCoarseSQL(c coarseness) string {
	key := []string{"0", "0", "0", "''"}
	group := "day_no"
	if c != byAll {
		name := []string{"user_id", "key_id", "provider_id", "model"}[c-byUser]
		key[c-byUser], group = name, group+", "+name
	}
	return "INSERT INTO usage_daily_by (by_day, user_id, key_id, provider_id, model, " + usageColumns + ")" +
		" SELECT day_no + " + strconv.FormatInt(c.at(0), 10) + ", " + strings.Join(key, ", ") + ", " + summed(true) +
		" FROM usage_daily WHERE day_no >= ? AND day_no <= ? GROUP BY " + group
}

// listedModelSQL tells whether a day tells a model apart.
const listedModelSQL = "SELECT COUNT(*) > 0 FROM usage_daily_by" +
	" WHERE by_day = ?1 AND user_id = 0 AND key_id = 0 AND provider_id = 0 AND model = ?2"

// rebuildCoarse sums up all days anew.
func rebuildCoarse(ctx context.Context, tx bun.Tx) error {
	return buildCoarse(ctx, tx, 0, coarseDays-1)
}

// coarsenessOf is what the rows are by that answer a query about days; false =
// none do. What is asked of one user is found sooner by the index of usage_daily.
func coarsenessOf(q domain.UsageQuery) (c coarseness, ok bool) {
	if q.Split != "" || q.User != 0 || q.Model != "" {
		return 0, false
	}
	c = byAll
	for _, dimension := range []struct {
		by    coarseness
		asked bool
	}{
		{byUser, q.By == domain.ByUser || len(q.Users) > 0},
		{byKey, q.By == domain.ByKey || q.Key != 0},
		{byProvider, q.By == domain.ByProvider || q.Provider != 0 || len(q.Providers) > 0},
		{byModel, q.By == domain.ByModel},
	} {
		switch {
		case !dimension.asked:
		case c != byAll:
			return 0, false
		default:
			c = dimension.by
		}
	}
	return c, true
}
