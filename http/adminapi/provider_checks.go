package adminapi

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	maxCustomHeaders     = 32
	maxCustomHeaderBytes = 8 << 10
	maxClientPattern     = 128
)

// checkProvider judges a provider as it would be stored.
func (f *faults) checkProvider(p *domain.Provider) {
	f.checkPatterns(&p.Routing)
	f.checkActive(p.Routing.Active)
	f.checkClients(p.Routing.AllowedClients, "allowedClients")
	f.checkClients(p.Routing.BlockedClients, "blockedClients")
	f.checkTransport(&p.Transport)
	for name := range p.GroupPriorities {
		if !slices.Contains(p.Groups, name) {
			f.add("not_allowed", "is not a group of the provider", "groupPriorities", name)
		}
	}
}

func (f *faults) checkPatterns(r *domain.Routing) {
	for i, rule := range r.AllowedModels {
		f.checkPattern(rule.MatchType, rule.Pattern, "allowedModels", i, "pattern")
	}
	for i, rule := range r.ModelRedirects {
		f.checkPattern(rule.MatchType, rule.Source, "modelRedirects", i, "source")
		if strings.TrimSpace(rule.Target) == "" {
			f.add("too_short", "is empty", "modelRedirects", i, "target")
		}
	}
}

// checkVendor keeps a provider's key on hosts of its own: it is sent to all of
// the vendor's endpoints, which are on hosts of the vendor's domain.
func (f *faults) checkVendor(c *domain.Catalog, p *domain.Provider) {
	if p.VendorID == 0 {
		return
	}
	vendors := c.Vendors()
	i := slices.IndexFunc(vendors, func(v *domain.Vendor) bool { return v.ID == p.VendorID })
	switch {
	case i < 0:
		f.add("not_found", "is no vendor", "vendorId")
	case !within(p.URL, vendors[i].Domain):
		f.add("not_allowed", "is a vendor whose domain does not hold the provider's URL", "vendorId")
	}
}

// checkActive wants both bounds or none. Equal ones would mean never, which is
// what isEnabled is for.
func (f *faults) checkActive(w domain.DailyWindow) {
	switch {
	case w.IsZero():
	case w.Start == "":
		f.add("required", "is required together with activeTimeEnd", "activeTimeStart")
	case w.End == "":
		f.add("required", "is required together with activeTimeStart", "activeTimeEnd")
	case w.Start == w.End:
		f.add("not_allowed", "is the same as activeTimeStart", "activeTimeEnd")
	}
}

func (f *faults) checkClients(patterns []string, name string) {
	for i, p := range patterns {
		switch {
		case strings.TrimSpace(p) == "":
			f.add("too_short", "is empty", name, i)
		case len(p) > maxClientPattern:
			f.add("too_long", "has more than 128 characters", name, i)
		}
	}
}

func (f *faults) checkPattern(m domain.MatchType, pattern string, path ...any) {
	switch m {
	case domain.MatchExact, domain.MatchPrefix, domain.MatchSuffix, domain.MatchContains:
	case domain.MatchRegex:
		if _, err := regexp.Compile(pattern); err != nil {
			f.add("invalid_format", err.Error(), path...)
		}
	default:
		f.add("invalid_choice", "has an unknown matchType", path[:len(path)-1]...)
	}
	if pattern == "" {
		f.add("too_short", "is empty", path...)
	}
}

func (f *faults) checkTransport(t *domain.Transport) {
	f.checkTimeout("firstByteTimeoutStreamingMs", t.FirstByteTimeout, time.Second)
	f.checkTimeout("streamingIdleTimeoutMs", t.StreamIdleTimeout, time.Minute)
	f.checkTimeout("requestTimeoutNonStreamingMs", t.RequestTimeout, time.Minute)
	if t.ProxyURL != "" {
		f.checkProxyURL(t.ProxyURL)
	}
	f.checkHeaders(t.CustomHeaders)
}

func (f *faults) checkTimeout(name string, d, least time.Duration) {
	if d != 0 && d < least {
		f.add("too_small", "is 0 (off) or at least "+least.String(), name)
	}
}

func (f *faults) checkProxyURL(s domain.Secret) {
	u, err := url.Parse(s.Reveal())
	ok := err == nil && u.Hostname() != "" && (u.Path == "" || u.Path == "/") && u.RawQuery == ""
	if !ok || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
		f.add("invalid_format", "is not an http, https, socks5 or socks5h URL", "proxyUrl")
	}
}

// reservedHeader tells whether the gateway or HTTP itself sets the header.
func reservedHeader(lower string) bool {
	switch lower {
	case "authorization", "proxy-authorization", "x-api-key", "x-goog-api-key", "host", "content-length",
		"transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "proxy-connection", "cookie":
		return true
	}
	return strings.HasPrefix(lower, "x-cch-")
}

func (f *faults) checkHeaders(headers map[string]domain.Secret) {
	if len(headers) > maxCustomHeaders {
		f.add("too_long", "has more than 32 headers", "customHeaders")
	}
	size := 0
	for name, value := range headers {
		size += len(name) + len(value)
		switch {
		case !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value.Reveal()):
			f.add("invalid_format", "is not a valid header", "customHeaders", name)
		case reservedHeader(strings.ToLower(name)):
			f.add("not_allowed", "is set by the gateway itself", "customHeaders", name)
		}
	}
	if size > maxCustomHeaderBytes {
		f.add("too_long", "has more than 8 KiB in all", "customHeaders")
	}
}

// checkURL tidies a provider's base URL. User-info, query and fragment have no
// place in it: a credential there would be shown and logged.
func (f *faults) checkURL(s *string) {
	*s = strings.TrimRight(strings.TrimSpace(*s), "/")
	u, err := url.Parse(*s)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		f.add("invalid_format", "is not an http or https URL without user, query and fragment", "url")
	}
}

// checkCredential judges a provider's key, which travels in a header unless it
// is a JSON document. A blank one would be sent as no credential at all.
func (f *faults) checkCredential(s domain.Secret) {
	switch key := s.Reveal(); {
	case key == "":
		f.add("too_short", "is empty", "key")
	case strings.HasPrefix(key, "{"):
	case !httpguts.ValidHeaderFieldValue(key):
		f.add("invalid_format", "holds a character that no header can carry", "key")
	}
}

// hostOf is what a credential is bound to: scheme, host and port.
func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}
