package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// modelsWait is how long a client waits for upstreams to name their models.
const modelsWait = 5 * time.Second

// listModels answers which models the caller may use, in the shape of the
// caller's protocol. It leaves no row: no model is called.
func (g *Gateway) listModels(x *exchange) error {
	protocols := x.listedProtocols()
	var doc []byte
	switch q := x.r.URL.Query(); {
	case q.Has("client_version"): // Codex wants a list of its own kind and then uses what it knows
		doc = []byte(`{"models":[]}`)
	default:
		doc = renderModels(protocols[0], g.usableModels(x.r.Context(), x.catalog, &x.caller, protocols...))
	}
	sum := sha256.Sum256(doc)
	tag := `W/"` + hex.EncodeToString(sum[:8]) + `"`
	if slices.Contains(x.r.Header["If-None-Match"], tag) {
		x.reply.start(http.StatusNotModified, func(h http.Header) { h.Set("Etag", tag) })
		return nil
	}
	x.reply.start(http.StatusOK, func(h http.Header) {
		h.Set("Content-Type", "application/json")
		h.Set("Content-Length", strconv.Itoa(len(doc)))
		h.Set("Etag", tag)
	})
	_ = x.reply.send(doc) // the client may be gone
	return nil
}

// listedProtocols are the protocols whose models are asked for; the first one's
// clients know the answer's shape. Path and explicit wish come before the
// headers that clients of a protocol send.
func (x *exchange) listedProtocols() []domain.Protocol {
	q, h := x.r.URL.Query(), x.r.Header
	if x.target.only {
		return []domain.Protocol{x.target.protocol}
	}
	for _, wish := range [...]string{q.Get("api_type"), q.Get("format"), h.Get("X-Openai-Api-Type")} {
		switch strings.ToLower(wish) {
		case "claude", "anthropic":
			return []domain.Protocol{domain.ProtocolClaude}
		case "gemini", "google":
			return []domain.Protocol{domain.ProtocolGemini}
		case "chat":
			return []domain.Protocol{domain.ProtocolChat}
		case "responses", "response", "codex":
			return []domain.Protocol{domain.ProtocolResponses}
		case "openai":
			return []domain.Protocol{domain.ProtocolChat, domain.ProtocolResponses}
		}
	}
	switch {
	case h.Get("Anthropic-Version") != "":
		return []domain.Protocol{domain.ProtocolClaude}
	case h.Get("X-Goog-Api-Key") != "", x.target.protocol == domain.ProtocolGemini:
		return []domain.Protocol{domain.ProtocolGemini}
	}
	return []domain.Protocol{domain.ProtocolChat, domain.ProtocolResponses}
}

// usableModels are the models that some provider serves to the caller, sorted.
func (g *Gateway) usableModels(ctx context.Context, c *domain.Catalog, who *caller, protocols ...domain.Protocol) []string {
	ctx, cancel := context.WithTimeout(ctx, modelsWait)
	defer cancel()
	plan := g.plans.For(c)
	var (
		mu    sync.Mutex
		all   []string
		group sync.WaitGroup
	)
	add := func(names []string) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, names...)
	}
	for _, p := range plan.Reachable(domain.EffectiveGroups(who.key, who.user), protocols...) {
		named, others := plan.Models(p.ID)
		add(named)
		if others {
			group.Go(func() {
				add(slices.DeleteFunc(g.models.of(ctx, p), func(m string) bool { return !plan.Serves(p.ID, m) }))
			})
		}
	}
	group.Wait()
	slices.Sort(all)
	all = slices.DeleteFunc(slices.Compact(all), func(m string) bool { return !who.mayUse(m) })
	return all
}

// Usable are the models that some provider serves to a key of a user, by name,
// with the protocols by which it does. Upstreams are asked as they are for
// clients that list models.
func (g *Gateway) Usable(ctx context.Context, k *domain.Key, u *domain.User) []domain.UsableModel {
	protocols := [...]domain.Protocol{
		domain.ProtocolClaude, domain.ProtocolChat, domain.ProtocolResponses, domain.ProtocolGemini, domain.ProtocolGeminiCLI,
	}
	var names [len(protocols)][]string
	var group sync.WaitGroup
	catalog, who := g.Catalog.Current(), &caller{key: k, user: u}
	for i, p := range protocols {
		group.Go(func() { names[i] = g.usableModels(ctx, catalog, who, p) })
	}
	group.Wait()
	by := make(map[string][]domain.Protocol)
	for i, p := range protocols {
		for _, name := range names[i] {
			by[name] = append(by[name], p)
		}
	}
	list := make([]domain.UsableModel, 0, len(by))
	for _, name := range slices.Sorted(maps.Keys(by)) {
		list = append(list, domain.UsableModel{Name: name, Protocols: by[name]})
	}
	return list
}

// The lists as each protocol's clients know them.
type (
	openaiModels struct {
		Object string        `json:"object"`
		Data   []openaiModel `json:"data"`
	}
	openaiModel struct {
		ID      string `json:"id"`
		Object  string `json:"object"`
		Created int64  `json:"created"`
		OwnedBy string `json:"owned_by"`
	}
	claudeModels struct {
		Data    []claudeModel `json:"data"`
		HasMore bool          `json:"has_more"`
		FirstID *string       `json:"first_id"`
		LastID  *string       `json:"last_id"`
	}
	claudeModel struct {
		ID          string `json:"id"`
		Type        string `json:"type"`
		DisplayName string `json:"display_name"`
		CreatedAt   string `json:"created_at"`
	}
	geminiModels struct {
		Models []geminiModelInfo `json:"models"`
	}
	geminiModelInfo struct {
		Name        string   `json:"name"`
		DisplayName string   `json:"displayName"`
		Methods     []string `json:"supportedGenerationMethods"`
	}
)

// renderModels writes the list. When a model was made is not known, so all
// were at the beginning of time.
func renderModels(p domain.Protocol, names []string) []byte {
	var doc any
	switch p {
	case domain.ProtocolClaude:
		list := claudeModels{Data: make([]claudeModel, 0, len(names))}
		for _, n := range names {
			list.Data = append(list.Data, claudeModel{n, "model", n, "1970-01-01T00:00:00Z"})
		}
		if len(names) > 0 {
			list.FirstID, list.LastID = &names[0], &names[len(names)-1]
		}
		doc = list
	case domain.ProtocolGemini, domain.ProtocolGeminiCLI:
		list := geminiModels{Models: make([]geminiModelInfo, 0, len(names))}
		for _, n := range names {
			list.Models = append(list.Models, geminiModelInfo{"models/" + n, n, []string{"generateContent", "streamGenerateContent", "countTokens"}})
		}
		doc = list
	case domain.ProtocolChat, domain.ProtocolResponses:
		list := openaiModels{Object: "list", Data: make([]openaiModel, 0, len(names))}
		for _, n := range names {
			list.Data = append(list.Data, openaiModel{n, "model", 0, "cch"})
		}
		doc = list
	}
	b, _ := json.Marshal(doc) // lists of strings always marshal
	return b
}
