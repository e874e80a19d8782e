package gateway

import (
	"cmp"
	"net/http"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
	"github.com/claude-code-hub/cch/internal/secrets"
)

// overridden is what the client is told of a refusal that a rule matches: what
// the rule says, in the client's own protocol, and the rest as the upstream said
// it.
func (c *call) overridden(e *ending, rule *domain.ErrorRule) *domain.UpstreamFault {
	if rule == nil || rule.Override.Status == 0 && len(rule.Override.Response) == 0 {
		return e.answer
	}
	out := domain.UpstreamFault{Status: e.status, ContentType: "application/json", Body: []byte(e.text)}
	if e.answer != nil {
		out = *e.answer
	}
	out.Status = cmp.Or(rule.Override.Status, out.Status)
	out.Overridden = rule.Override.Status != 0
	if len(rule.Override.Response) > 0 {
		status := max(out.Status, http.StatusBadRequest)
		plain := routing.PublicMessage(secrets.Redact(clip(e.text, 2*maxExcerpt)), status)
		out.ContentType = "application/json"
		out.Body = convert.Override(neutral.Format(c.x.target.protocol), rule.Override.Response, status, plain, c.x.id.String())
	}
	return &out
}
