package gateway

import (
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/secrets"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// send completes the call that is about to be made.
func (c *call) send(out *upstream.Call) {
	c.sent = out
	out.HTTP2 = c.x.settings().EnableHTTP2
	if own := c.provider.Transport.HTTP2; own != nil {
		out.HTTP2 = *own
	}
	out.OnDetour = c.detour
}

// detour notes that the provider was not reached in the way that is configured.
func (c *call) detour(d upstream.Detour, why *upstream.Failure) {
	reason := domain.ReasonProxyFallback
	if d == upstream.DetourHTTP1 {
		reason = domain.ReasonHTTP2Fallback
	}
	details := systemDetails(why)
	details.ErrorMessage = clip(secrets.Redact(why.Error()), maxExcerpt)
	c.result.Detours = append(c.result.Detours, protocol.Detour{Reason: reason, Why: *details})
}
