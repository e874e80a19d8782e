package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	calmWindow   = 10 * time.Second
	calmMost     = 10   // records of one message in a window
	calmMessages = 1024 // remembered at once; they are few, as what varies is in attributes
)

// calm passes a warning or an error on ten times in ten seconds and counts it
// after that: while a database is away every request has something to say about
// it. The next record that is passed on tells how many were not. Records below
// warnings are what an operator asked to see, and all of them go through.
type calm struct {
	slog.Handler
	book *calmBook
}

func newCalm(h slog.Handler) calm { return calm{h, &calmBook{runs: make(map[calmKey]*calmRun)}} }

func (h calm) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		pass, left := h.book.note(calmKey{r.Level, r.Message}, r.Time)
		if !pass {
			return nil
		}
		if left > 0 {
			r.AddAttrs(slog.Int("left_out_before", left))
		}
	}
	return h.Handler.Handle(ctx, r)
}

func (h calm) WithAttrs(attrs []slog.Attr) slog.Handler {
	return calm{h.Handler.WithAttrs(attrs), h.book}
}

func (h calm) WithGroup(name string) slog.Handler {
	return calm{h.Handler.WithGroup(name), h.book}
}

// calmBook counts messages. Loggers that come of one share it.
type calmBook struct {
	mu   sync.Mutex
	runs map[calmKey]*calmRun
}

type calmKey struct {
	level   slog.Level
	message string
}

// calmRun is one message in its present window.
type calmRun struct {
	since        time.Time
	passed, left int
}

// note counts a message. It tells whether it is to be passed on, and how many
// were not since the last that was.
func (b *calmBook) note(key calmKey, at time.Time) (pass bool, left int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	run := b.runs[key]
	if run == nil {
		if len(b.runs) >= calmMessages {
			clear(b.runs)
		}
		run = &calmRun{since: at}
		b.runs[key] = run
	}
	if age := at.Sub(run.since); age >= calmWindow || age < 0 {
		run.since, run.passed = at, 0
	}
	if run.passed == calmMost {
		run.left++
		return false, 0
	}
	run.passed++
	left, run.left = run.left, 0
	return true, left
}
