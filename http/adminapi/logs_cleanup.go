package adminapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	jobCleanup     = "clean_up_logs"
	cleanupRows    = 500                    // in one transaction, for which writers of the log wait
	cleanupPause   = 100 * time.Millisecond // in which they go on
	cleanupBudget  = 10 * time.Minute       // of one job; what is left is for the next
	cleanupAtATime = 1000                   // pages that are given back at once
)

// LogCleaner deletes rows of the request log.
type LogCleaner interface {
	CountCleanup(ctx context.Context, c domain.LogCleanup) (int, error)
	CleanUp(ctx context.Context, c domain.LogCleanup, limit int) (int, error)
	// Shrink gives disk space back and returns how many pages are left to give.
	Shrink(ctx context.Context, pages int) (int, error)
}

func (a *API) declareLogCleanup() {
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "cleanUpUsageLogs", Method: http.MethodPost, Path: "/usage-logs/cleanup", Tags: []string{"Request logs"},
		Summary:       "Delete rows of the request log as a job; the ledger and statistics stay",
		DefaultStatus: http.StatusAccepted,
	}, a.cleanUpLogs)
}

type cleanupInput struct {
	Body struct {
		After       time.Time `json:"after,omitzero"       doc:"begun at this time or later"`
		Before      time.Time `json:"before,omitzero"      doc:"begun before this time"`
		UserIDs     []int64   `json:"userIds,omitempty"     maxItems:"500"`
		ProviderIDs []int64   `json:"providerIds,omitempty" maxItems:"500"`
		StatusCodes []int     `json:"statusCodes,omitempty" maxItems:"100"`
		StatusRange string    `json:"statusRange,omitempty" pattern:"^[1-5]xx$" doc:"such as 4xx"`
		OnlyBlocked bool      `json:"onlyBlocked,omitempty" doc:"requests that were refused before a provider was called"`
		DryRun      bool      `json:"dryRun,omitempty"      doc:"count, and delete nothing"`
	}
}

// cleanupBody is the result of the job.
type cleanupBody struct {
	Matched int  `json:"matched" doc:"when the job began"`
	Deleted int  `json:"deleted"`
	DryRun  bool `json:"dryRun"`
}

func (in *cleanupInput) selection() (domain.LogCleanup, error) {
	b := &in.Body
	c := domain.LogCleanup{After: b.After, Before: b.Before, Statuses: b.StatusCodes, OnlyBlocked: b.OnlyBlocked}
	for _, id := range b.UserIDs {
		c.Users = append(c.Users, domain.UserID(id))
	}
	for _, id := range b.ProviderIDs {
		c.Providers = append(c.Providers, domain.ProviderID(id))
	}
	if b.StatusRange != "" {
		status, err := domain.ParseStatusFilter(b.StatusRange)
		if err != nil {
			return c, err
		}
		c.Status = status
	}
	if c.IsZero() {
		return c, problem.Invalid(problem.InvalidParam{Path: []any{"before"}, Code: "required", Message: "select something; before takes what is older"})
	}
	return c, nil
}

func (a *API) cleanUpLogs(_ context.Context, in *cleanupInput) (*jobStartedOutput, error) {
	c, err := in.selection()
	if err != nil {
		return nil, err
	}
	dry := in.Body.DryRun
	return a.begin(jobCleanup, func(ctx context.Context, progress domain.JobProgress) (any, error) {
		ctx, cancel := context.WithTimeout(ctx, cleanupBudget)
		defer cancel()
		result := cleanupBody{DryRun: dry}
		var err error
		if result.Matched, err = a.Stores.Cleaner.CountCleanup(ctx, c); err != nil || dry {
			return result, err
		}
		result.Deleted, err = cleanUp(ctx, a.Stores.Cleaner, c, func(done int) { progress(done, result.Matched) })
		return result, err
	})
}

// cleanUp deletes in batches with pauses, and gives the space back.
func cleanUp(ctx context.Context, logs LogCleaner, c domain.LogCleanup, progress func(done int)) (deleted int, err error) {
	for {
		n, err := logs.CleanUp(ctx, c, cleanupRows)
		deleted += n
		progress(deleted)
		if err != nil {
			return deleted, err
		}
		if n < cleanupRows {
			break
		}
		if !paused(ctx) {
			return deleted, ctx.Err()
		}
	}
	for deleted > 0 {
		left, err := logs.Shrink(ctx, cleanupAtATime)
		if err != nil || left == 0 || !paused(ctx) {
			return deleted, err
		}
	}
	return deleted, nil
}

// paused waits between batches; false when ctx ended.
func paused(ctx context.Context) bool {
	t := time.NewTimer(cleanupPause)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
