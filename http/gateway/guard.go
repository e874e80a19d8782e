package gateway

import (
	"slices"
	"strings"

	"github.com/claude-code-hub/cch/internal/domain"
)

// guard applies the rules that need the body but no shared state.
func (g *Gateway) guard(x *exchange) error {
	allowed := x.user.AllowedModels
	if len(allowed) == 0 || x.model == "" {
		return nil
	}
	if slices.ContainsFunc(allowed, func(m string) bool { return strings.EqualFold(m, x.model) }) {
		return nil
	}
	return refused(domain.BlockedModel, domain.NewFault(domain.KindForbidden, domain.CodeModelNotAllowed,
		"the model "+clip(x.model, 100)+" is not allowed for this API key"))
}
