package upstream

import (
	"context"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// dialProgress takes down how a connection is made. It lies in the watch of the call
// that asks for one, which goes to the transport as the call's context: a call on
// a connection that is there already pays for it with one load. The transport may
// go on dialing for a call that meanwhile found another connection; such a dial
// counts as the call's once it is through.
type dialProgress struct {
	made atomic.Pointer[domain.Dialed]
	over atomic.Bool // the connection can be used
}

type dialKey struct{}

// progressOf is where the dial of a context is taken down.
func progressOf(ctx context.Context) *dialProgress {
	p, _ := ctx.Value(dialKey{}).(*dialProgress)
	return p
}

// note takes down a phase, in a copy: others may be reading.
func (p *dialProgress) note(change func(*domain.Dialed)) {
	if p == nil {
		return
	}
	var next domain.Dialed
	if before := p.made.Load(); before != nil {
		next = *before
	}
	change(&next)
	p.made.Store(&next)
}

// traced is the context of a dial that notes when its name is known.
func (p *dialProgress) traced(ctx context.Context, now func() time.Time) context.Context {
	if p == nil {
		return ctx
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSDone: func(i httptrace.DNSDoneInfo) {
			if i.Err == nil {
				p.note(func(d *domain.Dialed) { d.Resolved = now() })
			}
		},
	})
}

// finished says that the connection is made, as far as this package makes it.
func (p *dialProgress) finished() {
	if p != nil {
		p.over.Store(true)
	}
}

// dialed is the connection that was made for the call, nil if it found one. Of a
// call that failed it is as far as that came.
func (w *watch) dialed(failed bool) *domain.Dialed {
	if !failed && !w.dial.over.Load() {
		return nil
	}
	return w.dial.made.Load()
}

// Value makes the watch the context of its call.
func (w *watch) Value(key any) any {
	if key == (dialKey{}) {
		return &w.dial
	}
	return w.Context.Value(key)
}
