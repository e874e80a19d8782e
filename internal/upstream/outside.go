package upstream

import (
	"net/http"
	"net/url"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Target is where a call of path goes at a provider with this base URL. It is
// for calls made outside of Client that must go to the same place.
func Target(base, path, rawQuery string) (*url.URL, error) {
	u, err := parseBase(base)
	if err != nil {
		return nil, err
	}
	return target(u, path, rawQuery), nil
}

// Authorize puts the provider's credential into h, as Client does for a call to
// the host.
func Authorize(h http.Header, p *domain.Provider, host string) { authorize(h, p, host) }
