package openapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// LevelExtension marks each operation with who may call it.
const LevelExtension = "x-required-level"

// Config is huma's configuration for the API. Its own viewer, which loads from
// a public host, and the $schema member it would add to every answer are off.
func Config(version, appURL string) huma.Config {
	c := huma.DefaultConfig("Claude Code Hub management API", version)
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.CreateHooks = nil
	c.Info.Description = "Users, keys, providers, request logs, sessions, limits and settings of a Claude Code Hub."
	c.Info.License = &huma.License{Name: "MIT"}
	server := "/"
	if appURL != "" {
		server = strings.TrimRight(appURL, "/")
	}
	c.Servers = []*huma.Server{{URL: server}}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearerAuth": {Type: "http", Scheme: "bearer", Description: "the admin token or a user's key"},
		"apiKeyAuth": {Type: "apiKey", In: "header", Name: "X-Api-Key", Description: "a user's key"},
		"cookieAuth": {
			Type: "apiKey", In: "cookie", Name: "cch_session",
			Description: "a web session; changes also need X-CSRF-Token",
		},
	}
	return c
}

// Security lists the ways to authenticate, any of which will do.
func Security() []map[string][]string {
	return []map[string][]string{{"bearerAuth": {}}, {"apiKeyAuth": {}}, {"cookieAuth": {}}}
}

// Handler serves the document. It is encoded once, at the first request.
func Handler(doc *huma.OpenAPI) http.Handler {
	encoded := sync.OnceValues(func() ([]byte, error) { return json.Marshal(doc) })
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		body, err := encoded()
		if err != nil {
			http.Error(w, "the document cannot be encoded", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(body) // the client may be gone
	})
}

// WriteFile writes the document, indented, with keys in a fixed order, so that
// a committed copy changes only with the API.
func WriteFile(doc *huma.OpenAPI, path string) error {
	compact, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("encode the OpenAPI document: %w", err)
	}
	var tree any
	if err := json.Unmarshal(compact, &tree); err != nil {
		return fmt.Errorf("read back the OpenAPI document: %w", err)
	}
	text, err := json.MarshalIndent(tree, "", "  ")
	if err != nil {
		return fmt.Errorf("indent the OpenAPI document: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // documentation is public
		return fmt.Errorf("write the OpenAPI document: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil { //nolint:gosec // documentation is public
		return fmt.Errorf("write the OpenAPI document: %w", err)
	}
	return nil
}
