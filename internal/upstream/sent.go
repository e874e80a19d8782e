package upstream

import (
	"context"
	"net/http/httptrace"
)

// Held is a body that holds memory which it can give back once it is sent. Sent
// is called from another goroutine than Open, but not while Open is, and never
// while what Open returned may still be read. The transport may open the body
// again after it.
type Held interface {
	Body
	Sent()
}

// tellingSent is the context of a call that tells a body when it was sent.
func tellingSent(ctx context.Context, b Body) context.Context {
	h, ok := b.(Held)
	if !ok {
		return ctx
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(i httptrace.WroteRequestInfo) {
			if i.Err == nil {
				h.Sent()
			}
		},
	})
}
