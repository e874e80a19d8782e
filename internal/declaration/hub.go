package declaration

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Hub is a running hub. Its methods may be called one after the other.
type Hub struct {
	url   string
	token domain.Secret
	http  http.RoundTripper

	writable map[string][]string // by path of a collection, or of the settings
}

// NewHub makes a client of the hub at a URL. It calls nobody yet.
func NewHub(url string, token domain.Secret, transport http.RoundTripper) *Hub {
	return &Hub{url: url, token: token, http: transport}
}

const settingsPath = "/settings"

// Export writes down what the hub has, but for what refers to it by number.
func (h *Hub) Export(ctx context.Context) (Document, error) {
	d, _, err := h.read(ctx)
	return d, err
}

// read gives the document of the hub, and the ids of its things by path and name.
func (h *Hub) read(ctx context.Context) (d Document, ids map[string]map[string]string, err error) {
	if err := h.learn(ctx); err != nil {
		return d, nil, err
	}
	var settings Thing
	if err := h.call(ctx, http.MethodGet, settingsPath, nil, &settings); err != nil {
		return d, nil, err
	}
	d.Settings = h.reduced(settingsPath, settings)
	ids = make(map[string]map[string]string)
	for _, k := range kinds() {
		all, err := h.list(ctx, k.path)
		if err != nil {
			return d, nil, err
		}
		ids[k.path] = make(map[string]string, len(all))
		for _, t := range all {
			if id, ok := t["id"].(float64); ok {
				ids[k.path][t.name()] = strconv.FormatInt(int64(id), 10)
			}
			*k.of(&d) = append(*k.of(&d), h.reduced(k.path, t))
		}
	}
	return d, ids, nil
}

// reduced leaves what can be written and is set.
func (h *Hub) reduced(path string, t Thing) Thing {
	out := make(Thing)
	for field, v := range t {
		if v != nil && slices.Contains(h.writable[path], field) {
			out[field] = v
		}
	}
	return out
}

// Plan works out what it takes to make the hub like a document. With secrets
// credentials that the document has are written again.
func (h *Hub) Plan(ctx context.Context, wanted Document, secrets bool) ([]Change, error) {
	current, ids, err := h.read(ctx)
	if err != nil {
		return nil, err
	}
	var changes []Change
	if fields := differences(wanted.Settings, current.Settings, secrets); len(fields) > 0 {
		changes = append(changes, change("the settings", settingsPath, wanted.Settings, fields))
	}
	for _, k := range kinds() {
		for _, t := range *k.of(&wanted) {
			what := k.title + " " + t.name()
			at := slices.IndexFunc(*k.of(&current), func(o Thing) bool { return o.name() == t.name() })
			if at < 0 {
				changes = append(changes, Change{What: what, Create: true, method: http.MethodPost, path: k.path, body: t})
				continue
			}
			if fields := differences(t, (*k.of(&current))[at], secrets); len(fields) > 0 {
				changes = append(changes, change(what, k.path+"/"+url.PathEscape(ids[k.path][t.name()]), t, fields))
			}
		}
	}
	return changes, nil
}

func change(what, path string, wanted Thing, fields []string) Change {
	c := Change{What: what, Fields: fields, method: http.MethodPatch, path: path, body: make(Thing, len(fields))}
	for _, f := range fields {
		c.body[f] = wanted[f]
	}
	return c
}

// Apply makes a change.
func (h *Hub) Apply(ctx context.Context, c Change) error {
	if err := h.call(ctx, c.method, c.path, c.body, nil); err != nil {
		return fmt.Errorf("%s: %w", c, err)
	}
	return nil
}

// learn reads in the hub's description what can be written.
func (h *Hub) learn(ctx context.Context) error {
	var doc struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct {
					Schema struct {
						Ref string `json:"$ref"`
					} `json:"schema"`
				} `json:"content"`
			} `json:"requestBody"`
		} `json:"paths"`
		Components struct {
			Schemas map[string]struct {
				Properties map[string]any `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := h.call(ctx, http.MethodGet, "/openapi.json", nil, &doc); err != nil {
		return err
	}
	h.writable = make(map[string][]string)
	paths := map[string]string{settingsPath: settingsPath}
	for _, k := range kinds() {
		paths[k.path] = k.path + "/{id}"
	}
	for path, patched := range paths {
		const schemas = len("#/components/schemas/")
		ref := doc.Paths["/api/v1"+patched]["patch"].RequestBody.Content["application/json"].Schema.Ref
		if len(ref) <= schemas {
			return fmt.Errorf("the hub does not describe %s", patched)
		}
		fields := slices.Collect(maps.Keys(doc.Components.Schemas[ref[schemas:]].Properties))
		h.writable[path] = slices.DeleteFunc(fields, func(f string) bool { return f == "vendorId" }) // a number of this hub alone
	}
	return nil
}

// list reads all pages of a collection.
func (h *Hub) list(ctx context.Context, path string) ([]Thing, error) {
	var all []Thing
	for cursor := ""; ; {
		var page struct {
			Items      []Thing `json:"items"`
			NextCursor string  `json:"nextCursor"`
		}
		if err := h.call(ctx, http.MethodGet, path+"?limit=100&cursor="+url.QueryEscape(cursor), nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if cursor = page.NextCursor; cursor == "" {
			return all, nil
		}
	}
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 20

// ErrRefused says that the hub did not do what it was asked for.
var ErrRefused = errors.New("the hub refused")

func (h *Hub) call(ctx context.Context, method, path string, body, into any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, h.url+"/api/v1"+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+h.token.Reveal())
	req.Header.Set("Content-Type", "application/json")
	resp, err := h.http.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("ask the hub: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the hub's answer: %w", err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%w: %s %s", ErrRefused, resp.Status, reason(answer))
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("read the hub's answer: %w", err)
	}
	return nil
}

// reason is what a problem document says.
func reason(answer []byte) string {
	var p struct {
		Detail string `json:"detail"`
		Params []struct {
			Path    []any  `json:"path"`
			Message string `json:"message"`
		} `json:"invalidParams"`
	}
	if json.Unmarshal(answer, &p) != nil {
		return ""
	}
	for _, param := range p.Params {
		p.Detail += fmt.Sprintf(" %v: %s", param.Path, param.Message)
	}
	return p.Detail
}
