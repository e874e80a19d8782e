package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// stepReserve is what every step still to come keeps of the time for clean-up,
// so that one that hangs does not take it from the others.
const stepReserve = 200 * time.Millisecond

// errHangs says that a step of the shutdown did not heed the end of its time.
var errHangs = errors.New("it hangs and is left behind")

// closer ends one part of the App.
type closer struct {
	name  string
	close func(ctx context.Context) error
}

func (a *App) onClose(name string, f func(ctx context.Context) error) {
	a.closers = append(a.closers, closer{name, f})
}

// Close ends what New began, in reverse order, within the time for clean-up. It
// returns in time also when a step hangs: its name is in the log and the error.
func (a *App) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, a.cfg.Shutdown.Cleanup.Duration())
	defer cancel()
	var errs []error
	for left, c := range slices.Backward(a.closers) {
		if err := a.endStep(ctx, c, left); err != nil {
			errs = append(errs, fmt.Errorf("close %s: %w", c.name, err))
		}
	}
	a.closers = nil
	return errors.Join(errs...)
}

// endStep ends one part, and leaves time for as many as come after it.
func (a *App) endStep(ctx context.Context, c closer, left int) error {
	began := time.Now()
	end, _ := ctx.Deadline()
	ctx, cancel := context.WithDeadline(ctx, end.Add(-time.Duration(left)*stepReserve))
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- c.close(ctx) }()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		err = lateEnd(ended)
	}
	took := slog.Int64("duration_ms", time.Since(began).Milliseconds())
	if err != nil {
		a.logger.ErrorContext(ctx, "shutdown step failed", slog.String("step", c.name), took, slog.Any("error", err))
		return err
	}
	a.logger.InfoContext(ctx, "shutdown step", slog.String("step", c.name), took)
	return nil
}

// lateEnd gives a step whose time is over a moment to notice.
func lateEnd(ended <-chan error) error {
	moment := time.NewTimer(stepReserve / 2)
	defer moment.Stop()
	select {
	case err := <-ended:
		return err
	case <-moment.C:
		return errHangs
	}
}
