package gateway

import (
	"slices"
	"strings"

	"github.com/claude-code-hub/cch/internal/domain"
)

// guard applies the rules that need the body but no shared state.
func (g *Gateway) guard(x *exchange) error {
	if x.model == "" || x.mayUse(x.model) {
		return nil
	}
	return refused(domain.BlockedModel, domain.NewFault(domain.KindForbidden, domain.CodeModelNotAllowed,
		"the model "+clip(x.model, 100)+" is not allowed for this API key"))
}

// mayUse tells whether the caller's own list, if there is one, holds the model.
func (c *caller) mayUse(model string) bool {
	allowed := c.user.AllowedModels
	return len(allowed) == 0 || slices.ContainsFunc(allowed, func(m string) bool { return strings.EqualFold(m, model) })
}
