package conntest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/outbound"
)

const (
	maxAnswer   = 256 << 10
	maxSample   = 4 << 10
	maxContent  = 1 << 10
	defaultSlow = 5 * time.Second
	defaultWant = "pong"
)

// Options are what a tester shares with the way proxied requests are made, so
// that a green verdict holds for those.
type Options struct {
	Policy  outbound.Policy
	Schemes map[string]http.RoundTripper // see outbound.Options
	Timeout time.Duration                // where a test names none
	Now     func() time.Time
	// Target is the URL of an API path at a provider's base URL.
	Target func(base, path, rawQuery string) (*url.URL, error)
	// Authorize adds the provider's credential for a host.
	Authorize func(h http.Header, p *domain.Provider, host string)
	// Redact masks credentials in texts that are shown.
	Redact func(string) string
}

// Tester makes connectivity tests. Safe for concurrent use.
type Tester struct{ o Options }

// New makes a tester.
func New(o Options) *Tester { return &Tester{o: o} }

// preset is one way to ask.
type preset struct {
	name   string
	path   string
	query  string
	header map[string]string
	body   []byte
}

// dialect is how a kind of provider is asked and understood.
type dialect struct {
	presets func(model string) []preset // the likeliest first
	read    func(contentType string, body []byte) reading
}

func dialectOf(t domain.ProviderType) (dialect, bool) {
	switch t {
	case domain.TypeClaude, domain.TypeClaudeAuth:
		return claude(), true
	case domain.TypeOpenAICompatible:
		return chat(), true
	case domain.TypeCodex:
		return codex(), true
	case domain.TypeGemini, domain.TypeGeminiCLI:
		return gemini(), true
	}
	return dialect{}, false
}

// Test asks the provider. It fails with domain.KindInvalid for a provider that
// cannot be asked at all; what the upstream did is in the report.
func (t *Tester) Test(ctx context.Context, test domain.ConnectionTest) (domain.ConnectionReport, error) {
	d, ok := dialectOf(test.Provider.Type)
	if !ok {
		return domain.ConnectionReport{}, invalid("providers of type " + string(test.Provider.Type) + " cannot be tested")
	}
	t.complete(&test)
	ctx, cancel := context.WithTimeout(ctx, test.Timeout)
	defer cancel()
	client, err := t.client(test.Provider.Transport.ProxyURL)
	if err != nil {
		return domain.ConnectionReport{}, err
	}
	r := &run{Tester: t, test: &test, dialect: d, client: client, viaProxy: test.Provider.Transport.ProxyURL != ""}
	defer func() { r.client.Close() }()
	return r.all(ctx)
}

func (t *Tester) complete(test *domain.ConnectionTest) {
	if test.Slow == 0 {
		test.Slow = defaultSlow
	}
	if test.Expect == "" {
		test.Expect = defaultWant
	}
	if test.Timeout == 0 {
		test.Timeout = t.o.Timeout
	}
}

func (t *Tester) client(proxy domain.Secret) (*outbound.Client, error) {
	c, err := outbound.New(outbound.Options{Policy: t.o.Policy, Proxy: proxy, Schemes: t.o.Schemes})
	if errors.Is(err, outbound.ErrProxyURL) {
		return nil, invalid(err.Error())
	}
	return c, err
}

func invalid(detail string) error { return domain.NewFault(domain.KindInvalid, "", detail) }

// run is one test under way.
type run struct {
	*Tester

	test     *domain.ConnectionTest
	dialect  dialect
	client   *outbound.Client
	viaProxy bool
	tried    []domain.ConnectionAttempt
}

// all goes through the presets until one gives a verdict that another could
// not better.
func (r *run) all(ctx context.Context) (domain.ConnectionReport, error) {
	var report domain.ConnectionReport
	for i, p := range r.dialect.presets(r.test.Model) {
		got, err := r.one(ctx, p)
		if err != nil {
			return report, err
		}
		if wrongVersion(got) && strings.HasPrefix(p.path, "/v1/") {
			p.name, p.path = p.name+" without /v1", strings.TrimPrefix(p.path, "/v1")
			if got, err = r.one(ctx, p); err != nil {
				return report, err
			}
		}
		if i == 0 || better(got.Status, report.Status) {
			report = got
		}
		if !worthAnother(got) {
			break
		}
	}
	report.Attempts = r.tried
	return report, nil
}

// one makes a call and judges it.
func (r *run) one(ctx context.Context, p preset) (domain.ConnectionReport, error) {
	u, err := r.o.Target(r.test.Provider.URL, p.path, p.query)
	if err != nil {
		return domain.ConnectionReport{}, invalid(err.Error())
	}
	a := r.call(ctx, u, p)
	if a.err != nil && r.viaProxy && r.test.Provider.Transport.ProxyFallbackToDirect && ctx.Err() == nil {
		direct, err := r.Tester.client("")
		if err != nil {
			return domain.ConnectionReport{}, err
		}
		r.client.Close()
		r.client, r.viaProxy = direct, false
		a = r.call(ctx, u, p)
	}
	report := r.judge(&a)
	r.tried = append(r.tried, domain.ConnectionAttempt{
		Preset: p.name, URL: u.Scheme + "://" + u.Host + u.Path, HTTPStatus: report.HTTPStatus,
		SubStatus: report.SubStatus, Error: report.Error,
	})
	return report, nil
}

// answer is what came back from one call.
type answer struct {
	status      int
	contentType string
	body        []byte
	latency     time.Duration
	firstByte   time.Duration
	err         error
}

func (r *run) call(ctx context.Context, u *url.URL, p preset) answer {
	h := http.Header{"Content-Type": {"application/json"}, "Accept-Encoding": {"identity"}}
	for name, value := range p.header {
		h.Set(name, value)
	}
	for name, value := range r.test.Provider.Transport.CustomHeaders {
		h.Set(name, value.Reveal())
	}
	r.o.Authorize(h, &r.test.Provider, u.Hostname())
	began := r.o.Now()
	res, err := r.client.Do(ctx, http.MethodPost, u, h, p.body)
	if err != nil {
		return answer{err: err, latency: r.o.Now().Sub(began)}
	}
	defer func() { _ = res.Body.Close() }()
	a := answer{status: res.StatusCode, contentType: res.Header.Get("Content-Type")}
	first := make([]byte, 1)
	n, err := io.ReadFull(res.Body, first)
	a.firstByte = r.o.Now().Sub(began)
	if err == nil {
		a.body, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer))
		a.body = append(first[:n], a.body...)
	}
	a.latency = r.o.Now().Sub(began)
	if err != nil && !errors.Is(err, io.EOF) {
		a.err = err
	}
	return a
}

// clean is a text fit to be shown: credentials masked, the provider's own key
// even where it has no known form, and cut to n bytes.
func (r *run) clean(s string, n int) string {
	if key := r.test.Provider.Key.Reveal(); len(key) >= 4 {
		s = strings.ReplaceAll(s, key, "***")
	}
	s = strings.ToValidUTF8(r.o.Redact(s), "\uFFFD")
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}
