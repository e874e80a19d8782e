package gateway

import (
	"net/http"
	"slices"
	"strings"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/override"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// The betas without which Claude takes no notice of what is asked for.
const (
	beta1M       = "context-1m-2025-08-07"
	betaCacheTTL = "extended-cache-ttl-2025-04-11"
)

// override writes what the operator chose for the provider into what is about
// to be sent, in the provider's own format. It fails if there is no memory for
// that.
func (c *call) override(out *upstream.Call) error {
	r := override.Request{Provider: c.provider, Model: c.a.Model, CacheTTL: domain.EffectiveCacheTTL(c.x.key, c.provider)}
	c.cacheTTL = ""
	if !r.Any() || c.x.body == nil || !c.x.target.judged() || out.Body == nil {
		return nil
	}
	var done override.Done
	err := c.rewrite(out, func(doc string) (string, bool) {
		doc, done = override.Body(doc, &r)
		return doc, len(done.Changes) > 0
	})
	if err != nil {
		return err
	}
	if len(done.Changes) > 0 {
		c.special(domain.SpecialSetting{Type: domain.SpecialParameterOverride, Changes: done.Changes})
	}
	if done.Search {
		c.special(domain.SpecialSetting{Type: domain.SpecialGoogleSearch, Mode: string(c.provider.Overrides.GoogleSearch)})
	}
	if c.provider.Type.Protocol() == domain.ProtocolClaude {
		c.overrideBetas(out, r.CacheTTL, done.Cached)
	}
	return nil
}

// overrideBetas sees to the betas that go with the values: one hour in the cache,
// a million tokens of context.
func (c *call) overrideBetas(out *upstream.Call, ttl domain.CacheTTL, cached bool) {
	c.cacheTTL = ttl
	var add, drop []string
	if ttl == domain.Cache1h {
		add = append(add, betaCacheTTL)
	}
	if cached || ttl == domain.Cache1h {
		c.special(domain.SpecialSetting{Type: domain.SpecialCacheTTL, Mode: string(ttl)})
	}
	if o := c.provider.Overrides; o != nil && o.Context1M != "" {
		if o.Context1M == domain.Context1MForce {
			add = append(add, beta1M)
		} else {
			drop = append(drop, beta1M)
		}
		c.special(domain.SpecialSetting{Type: domain.SpecialContext1M, Mode: string(o.Context1M)})
	}
	if len(add)+len(drop) > 0 {
		out.Finish = func(h http.Header) http.Header { return withBetas(h, add, drop) }
	}
}

const betaHeader = "Anthropic-Beta"

// withBetas changes the list of betas in a header that nobody else has.
func withBetas(h http.Header, add, drop []string) http.Header {
	var list []string
	for _, line := range h[betaHeader] {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); name != "" && !slices.Contains(drop, name) {
				list = append(list, name)
			}
		}
	}
	for _, name := range add {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	if len(list) == 0 {
		delete(h, betaHeader)
		return h
	}
	h[betaHeader] = []string{strings.Join(list, ",")}
	return h
}

// keepsHour tells whether cache writes whose lifetime the provider does not tell
// are for an hour: by the operator's word, else by that of who wrote the request.
func (c *call) keepsHour(asked bool) bool {
	if c.cacheTTL != "" {
		return c.cacheTTL == domain.Cache1h
	}
	return asked
}
