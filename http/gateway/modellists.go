package gateway

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/upstream"
)

const (
	modelsFresh   = 10 * time.Minute // how long an upstream's list is believed
	modelsAgain   = 30 * time.Second // when an upstream that failed is asked again
	maxModelsBody = 4 << 20
)

// modelLists knows which models upstreams say they have. An upstream is asked by
// one caller at a time; the others wait for the answer. Safe for concurrent use.
type modelLists struct {
	upstream *upstream.Client
	now      func() time.Time

	mu         sync.Mutex
	byProvider map[modelListKey]*modelList
}

// modelListKey changes with the provider's configuration.
type modelListKey struct {
	id      domain.ProviderID
	version int
}

type modelList struct {
	mu    sync.Mutex // held while the upstream is asked
	names []string
	until time.Time // when to ask again
}

func newModelLists(u *upstream.Client, now func() time.Time) *modelLists {
	return &modelLists{upstream: u, now: now, byProvider: make(map[modelListKey]*modelList)}
}

// of is the provider's own list. One that fails has the models it had before,
// or none. The list is the caller's to change.
func (l *modelLists) of(ctx context.Context, p *domain.Provider) []string {
	list := l.list(p)
	list.mu.Lock()
	defer list.mu.Unlock()
	if now := l.now(); !now.Before(list.until) {
		names, ok := l.ask(ctx, p)
		if list.until = now.Add(modelsAgain); ok {
			list.names, list.until = names, now.Add(modelsFresh)
		}
	}
	return slices.Clone(list.names)
}

func (l *modelLists) list(p *domain.Provider) *modelList {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := modelListKey{p.ID, p.Version}
	list := l.byProvider[key]
	if list == nil {
		for old := range l.byProvider { // of this provider before it was changed
			if old.id == p.ID {
				delete(l.byProvider, old)
			}
		}
		list = &modelList{}
		l.byProvider[key] = list
	}
	return list
}

// ask has the upstream list its models.
func (l *modelLists) ask(ctx context.Context, p *domain.Provider) ([]string, bool) {
	call := &upstream.Call{Provider: p, Method: http.MethodGet, Path: "/v1/models", Header: http.Header{"User-Agent": {"cch"}}}
	switch p.Type.Protocol() {
	case domain.ProtocolClaude:
		call.RawQuery = "limit=1000"
		call.Header["Anthropic-Version"] = []string{"2023-06-01"}
	case domain.ProtocolGemini:
		call.Path, call.RawQuery = "/v1beta/models", "pageSize=1000"
	case domain.ProtocolGeminiCLI:
		return nil, true // Code Assist has no such list
	case domain.ProtocolChat, domain.ProtocolResponses:
	}
	res, err := l.upstream.Do(ctx, call)
	if err != nil {
		return nil, false
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxModelsBody))
	if err != nil || res.Status != http.StatusOK || !rawjson.ValidBytes(body) {
		return nil, false
	}
	return modelNames(gjson.ParseBytes(body)), true
}

// modelNames reads a list of any of the shapes.
func modelNames(doc gjson.Result) []string {
	var names []string
	add := func(name string) bool {
		if name = strings.TrimPrefix(name, "models/"); name != "" {
			names = append(names, name)
		}
		return true
	}
	neutral.List(doc.Get("data")).ForEach(func(_, m gjson.Result) bool { return add(m.Get("id").String()) })
	neutral.List(doc.Get("models")).ForEach(func(_, m gjson.Result) bool { return add(m.Get("name").String()) })
	return names
}
