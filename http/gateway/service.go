package gateway

import (
	"net/http"
	"slices"
	"strings"

	"github.com/claude-code-hub/cch/http/gateway/scan"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/upstream"
)

const (
	fastSpeed = "fast"       // of Claude's fast mode
	fastBeta  = "fast-mode-" // the beta that it belongs to, whatever its date
)

// serviceAsked is the service the client asks for, as global filters left it. Fast
// mode takes both the member and the beta that it belongs to.
func (x *exchange) serviceAsked() domain.ServiceAsked {
	h := &x.head
	return domain.ServiceAsked{
		Tier: tierName(h.tier),
		Fast: x.target.protocol == domain.ProtocolClaude && h.speed.String() == fastSpeed && hasFastBeta(x.clientHeader()),
	}
}

// maxTier is longer than the name of any tier.
const maxTier = 32

func tierName(t scan.Text) string { return strings.ToLower(clip(t.String(), maxTier)) }

func hasFastBeta(h http.Header) bool {
	return slices.ContainsFunc(h[betaHeader], func(v string) bool { return strings.Contains(v, fastBeta) })
}

// asks notes what the call asks its provider for, where that may be something
// else than the client asks for: overrides, filters, conversions and a
// provider's own headers write what decides, or leave it out. Nobody else's word
// counts where the provider does not say which service it gave.
func (c *call) asks(out *upstream.Call) {
	h, kind := &c.x.head, c.provider.Type.Protocol()
	tier, speed := h.tier, h.speed
	c.thinks = h.thinks && !c.converts()
	doc, written := ours(out.Body)
	switch {
	case written && (c.rewritten || c.thinks || !tier.IsZero() || !speed.IsZero()):
		var sent head
		_ = readHead(dialectOf(kind), doc, &sent) // what is no request asks for nothing
		tier, speed, c.thinks = sent.tier, sent.speed, sent.thinks
	case c.x.origin == nil && speed.IsZero():
		return
	}
	asked := domain.ServiceAsked{Tier: tierName(tier)}
	c.result.Service = &asked
	if speed.String() != fastSpeed || kind != domain.ProtocolClaude {
		return
	}
	before := out.Finish
	out.Finish = func(h http.Header) http.Header {
		if before != nil {
			h = before(h)
		}
		asked.Fast = hasFastBeta(h)
		return h
	}
}
