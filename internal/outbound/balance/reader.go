package balance

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/outbound"
)

// Options are what a Reader is made of.
type Options struct {
	Policy  outbound.Policy
	Schemes map[string]http.RoundTripper // see outbound.Options
	Timeout time.Duration                // of all calls to one account
	Now     func() time.Time
	Redact  func(string) string // masks credentials in texts that are shown
}

// Reader asks accounts. Safe for concurrent use.
type Reader struct{ o Options }

// New makes a reader.
func New(o Options) *Reader { return &Reader{o: o} }

// connector asks one kind of account. Of the quotas it returns the reader
// completes when and how they were observed.
type connector func(ctx context.Context, c *caller) ([]domain.ProviderQuota, error)

func connectorOf(a domain.AccountAdapter) connector {
	switch a {
	case domain.AdapterAnthropicOAuth:
		return anthropic
	case domain.AdapterCodex:
		return codex
	case domain.AdapterCodeAssist:
		return codeAssist
	case domain.AdapterNewAPI:
		return newAPI
	case domain.AdapterSub2API:
		return sub2API
	case domain.AdapterDeepSeek:
		return deepSeek
	case domain.AdapterOpenRouter:
		return openRouter
	case domain.AdapterSiliconFlow:
		return siliconFlow
	case domain.AdapterMoonshot:
		return moonshot
	case domain.AdapterCustom:
		return custom
	case domain.AdapterNone, domain.AdapterAuto:
	}
	return nil
}

// Adapter is the way in which the provider's account would be asked; empty if
// there is none.
func (r *Reader) Adapter(p *domain.Provider) domain.AccountAdapter {
	switch a := p.Account.Adapter; a {
	case domain.AdapterAuto, "":
		return detect(p)
	case domain.AdapterNone:
		return ""
	default:
		return a
	}
}

// Read asks a provider's account. What went wrong is in the reading; one without
// an adapter means that there is nobody to ask.
func (r *Reader) Read(ctx context.Context, p *domain.Provider) domain.AccountReading {
	reading := domain.AccountReading{Adapter: r.Adapter(p), At: r.o.Now()}
	ask := connectorOf(reading.Adapter)
	if ask == nil {
		reading.Adapter = ""
		return reading
	}
	ctx, cancel := context.WithTimeout(ctx, r.o.Timeout)
	defer cancel()
	quotas, err := r.read(ctx, p, ask)
	reading.At = r.o.Now()
	if err != nil {
		f := failed(err)
		reading.Status, reading.RetryAfter, reading.Error = f.status, f.retryAfter, r.clean(f.text, p)
		return reading
	}
	for i := range quotas {
		q := &quotas[i]
		q.ObservedAt, q.Source = reading.At, domain.QuotaFromPoll
		if q.Kind == domain.QuotaBalance && q.Unit != "USD" {
			q.USDPerUnit = p.Account.Config.USDPerUnit
		}
	}
	reading.Quotas = quotas
	return reading
}

// read asks through the provider's proxy, or directly where that is wanted
// when the proxy fails.
func (r *Reader) read(ctx context.Context, p *domain.Provider, ask connector) ([]domain.ProviderQuota, error) {
	c, err := newCaller(p)
	if err != nil {
		return nil, err
	}
	t := &p.Transport
	quotas, err := r.through(ctx, c, ask, t.ProxyURL)
	if err != nil && failed(err).status == 0 && t.ProxyURL != "" && t.ProxyFallbackToDirect && ctx.Err() == nil {
		return r.through(ctx, c, ask, "")
	}
	return quotas, err
}

func (r *Reader) through(ctx context.Context, c *caller, ask connector, proxy domain.Secret) ([]domain.ProviderQuota, error) {
	// No retries: the next turn comes soon enough, and a pause that the upstream
	// asks for is its actor's to keep.
	client, err := outbound.New(outbound.Options{Policy: r.o.Policy, Proxy: proxy, Schemes: r.o.Schemes})
	if err != nil {
		return nil, err
	}
	defer client.Close()
	c.client, c.now = client, r.o.Now
	quotas, err := ask(ctx, c)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, &failure{text: "no complete answer in time"}
	}
	return quotas, err
}
