package gateway

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/upstream"
)

const (
	maxResourceID = 256
	// maxResourceHead is how much of an answer is looked at for the id of what a
	// call made: documents about resources are small and name it early.
	maxResourceHead = 8 << 10
	findDeadline    = 250 * time.Millisecond
)

// resourceID is what the call is about, if that exists at one provider alone: an
// answer it goes on from, or the resource that its path names. Empty = nothing.
func (x *exchange) resourceID() string {
	if id := x.previous(); id != "" {
		return id
	}
	if x.target.handling != resource {
		return ""
	}
	// /v1/files/{id}/content, /v1beta/files/{id}
	parts := strings.SplitN(strings.Trim(x.target.path, "/"), "/", 4)
	if len(parts) < 3 {
		return ""
	}
	return parts[2]
}

// pinned is the provider that has what the call is about; 0 = any may serve it.
// When nobody can tell, the call is treated as any other.
func (g *Gateway) pinned(x *exchange) domain.ProviderID {
	id := x.resourceID()
	if g.Bindings == nil || id == "" || len(id) > maxResourceID {
		return 0
	}
	ctx, cancel := context.WithTimeout(x.r.Context(), findDeadline)
	defer cancel()
	provider, err := g.Bindings.Find(ctx, domain.ResourceKey{KeyID: x.key.ID, ID: id})
	if err != nil && x.r.Context().Err() == nil {
		g.Logger.Warn("resource binding not read", "request_id", x.id.String(), "error", err)
	}
	return provider
}

// hold remembers that a resource is at the provider that was called.
func (c *call) hold(id string) {
	if c.g.Bindings != nil && id != "" && len(id) <= maxResourceID {
		c.g.Bindings.Keep(domain.ResourceKey{KeyID: c.x.key.ID, ID: id}, c.provider.ID)
	}
}

// newcomer watches an answer that passes for the id of what the call made.
type newcomer struct {
	head []byte
	on   bool
}

func (c *call) watchNewcomer(res *upstream.Response) newcomer {
	return newcomer{on: c.g.Bindings != nil && c.x.r.Method == http.MethodPost && c.x.target.handling == resource &&
		isJSON(res.Header) && res.Header.Get("Content-Encoding") == ""}
}

func (n *newcomer) see(b []byte) {
	if n.on && len(n.head) < maxResourceHead {
		n.head = append(n.head, b[:min(len(b), maxResourceHead-len(n.head))]...)
	}
}

// id is what was made: id of the OpenAI documents, file.name of Gemini's, whose
// names are paths.
func (n *newcomer) id() string {
	if !n.on {
		return ""
	}
	if id := gjson.GetBytes(n.head, "id"); id.Type == gjson.String {
		return id.Str
	}
	name := gjson.GetBytes(n.head, "file.name").Str
	return name[strings.LastIndexByte(name, '/')+1:]
}
