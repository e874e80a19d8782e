package adminapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
)

func (a *API) declareStatisticsReset() {
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "resetUserStatistics", Method: http.MethodPost, Path: "/users/{id}/statistics/reset", Tags: []string{"Users"},
		Summary:       "Delete what a user's requests left: log, statistics, sessions and ledger; counting starts anew",
		DefaultStatus: http.StatusAccepted,
	}, a.resetStatistics)
}

const (
	jobResetStatistics = "reset_statistics"
	statisticsBatch    = 1000 // ledger rows that one transaction deletes
	statisticsTries    = 5    // of each step
	statisticsBackoff  = 30 * time.Second
)

type statisticsResetBody struct {
	LedgerRows int `json:"ledgerRows" doc:"deleted"`
	Running    int `json:"running"    doc:"log rows that are left because their requests still run"`
}

// resetStatistics resets the user's limits at once and deletes by a job what was
// before. Ended in between it is begun again by another call.
func (a *API) resetStatistics(ctx context.Context, in *UserIDInput) (*jobStartedOutput, error) {
	upto := a.Now()
	_, err := a.editUser(ctx, in.ID, VersionInput{}, func(u *domain.User) error {
		u.Limits.CostResetAt = upto
		return nil
	})
	if err != nil {
		return nil, err
	}
	return a.begin(jobResetStatistics, func(ctx context.Context, progress domain.JobProgress) (any, error) {
		return a.deleteStatistics(ctx, domain.UserID(in.ID), upto, progress)
	})
}

func (a *API) deleteStatistics(ctx context.Context, user domain.UserID, upto time.Time, progress domain.JobProgress) (b statisticsResetBody, err error) {
	total, err := a.Stores.Ledger.CountUpTo(ctx, user, upto)
	if err != nil {
		return b, err
	}
	for deleted := statisticsBatch; deleted == statisticsBatch; progress(b.LedgerRows, total) {
		err := a.retried(ctx, func() (err error) {
			deleted, err = a.Stores.Ledger.DeleteSome(ctx, user, upto, statisticsBatch)
			return err
		})
		if err != nil {
			return b, err
		}
		b.LedgerRows += deleted
	}
	for _, step := range []func() error{
		func() error { return a.Actors.ForgetQuota(ctx, user) }, // it fails while a settlement is under way
		func() error { return a.Stores.Rollups.Forget(ctx, user, upto) },
		func() (err error) { b.Running, err = a.Stores.Logs.Purge(ctx, user, 0); return err },
		func() error { return a.Stores.Sessions.Purge(ctx, user) },
	} {
		if err := a.retried(ctx, step); err != nil {
			return b, err
		}
	}
	return b, nil
}

// retried tries a step some times, further and further apart.
func (a *API) retried(ctx context.Context, step func() error) error {
	var errs []error
	for wait := statisticsBackoff; ; wait *= 2 {
		err := step()
		if err == nil {
			return nil
		}
		if errs = append(errs, err); len(errs) == statisticsTries {
			return errors.Join(errs...)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
