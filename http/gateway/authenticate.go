package gateway

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/secrets"
)

// authenticate finds the caller from the headers alone: no body is read for a
// stranger.
func (g *Gateway) authenticate(x *exchange) error {
	credential, f := credentialOf(x.r)
	if f != nil {
		return g.stranger(x, "", f)
	}
	sum := secrets.HashKey(credential)
	key := x.catalog.KeyByHash(sum)
	if key == nil {
		return g.stranger(x, string(sum[:]), domain.NewFault(domain.KindUnauthenticated, domain.CodeInvalidAPIKey, "this API key is not known"))
	}
	x.key, x.user = key, x.catalog.User(key.UserID)
	if f := domain.CredentialFault(x.key, x.user, x.at); f != nil {
		if f.Code == domain.CodeUserExpired && x.user.Enabled {
			g.expire(x)
		}
		return refused(domain.BlockedAuth, f)
	}
	g.abuse.clear(x.ip, string(sum[:]))
	return nil
}

// expireDeadline bounds how long a request that is refused anyway waits for its
// user to be disabled.
const expireDeadline = 2 * time.Second

// expire disables a user whose time is over, so that everybody sees it.
func (g *Gateway) expire(x *exchange) {
	if g.Expire == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.r.Context()), expireDeadline)
	defer cancel()
	if err := g.Expire(ctx, x.user.ID); err != nil {
		g.Logger.Error("expired user not disabled", "user_id", int64(x.user.ID), "error", err)
	}
}

// stranger refuses who has no known key, and leaves a counter but no row: there
// is nobody it would belong to. Only such failures count towards a lock, and a
// lock never keeps out a valid key.
func (g *Gateway) stranger(x *exchange, keyHash string, f *domain.Fault) error {
	g.strangers.Add(1)
	if wait := g.abuse.failed(x.ip, keyHash, x.at); wait > 0 {
		f = domain.NewFault(domain.KindRateLimited, domain.CodeTooManyAuthFailures, "too many failed attempts to authenticate")
		f.RetryAfter = wait
	}
	return &refusal{fault: f, by: domain.BlockedAuth, quiet: true}
}

// credentialOf takes the caller's key from any of the four places clients put
// it. Several places must agree.
func credentialOf(r *http.Request) (string, *domain.Fault) {
	found := ""
	for _, c := range [...]string{bearer(r.Header.Get("Authorization")), r.Header.Get("X-Api-Key"), r.Header.Get("X-Goog-Api-Key"), queryKey(r.URL)} {
		c = strings.TrimSpace(c)
		switch {
		case c == "" || c == found:
		case found == "":
			found = c
		default:
			return "", domain.NewFault(domain.KindUnauthenticated, domain.CodeAuthConflict, "the request carries more than one API key")
		}
	}
	if found == "" {
		return "", domain.NewFault(domain.KindUnauthenticated, domain.CodeAuthMissing, "no API key was sent")
	}
	return found, nil
}

func bearer(authorization string) string {
	const scheme = "Bearer "
	if len(authorization) > len(scheme) && strings.EqualFold(authorization[:len(scheme)], scheme) {
		return authorization[len(scheme):]
	}
	return ""
}

func queryKey(u *url.URL) string {
	if !strings.Contains(u.RawQuery, "key=") {
		return ""
	}
	return u.Query().Get("key")
}
