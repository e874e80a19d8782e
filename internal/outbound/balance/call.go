package balance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/rawjson"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/outbound"
)

const (
	maxAnswer = 1 << 20
	maxError  = 200
)

// failure is an account that did not say what it was asked.
type failure struct {
	status     int // HTTP; 0 = no answer
	retryAfter time.Duration
	text       string
}

func (f *failure) Error() string { return f.text }

// failed is any error as a failure. URLs are left out of texts: a template's
// path may hold a credential.
func failed(err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return &failure{text: err.Error()}
}

// unclear is an answer without what should be in it.
func unclear(what string) error {
	return &failure{status: http.StatusOK, text: "the answer has no " + what}
}

// caller calls the host of one account.
type caller struct {
	provider *domain.Provider
	config   *domain.AccountConfig
	base     *url.URL // of the host that is asked
	own      bool     // it is the provider's own
	key      string
	client   *outbound.Client
	now      func() time.Time
}

// newCaller settles whom to ask with which credential. A provider's key goes to
// the provider's host and nowhere else.
func newCaller(p *domain.Provider) (*caller, error) {
	c := &caller{provider: p, config: &p.Account.Config, key: p.Key.Reveal(), own: true}
	if c.config.Token != "" {
		c.key = c.config.Token.Reveal()
	}
	home, err := url.Parse(p.URL)
	if err != nil || home.Host == "" {
		return nil, &failure{text: "the provider's URL names no host to ask"}
	}
	c.base = home
	if c.config.BaseURL == "" {
		return c, nil
	}
	if c.base, err = url.Parse(c.config.BaseURL); err != nil || c.base.Host == "" {
		return nil, &failure{text: "the base URL names no host to ask"}
	}
	c.own = c.base.Host == home.Host && c.base.Scheme == home.Scheme
	if !c.own && c.config.Token == "" {
		return nil, &failure{text: "another host than the provider's needs a token of its own"}
	}
	return c, nil
}

// origin is the URL of a path on the host, whatever path the base has.
func (c *caller) origin(path string) *url.URL {
	return &url.URL{Scheme: c.base.Scheme, Host: c.base.Host, Path: path}
}

// under is the URL of a path below the base, less the version it may end in.
func (c *caller) under(path string) *url.URL {
	root := strings.TrimRight(c.base.Path, "/")
	for _, version := range [...]string{"/v1", "/v1beta"} {
		root = strings.TrimSuffix(root, version)
	}
	return c.origin(root + path)
}

// bearer are the headers of a call with the key as bearer token.
func (c *caller) bearer() http.Header {
	h := http.Header{"Accept": {"application/json"}, "Accept-Encoding": {"identity"}}
	if c.own {
		for name, value := range c.provider.Transport.CustomHeaders {
			h.Set(name, value.Reveal())
		}
	}
	h.Set("Authorization", "Bearer "+c.key)
	return h
}

// get asks for a JSON document with the key as bearer token.
func (c *caller) get(ctx context.Context, u *url.URL) (gjson.Result, error) {
	return c.do(ctx, http.MethodGet, u, c.bearer(), nil)
}

func (c *caller) do(ctx context.Context, method string, u *url.URL, h http.Header, body []byte) (gjson.Result, error) {
	if body != nil && h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json")
	}
	res, err := c.client.Do(ctx, method, u, h, body)
	if err != nil {
		return gjson.Result{}, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return gjson.Result{}, &failure{
			status: res.StatusCode, retryAfter: retryAfter(res.Header, c.now()),
			text: fmt.Sprintf("%d %s", res.StatusCode, http.StatusText(res.StatusCode)),
		}
	}
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return gjson.Result{}, err
	}
	if !rawjson.ValidBytes(answer) {
		return gjson.Result{}, &failure{status: res.StatusCode, text: "the answer is not JSON, or is nested too deeply"}
	}
	return gjson.ParseBytes(answer), nil
}

func retryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if s, err := strconv.Atoi(v); err == nil && s > 0 && s < 1e7 {
		return time.Duration(s) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// clean is a text fit to be shown: without credentials, and short.
func (r *Reader) clean(s string, p *domain.Provider) string {
	secrets := []domain.Secret{p.Key, p.Account.Config.Token}
	for _, value := range p.Account.Config.Template.Headers {
		secrets = append(secrets, value)
	}
	for _, secret := range secrets {
		if len(secret) >= 4 {
			s = strings.ReplaceAll(s, secret.Reveal(), "***")
		}
	}
	if s = r.o.Redact(s); len(s) > maxError {
		s = s[:maxError]
	}
	return strings.ToValidUTF8(s, "")
}
