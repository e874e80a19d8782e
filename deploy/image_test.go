package deploy_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
	"github.com/stretchr/testify/require"
)

// instruction is one line of a Dockerfile, its continuations joined.
type instruction struct{ name, rest string }

func dockerfile(t *testing.T) []instruction {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	require.NoError(t, err)
	joined := regexp.MustCompile(`\\\n\s*`).ReplaceAllString(string(text), " ")
	var out []instruction
	for lines := bufio.NewScanner(strings.NewReader(joined)); lines.Scan(); {
		if line := strings.TrimSpace(lines.Text()); line != "" && !strings.HasPrefix(line, "#") {
			name, rest, _ := strings.Cut(line, " ")
			out = append(out, instruction{name, rest})
		}
	}
	return out
}

func ignored(t *testing.T) *patternmatcher.PatternMatcher {
	t.Helper()
	f, err := os.Open(filepath.Join(root, ".dockerignore"))
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	patterns, err := ignorefile.ReadAll(f)
	require.NoError(t, err)
	m, err := patternmatcher.New(patterns)
	require.NoError(t, err)
	return m
}

func TestImageRunsAStaticBinaryAsNobody(t *testing.T) {
	t.Parallel()
	all := dockerfile(t)
	last := all[slices.IndexFunc(all, func(i instruction) bool {
		return i.name == "FROM" && strings.HasPrefix(i.rest, "gcr.io/distroless/static")
	}):]
	has := func(name string) string {
		i := slices.IndexFunc(last, func(i instruction) bool { return i.name == name })
		require.GreaterOrEqual(t, i, 0, "no %s", name)
		return last[i].rest
	}
	require.Equal(t, "65532:65532", has("USER"))
	require.Equal(t, "DATA_DIR=/data", has("ENV"))
	var command []string
	_, exec, found := strings.Cut(has("HEALTHCHECK"), "CMD ")
	require.True(t, found)
	require.NoError(t, json.Unmarshal([]byte(exec), &command), "there is no shell in the image")
	require.Equal(t, []string{"/cch", "healthcheck"}, command)
	require.NoError(t, json.Unmarshal([]byte(has("ENTRYPOINT")), &command))
	require.NoError(t, json.Unmarshal([]byte(has("CMD")), &command))
	require.True(t, slices.ContainsFunc(all, func(i instruction) bool {
		return i.name == "RUN" && strings.Contains(i.rest, "CGO_ENABLED=0")
	}), "the image has no libc")
}

func TestImageIsBuiltFromWhatTheContextHas(t *testing.T) {
	t.Parallel()
	skip := ignored(t)
	stages := map[string]bool{}
	for _, i := range dockerfile(t) {
		if _, name, ok := strings.Cut(i.rest, " AS "); i.name == "FROM" && ok {
			stages[name] = true
		}
		if i.name != "COPY" {
			continue
		}
		fields := strings.Fields(i.rest)
		if from, ok := strings.CutPrefix(fields[0], "--from="); ok {
			require.True(t, stages[from], "no stage %s", from)
			continue
		}
		for _, source := range fields[:len(fields)-1] {
			_, err := os.Stat(filepath.Join(root, source))
			require.NoError(t, err)
			if source != "." {
				out, err := skip.MatchesOrParentMatches(source)
				require.NoError(t, err)
				require.False(t, out, "%s is left out of the context", source)
			}
		}
	}
}

func TestContextHasTheSourcesAndNoSecrets(t *testing.T) {
	t.Parallel()
	skip := ignored(t)
	for path, want := range map[string]bool{
		".env": true, ".env.production": true, "data/cch.db": true, "data/master.key": true, "data/admin-token": true, ".git/config": true,
		"ui/web/node_modules/x/y.js": true, "ui/web/dist/index.html": true,
		"cmd/cch/main.go": false, "persistence/migrations/sqlite/cch/00001_configuration.sql": false, "internal/pricing/seed.json": false,
		"ui/web/dist/.gitkeep": false, "http/openapi/viewers/dist/.gitkeep": false, "internal/secrets/masterkey.go": false,
	} {
		got, err := skip.MatchesOrParentMatches(path)
		require.NoError(t, err)
		require.Equal(t, want, got, path)
	}
}
