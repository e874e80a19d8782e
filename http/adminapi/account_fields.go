package adminapi

import (
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/claude-code-hub/cch/internal/domain"
)

// accountFields say how an account is asked.
type accountFields struct {
	Adapter string `json:"adapter" enum:"none,auto,anthropic-oauth,codex,code-assist,new-api,sub2api,deepseek,openrouter,siliconflow,moonshot,custom" doc:"auto = by the provider's type and host; none = nothing is learnt from answers either"`
	Config  struct {
		BaseURL    string                 `json:"baseUrl,omitempty"    maxLength:"255" doc:"another host than the provider's needs a token"`
		Token      field[string]          `json:"token,omitzero"       maxLength:"16384" writeOnly:"true" doc:"used instead of the provider's key; null = none, left out = unchanged"`
		AccountID  string                 `json:"accountId,omitempty"  maxLength:"128" doc:"codex: the ChatGPT account; new-api: the user of the token"`
		Project    string                 `json:"project,omitempty"    maxLength:"128" doc:"code-assist"`
		USDPerUnit float64                `json:"usdPerUnit,omitempty" minimum:"0" maximum:"1000000" doc:"rate of a balance that is not in USD"`
		Template   *accountTemplateFields `json:"template,omitempty"   doc:"custom: what to ask, and where the figures are in the JSON that comes back"`
	} `json:"config,omitzero"`
}

type accountTemplateFields struct {
	Method  string                   `json:"method,omitempty"  enum:"GET,POST"`
	Path    string                   `json:"path"              minLength:"1" maxLength:"1024" pattern:"^/" patternDescription:"a path on the host asked"`
	Headers field[map[string]string] `json:"headers,omitzero"  writeOnly:"true" doc:"{key} stands for the credential; left out = unchanged"`
	Body    string                   `json:"body,omitempty"    maxLength:"8192"`
	Balance string                   `json:"balance,omitempty" maxLength:"256" doc:"JSON path such as data.0.balance"`
	Used    string                   `json:"used,omitempty"    maxLength:"256"`
	Limit   string                   `json:"limit,omitempty"   maxLength:"256"`
	Reset   string                   `json:"reset,omitempty"   maxLength:"256" doc:"Unix seconds or milliseconds, or RFC 3339; makes a window of used and limit"`
	Unit    string                   `json:"unit,omitempty"    maxLength:"16"  doc:"left out = USD"`
	Factor  float64                  `json:"factor,omitempty"  minimum:"0" maximum:"1000000000" doc:"the figures are multiplied by it"`
}

// setup is what is to be stored; secrets that were left out are those of before.
func (f *accountFields) setup(before *domain.AccountSetup) domain.AccountSetup {
	c := &f.Config
	s := domain.AccountSetup{Adapter: domain.AccountAdapter(f.Adapter), Config: domain.AccountConfig{
		BaseURL: strings.TrimRight(strings.TrimSpace(c.BaseURL), "/"), Token: before.Config.Token,
		AccountID: c.AccountID, Project: c.Project, USDPerUnit: c.USDPerUnit,
	}}
	if c.Token.set {
		s.Config.Token = domain.Secret(strings.TrimSpace(c.Token.value))
	}
	if t := c.Template; t != nil {
		s.Config.Template = domain.AccountTemplate{
			Method: t.Method, Path: t.Path, Headers: before.Config.Template.Headers, Body: t.Body, Balance: t.Balance,
			Used: t.Used, Limit: t.Limit, Reset: t.Reset, Unit: t.Unit, Factor: t.Factor,
		}
		if t.Method == "" {
			s.Config.Template.Method = http.MethodGet
		}
		if t.Headers.set {
			s.Config.Template.Headers = nil
			for name, value := range t.Headers.value {
				if s.Config.Template.Headers == nil {
					s.Config.Template.Headers = map[string]domain.Secret{}
				}
				s.Config.Template.Headers[name] = domain.Secret(value)
			}
		}
	}
	return s
}

// checkAccount judges a setup as it would be stored. A stored credential goes to
// no other host than it was given for.
func checkAccount(s *domain.AccountSetup, p *domain.Provider, newToken bool) error {
	var wrong, part faults
	c := &s.Config
	if c.BaseURL != "" {
		part.checkURL(&c.BaseURL)
		for i := range part {
			part[i].Path = []any{"config", "baseUrl"}
		}
		wrong = append(wrong, part...)
	}
	home := p.Account.Config.BaseURL
	if home == "" {
		home = p.URL
	}
	target := c.BaseURL
	if target == "" {
		target = p.URL
	}
	switch {
	case hostOf(target) != hostOf(p.URL) && c.Token == "":
		wrong.add("required", "is needed: the provider's key goes to the provider's host only", "config", "token")
	case hostOf(target) != hostOf(home) && c.Token != "" && !newToken:
		wrong.add("required", "is needed again for another host; null takes it away", "config", "token")
	}
	if !httpguts.ValidHeaderFieldValue(c.Token.Reveal()) {
		wrong.add("invalid_format", "holds a character that no header can carry", "config", "token")
	}
	if !httpguts.ValidHeaderFieldValue(c.AccountID) {
		wrong.add("invalid_format", "holds a character that no header can carry", "config", "accountId")
	}
	wrong.checkTemplate(s)
	return wrong.err()
}

func (f *faults) checkTemplate(s *domain.AccountSetup) {
	t := &s.Config.Template
	if s.Adapter == domain.AdapterCustom && t.Path == "" {
		f.add("required", "is required for the custom adapter", "config", "template")
		return
	}
	if t.Path == "" {
		return
	}
	if u, err := url.Parse(t.Path); err != nil || u.IsAbs() || u.Host != "" || u.Fragment != "" {
		f.add("invalid_format", "is not a path", "config", "template", "path")
	}
	if t.Balance == "" && t.Used == "" {
		f.add("required", "is required, or used", "config", "template", "balance")
	}
	if len(t.Headers) > maxCustomHeaders {
		f.add("too_long", "has more than 32 headers", "config", "template", "headers")
	}
	for name, value := range t.Headers {
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value.Reveal()) ||
			strings.EqualFold(name, "Host") || strings.EqualFold(name, "Content-Length") {
			f.add("invalid_format", "is not a header that can be set", "config", "template", "headers", name)
		}
	}
}
