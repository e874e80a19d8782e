package gateway

import (
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/claude-code-hub/cch/internal/domain"
)

func internalFault() *domain.Fault {
	return domain.NewFault(domain.KindInternal, domain.CodeInternalError, "internal error")
}

// survive ends a call that panicked in the client's protocol. It is deferred.
// Where an actor has the request, closing the run has made it write the record.
func (g *Gateway) survive(x *exchange) {
	cause := recover()
	if cause == nil {
		return
	}
	g.panicked(x, cause)
	if x.actor {
		x.fail(internalFault(), g.Now())
		return
	}
	g.refuse(x, refused("", internalFault()))
}

// survive makes a panic inside an attempt the attempt's failure, for which no
// provider is to blame. It is deferred.
func (c *call) survive() {
	cause := recover()
	if cause == nil {
		return
	}
	c.g.panicked(c.x, cause)
	if c.result.Committed && c.events {
		c.interrupt(internalFault())
	}
	c.failed(ending{failure: domain.FailInternal, status: http.StatusInternalServerError, text: "internal error"})
}

// panicked logs a panic once. The one that net/http knows, for cutting a
// connection, goes on.
func (g *Gateway) panicked(x *exchange, cause any) {
	if cause == http.ErrAbortHandler { //nolint:errorlint // net/http panics with this very value
		panic(cause)
	}
	g.Logger.Error("request panicked", "request_id", x.id.String(), "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
}
