package adminapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/claude-code-hub/cch/http/problem"
)

// csrfHeader carries the token that proves a change was asked for by our page.
const csrfHeader = "X-Csrf-Token"

const csrfBucket = 30 * time.Minute

// csrfMint makes tokens that belong to a session and half an hour.
type csrfMint struct{ key [32]byte }

func (m csrfMint) token(session [32]byte, at time.Time) string {
	mac := hmac.New(sha256.New, m.key[:])
	mac.Write(session[:])
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/int64(csrfBucket.Seconds()))))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// valid takes tokens of the current and the previous half hour.
func (m csrfMint) valid(token string, session [32]byte, now time.Time) bool {
	current := hmac.Equal([]byte(token), []byte(m.token(session, now)))
	previous := hmac.Equal([]byte(token), []byte(m.token(session, now.Add(-csrfBucket))))
	return current || previous
}

func (a *API) checkCSRF(r *http.Request, c *caller, p *principal) error {
	if !a.sameOrigin(c) || !a.csrf.valid(r.Header.Get(csrfHeader), p.session.TokenHash, a.Now()) {
		return csrfProblem()
	}
	return nil
}

func csrfProblem() error {
	return problem.New(http.StatusForbidden, "auth.csrf_invalid",
		"The request was not made by this site's own page, or its CSRF token is out of date.")
}

// sameOrigin refuses what a browser says comes from another site. Clients that
// send neither header are no browsers and hold no cookie by accident.
func (a *API) sameOrigin(c *caller) bool {
	if c.fetchSite != "" && c.fetchSite != "same-origin" && c.fetchSite != "none" {
		return false
	}
	if c.origin == "" {
		return true
	}
	origin, err := url.Parse(c.origin)
	if err != nil || origin.Host == "" {
		return false
	}
	if strings.EqualFold(origin.Host, c.host) {
		return true
	}
	app, err := url.Parse(a.AppURL)
	return err == nil && app.Host != "" && strings.EqualFold(origin.Host, app.Host)
}
