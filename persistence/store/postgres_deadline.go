package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// deadline bounds every statement on the client's side. The server ends long
// statements itself and says so; this is for one that has stopped answering.
// pgx takes the context of a statement from its tracer.
type deadline struct{ limit time.Duration }

var (
	_ pgx.QueryTracer    = deadline{}
	_ pgx.CopyFromTracer = deadline{}
)

// silence is how much longer than the server's own limit an answer may take.
const silence = 5 * time.Second

type (
	cancelKey    struct{}
	unhurriedKey struct{}
)

// unhurried is for the few statements that may take as long as they like; the
// server's limit has to be lifted for them too, see [engine].
func unhurried(ctx context.Context) context.Context {
	return context.WithValue(ctx, unhurriedKey{}, true)
}

func (d deadline) begin(ctx context.Context) context.Context {
	if ctx.Value(unhurriedKey{}) != nil {
		return ctx
	}
	ctx, cancel := context.WithTimeout(ctx, d.limit)
	return context.WithValue(ctx, cancelKey{}, cancel)
}

func (deadline) end(ctx context.Context) {
	if cancel, ok := ctx.Value(cancelKey{}).(context.CancelFunc); ok {
		cancel()
	}
}

// TraceQueryStart begins a statement's time.
func (d deadline) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return d.begin(ctx)
}

// TraceQueryEnd is called when the last row was read, or the statement failed.
func (d deadline) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	d.end(ctx)
}

// TraceCopyFromStart begins a copy's time.
func (d deadline) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceCopyFromStartData) context.Context {
	return d.begin(ctx)
}

// TraceCopyFromEnd is called when all was copied, or the copy failed.
func (d deadline) TraceCopyFromEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceCopyFromEndData) {
	d.end(ctx)
}
