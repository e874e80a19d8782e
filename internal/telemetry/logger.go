// Package telemetry makes the process logger and the metrics registry.
//
// It owns how things are written down, not what: callers pass attributes and
// readings in. No package variable holds a logger or a registry; both are
// values handed to constructors.
package telemetry

import (
	"context"
	"io"
	"log/slog"
)

// NewLogger writes records of at least the level to w as key=value text. Every
// text in a record passes through redact first, so that a credential that
// slipped into an error message is not written. A warning or an error that comes
// again and again is written a few times and then counted.
func NewLogger(w io.Writer, level slog.Leveler, redact func(string) string) *slog.Logger {
	clean := func(_ []string, a slog.Attr) slog.Attr {
		switch a.Value.Kind() {
		case slog.KindString:
			a.Value = slog.StringValue(redact(a.Value.String()))
		case slog.KindAny:
			if err, ok := a.Value.Any().(error); ok {
				a.Value = slog.StringValue(redact(err.Error()))
			}
		default:
		}
		return a
	}
	lines := slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: clean})
	return slog.New(newCalm(redactMessage{lines, redact}))
}

// ParseLevel reads debug, info, warn or error; anything else is info.
func ParseLevel(s string) slog.Level {
	var l slog.Level
	if err := l.UnmarshalText([]byte(s)); err != nil {
		return slog.LevelInfo
	}
	return l
}

// redactMessage also cleans the message itself, which ReplaceAttr sees only as
// an attribute of the built-in key in some handlers.
type redactMessage struct {
	slog.Handler
	redact func(string) string
}

func (h redactMessage) Handle(ctx context.Context, r slog.Record) error {
	r.Message = h.redact(r.Message)
	return h.Handler.Handle(ctx, r)
}

func (h redactMessage) WithAttrs(attrs []slog.Attr) slog.Handler {
	return redactMessage{h.Handler.WithAttrs(attrs), h.redact}
}

func (h redactMessage) WithGroup(name string) slog.Handler {
	return redactMessage{h.Handler.WithGroup(name), h.redact}
}
