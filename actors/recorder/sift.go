package recorder

import (
	"context"
	"errors"
	"slices"
)

// poisonTries is how often the store must reject a record alone before it is
// buried.
const poisonTries = 5

// spoiled is a record that the store rejects, with the reason it gave last.
type spoiled[T any] struct {
	alone []T // the one record, as a part of its batch
	why   error
}

// sift brings to the store what it takes of a batch and returns the rest: the
// records that it rejected again and again when each came alone. write must
// try again by itself while the store is away; it fails with what the store
// rejects, or when ctx ends.
func sift[T any](ctx context.Context, batch []T, write func(context.Context, []T) error) ([]spoiled[T], error) {
	suspects, err := bisect(ctx, batch, write)
	for try := 2; try <= poisonTries && err == nil && len(suspects) > 0; try++ {
		if !pause(ctx, jittered(firstRetry)) {
			return nil, ctx.Err()
		}
		suspects, err = again(ctx, suspects, write)
	}
	return suspects, err
}

// bisect writes a batch, or as much of it as can be written in halves, halves of
// halves and so on, and returns the records that were rejected alone.
func bisect[T any](ctx context.Context, batch []T, write func(context.Context, []T) error) ([]spoiled[T], error) {
	err := write(ctx, batch)
	switch {
	case err == nil:
		return nil, nil
	case !rejected(err):
		return nil, err
	case len(batch) == 1:
		return []spoiled[T]{{alone: batch, why: err}}, nil
	}
	half := len(batch) / 2
	left, err := bisect(ctx, batch[:half], write)
	if err != nil {
		return nil, err
	}
	right, err := bisect(ctx, batch[half:], write)
	return slices.Concat(left, right), err
}

// again writes each record once more and returns those that were rejected.
func again[T any](ctx context.Context, suspects []spoiled[T], write func(context.Context, []T) error) ([]spoiled[T], error) {
	var left []spoiled[T]
	for _, s := range suspects {
		switch err := write(ctx, s.alone); {
		case err == nil:
		case rejected(err):
			left = append(left, spoiled[T]{alone: s.alone, why: err})
		default:
			return nil, err
		}
	}
	return left, nil
}

// rejected tells whether the store will never take the records as they are.
func rejected(err error) bool {
	var r interface{ Rejected() bool }
	return errors.As(err, &r) && r.Rejected()
}
