package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/claude-code-hub/cch/"

// importRule says which of our own packages, and which libraries, a folder may
// import besides the standard library. Patterns end in … for whole trees.
type importRule struct {
	folder string
	ours   []string
	libs   []string // nil = any
}

// importTable is the dependency direction of the whole program, one way:
// pure packages at the bottom, cmd at the top.
func importTable() []importRule {
	pure := []string{"internal/domain"}
	return []importRule{
		{"converters/…", []string{"converters/…"}, []string{"github.com/tidwall/…"}},
		{"internal/domain", nil, []string{"github.com/shopspring/decimal"}},
		{"internal/routing", pure, []string{}},
		{"internal/breaker", pure, []string{}},
		{"internal/limits", pure, []string{}},
		{"internal/account", pure, []string{}},
		{"internal/pricing", pure, []string{"github.com/shopspring/decimal"}},
		{"internal/pricelist", []string{"internal/domain", "internal/pricing", "internal/outbound"}, []string{"github.com/pelletier/go-toml/v2"}},
		{"internal/pricelist/pricelisttest", []string{"internal/pricelist", "internal/outbound"}, nil},
		{"internal/pricesync", []string{"internal/domain", "internal/pricing", "internal/pricelist"}, []string{}},
		{"internal/filter", []string{"internal/domain", "converters/rawjson"}, []string{"github.com/tidwall/…"}},
		{"internal/override", []string{"internal/domain", "converters/rawjson"}, []string{"github.com/tidwall/…"}},
		{"internal/jsondiff", pure, []string{"github.com/tidwall/…"}},
		{"internal/jobs", pure, []string{}},
		{"internal/config", pure, []string{"github.com/caarlos0/env/…"}},
		{"internal/declaration", pure, []string{"sigs.k8s.io/yaml"}},
		{"internal/secrets", pure, []string{"golang.org/x/crypto/…"}},
		{"internal/telemetry", pure, []string{"github.com/prometheus/…", "go.opentelemetry.io/…"}},
		{"internal/upstream", []string{"internal/domain", "converters/sse"}, []string{"golang.org/x/net/…", "github.com/klauspost/compress/…", "github.com/andybalholm/brotli"}},
		{"internal/outbound/…", []string{"internal/domain", "internal/account", "internal/outbound", "internal/secrets", "converters/…"}, []string{
			"github.com/hashicorp/go-retryablehttp", "github.com/tidwall/…", "golang.org/x/net/…",
		}},
		{"persistence/journal", nil, []string{"github.com/vmihailenco/msgpack/v5"}},
		{"persistence/storetest", []string{"internal/domain", "internal/testkit", "persistence/…"}, nil},
		{"persistence/…", []string{"internal/domain", "persistence/…"}, nil},
		{"actors/wire", nil, []string{"github.com/vmihailenco/msgpack/v5"}},
		{"actors/kit", []string{"actors/wire"}, []string{"github.com/asynkron/protoactor-go/…"}},
		{"actors/protocol", []string{"internal/domain", "actors/wire"}, []string{}},
		{"actors/cluster", []string{"actors/kit", "actors/wire", "internal/domain"}, []string{
			"github.com/asynkron/protoactor-go/…", "google.golang.org/grpc/…", "google.golang.org/protobuf/…",
		}},
		{"actors/system", []string{"actors/…", "internal/domain", "internal/routing", "internal/breaker", "internal/limits", "internal/pricing"}, []string{}},
		{"actors/…", []string{
			"actors/kit", "actors/protocol", "actors/wire", "internal/domain", "internal/routing",
			"internal/breaker", "internal/limits", "internal/pricing", "internal/account", "internal/failpoint",
		}, []string{"github.com/vmihailenco/msgpack/v5"}},
		{"http/server", []string{"http/…", "internal/domain", "internal/secrets", "ui"}, nil},
		{"http/…", []string{
			"http/problem", "http/middleware", "http/openapi", "http/gate", "http/gateway/…", "actors/protocol", "internal/domain", "internal/routing",
			"internal/limits", "internal/pricing", "internal/account", "internal/upstream", "internal/secrets", "internal/failpoint", "internal/filter", "internal/override", "internal/jsondiff", "converters/…",
		}, []string{
			"github.com/gorilla/mux", "github.com/danielgtaylor/huma/…", "github.com/prometheus/…", "github.com/tidwall/…",
			"github.com/klauspost/compress/…", "github.com/andybalholm/brotli", "golang.org/x/net/http/httpguts",
		}},
		{"internal/failpoint", nil, []string{}},
		{"internal/garbage", nil, []string{}},
		{"ui", nil, []string{}},
		{"internal/demo", nil, []string{}},
		{"internal/testkit", nil, nil},
		{"deploy", nil, []string{}}, // tests of what ships
		{"internal/bench/history", []string{"internal/domain", "persistence/store"}, []string{"github.com/jackc/pgx/v5/…", "modernc.org/sqlite"}},
		{"internal/bench/…", []string{"internal/bench/…"}, []string{}},
	}
}

// leaves may be imported by cmd, tests and each other alone.
func leaves() []string {
	return []string{"internal/testkit", "internal/bench/…", "internal/pricelist/pricelisttest", "persistence/storetest", "internal/demo", "cmd/…"}
}

func TestImportsFollowTheTable(t *testing.T) {
	t.Parallel()
	for _, pkg := range listPackages(t) {
		path := strings.TrimPrefix(pkg.ImportPath, module)
		if strings.HasPrefix(path, "cmd/") {
			continue
		}
		i := slices.IndexFunc(importTable(), func(r importRule) bool { return matches(r.folder, path) })
		if !requireRule(t, path, i) {
			continue
		}
		rule := importTable()[i]
		for _, imp := range pkg.Imports {
			if why := forbidden(rule, path, imp); why != "" {
				t.Errorf("%s imports %s: %s", path, imp, why)
			}
		}
	}
}

func requireRule(t *testing.T, path string, i int) bool {
	t.Helper()
	if i < 0 {
		t.Errorf("%s has no rule in the import table", path)
	}
	return i >= 0
}

func forbidden(rule importRule, path, imp string) string {
	ours, isOurs := strings.CutPrefix(imp, module)
	switch {
	case !strings.Contains(strings.SplitN(imp, "/", 2)[0], "."):
		return "" // standard library
	case isOurs && ours == path:
		return ""
	case isOurs && isLeaf(ours) && !isLeaf(path):
		return "only cmd and tests import it"
	case isOurs && !slices.ContainsFunc(rule.ours, func(p string) bool { return matches(p, ours) }):
		return "not in the row of " + rule.folder
	case !isOurs && rule.libs != nil && !slices.ContainsFunc(rule.libs, func(p string) bool { return matches(p, imp) }):
		return "library not in the row of " + rule.folder
	}
	return ""
}

func isLeaf(path string) bool {
	return slices.ContainsFunc(leaves(), func(l string) bool { return matches(l, path) })
}

func matches(pattern, path string) bool {
	tree, whole := strings.CutSuffix(pattern, "/…") // a tree includes its root
	return path == tree || whole && strings.HasPrefix(path, tree+"/")
}

type listed struct {
	ImportPath string   `json:"ImportPath"`
	Imports    []string `json:"Imports"`
}

func listPackages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	require.NoError(t, err)
	var pkgs []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
	require.NotEmpty(t, pkgs)
	return pkgs
}
