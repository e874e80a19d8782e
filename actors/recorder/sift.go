package recorder

import (
	"context"
	"errors"
)

const (
	// poisonTries is how often the store must refuse a record alone before it is
	// buried.
	poisonTries = 5
	// patience is how often an error that says nothing of its cause is met before
	// the records are suspected.
	patience = 5
	// stuckAfter is how many records are tried alone before a store that has not
	// taken one yet is left in peace.
	stuckAfter = 3
)

// spoiled is a record that the store refuses, with the reason it gave last.
type spoiled[T any] struct {
	alone []T // the one record, as a part of its batch
	why   error
}

// sieve brings to the store what it takes of a batch. A record is bad that is
// refused again and again when it comes alone: because the store says that it
// lies in the record, or for a reason nobody knows while another record passes.
type sieve[T any] struct {
	// write tries once, but waits while the store is away. It fails with what the
	// store refuses, or when its context ends.
	write func(context.Context, []T) error
	// control writes a record once more that passed before, which changes nothing.
	control func(context.Context, T) error

	passed *T  // a record that the store took
	alone  int // records that were refused for no known reason
	rest   []T // what was not tried, as nothing passes
}

// sift returns the bad records of a batch, and those that are left undecided: it
// takes none of them at the moment, nor any other.
func (s *sieve[T]) sift(ctx context.Context, batch []T) (bad []spoiled[T], left []T, err error) {
	suspects, err := s.bisect(ctx, batch)
	for try := 2; try <= poisonTries && err == nil && len(suspects) > 0 && !s.stuck(); try++ {
		if !pause(ctx, jittered(firstRetry)) {
			return nil, nil, ctx.Err()
		}
		suspects, err = s.again(ctx, suspects)
	}
	if err != nil {
		return nil, nil, err
	}
	left = s.rest
	for _, p := range suspects {
		if !rejected(p.why) && s.passed == nil {
			left = append(left, p.alone...)
			continue
		}
		bad = append(bad, p)
	}
	return bad, left, nil
}

// stuck tells whether the store takes nothing, as far as was seen.
func (s *sieve[T]) stuck() bool { return s.passed == nil && s.alone >= stuckAfter }

// bisect writes a batch, or as much of it as can be written in halves, halves of
// halves and so on, and returns the records that were refused alone.
func (s *sieve[T]) bisect(ctx context.Context, batch []T) ([]spoiled[T], error) {
	if s.stuck() {
		s.rest = append(s.rest, batch...)
		return nil, nil
	}
	err := s.write(ctx, batch)
	switch {
	case err == nil:
		s.passed = &batch[0]
		return nil, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case !refused(err):
		return nil, err
	case len(batch) == 1:
		if !rejected(err) {
			s.alone++
		}
		return []spoiled[T]{{alone: batch, why: err}}, nil
	}
	half := len(batch) / 2
	left, err := s.bisect(ctx, batch[:half])
	if err != nil {
		return nil, err
	}
	right, err := s.bisect(ctx, batch[half:])
	return append(left, right...), err
}

// again writes each record once more and returns those that were refused. What
// is refused for an unknown reason must be so while another record passes.
func (s *sieve[T]) again(ctx context.Context, suspects []spoiled[T]) (left []spoiled[T], err error) {
	for i, p := range suspects {
		err := s.write(ctx, p.alone)
		switch {
		case err == nil:
			s.passed = &p.alone[0]
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !refused(err):
			return nil, err
		case !rejected(err) && s.passed != nil && s.control(ctx, *s.passed) != nil:
			s.passed = nil // nothing passes any more
			s.alone = stuckAfter
			return append(left, suspects[i:]...), ctx.Err()
		default:
			left = append(left, spoiled[T]{alone: p.alone, why: err})
		}
	}
	return left, nil
}

// unclearError is an error of the store that says nothing of its cause.
type unclearError struct{ cause error }

func (e *unclearError) Error() string { return e.cause.Error() }
func (e *unclearError) Unwrap() error { return e.cause }

// refused tells whether the store did not take the records although it is there.
func refused(err error) bool {
	_, unclear := errors.AsType[*unclearError](err)
	return unclear || rejected(err)
}

// rejected tells whether the store will never take the records as they are.
func rejected(err error) bool {
	var r interface{ Rejected() bool }
	return errors.As(err, &r) && r.Rejected()
}

// unavailable tells whether the store takes nothing at the moment.
func unavailable(err error) bool {
	var u interface{ Unavailable() bool }
	return errors.As(err, &u) && u.Unavailable()
}

// persist tries to write until that is done, or refused: by the records' fault,
// or so many times for a reason nobody knows. It waits as long as the store is
// away. failed is told of every try that failed.
func persist(ctx context.Context, tries int, write func(context.Context) error, failed func(wait int64, err error)) error {
	unclear := 0
	for wait := firstRetry; ; wait = min(2*wait, longestRetry) {
		err := write(ctx)
		if err == nil || rejected(err) {
			return err
		}
		if !unavailable(err) {
			unclear++
		}
		failed(wait.Milliseconds(), err)
		if unclear >= tries {
			return &unclearError{err}
		}
		if !pause(ctx, jittered(wait)) {
			return ctx.Err()
		}
	}
}
