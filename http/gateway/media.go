package gateway

import (
	"context"
	"sync"

	"github.com/claude-code-hub/cch/converters/neutral"
)

// remote is what a request points at, once it was fetched for any attempt. Two
// calls of a race share it.
type remote struct {
	mu    sync.Mutex // held while it is fetched
	found map[string]neutral.Media
}

// withMedia is the request with the images and documents in it that it only
// points at, for a provider that wants them so.
func (c *call) withMedia(ctx context.Context, r *neutral.Request) *neutral.Request {
	if c.g.Media == nil || !c.provider.Conversion.InlineRemoteMedia {
		return r
	}
	addresses := r.Remote()
	if len(addresses) == 0 {
		return r
	}
	if c.x.remote == nil {
		c.x.remote = &remote{}
	}
	return r.Inline(c.x.remote.fetch(ctx, c.g.Media, addresses))
}

func (m *remote) fetch(ctx context.Context, media Media, addresses []string) map[string]neutral.Media {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.found == nil {
		found := media.Fetch(ctx, addresses)
		if ctx.Err() != nil {
			return found // another attempt may have the time
		}
		m.found = found
	}
	return m.found
}
