package maintenance

import (
	"context"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	cleanupEvery  = 6 * time.Hour
	cleanupWithin = 5 * time.Minute
	batchRows     = 500                    // in one transaction, for which writers of the log wait
	batchPages    = 2000                   // 8 MB of the file
	batchPause    = 100 * time.Millisecond // in which they go on
)

// Logs is the log of requests. The first two delete at most limit of what is
// older and return how many that were.
type Logs interface {
	PruneRows(ctx context.Context, before time.Time, limit int) (int, error)
	PruneDetails(ctx context.Context, at time.Time, limit int) (int, error)
	// Shrink gives disk space back and returns how many pages are left to give.
	Shrink(ctx context.Context, pages int) (int, error)
	// CountCleanup counts the rows of a selection.
	CountCleanup(ctx context.Context, c domain.LogCleanup) (int, error)
}

// Catalog gives the settings in force.
type Catalog interface{ Current() *domain.Catalog }

// Cleanup is the chore of deleting old request logs, in batches with pauses:
// details when their own time is over, rows when the operator's is.
func Cleanup(logs Logs, catalog Catalog, now func() time.Time) Job {
	c := &cleanup{logs: logs, catalog: catalog, now: now}
	return Job{Name: "request_logs", Every: cleanupEvery, Within: cleanupWithin, Run: c.run, Left: c.left}
}

type cleanup struct {
	logs    Logs
	catalog Catalog
	now     func() time.Time
}

func (c *cleanup) run(ctx context.Context) (removed int, err error) {
	removed, err = c.repeat(ctx, func() (int, bool, error) {
		n, err := c.logs.PruneDetails(ctx, c.now(), batchRows)
		return n, n < batchRows, err
	})
	if err != nil {
		return removed, err
	}
	if s := c.catalog.Current().Settings(); s.CleanupEnabled {
		before := c.now().AddDate(0, 0, -s.CleanupRetentionDays)
		rows, err := c.repeat(ctx, func() (int, bool, error) {
			n, err := c.logs.PruneRows(ctx, before, batchRows)
			return n, n < batchRows, err
		})
		removed += rows
		if err != nil {
			return removed, err
		}
	}
	if removed == 0 {
		return 0, nil
	}
	_, err = c.repeat(ctx, func() (int, bool, error) {
		left, err := c.logs.Shrink(ctx, batchPages)
		return 0, left == 0, err
	})
	return removed, err
}

// left counts the rows that are older than they should get.
func (c *cleanup) left(ctx context.Context) (int, error) {
	s := c.catalog.Current().Settings()
	if !s.CleanupEnabled {
		return 0, nil
	}
	return c.logs.CountCleanup(ctx, domain.LogCleanup{Before: c.now().AddDate(0, 0, -s.CleanupRetentionDays)})
}

// repeat takes steps until one says that it was the last, or time is up: the
// rest is for the next run.
func (c *cleanup) repeat(ctx context.Context, step func() (n int, last bool, err error)) (total int, err error) {
	for {
		n, last, err := step()
		total += n
		switch {
		case ctx.Err() != nil:
			return total, nil //nolint:nilerr // whatever the step says, its time was up
		case err != nil, last:
			return total, err
		}
		if !pause(ctx, batchPause) {
			return total, nil
		}
	}
}

// pause waits; false when ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
