package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGeneratedFilesAreCurrent compares what is committed with what the code
// says now.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, generate(t.Context(), []string{"docs", dir}, io.Discard))
	for _, name := range []string{"openapi.json", "configuration.md"} {
		want, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		require.NoError(t, err)
		if string(want) != string(got) {
			t.Errorf("docs/%s is not what the code says: run make generate and commit the result", name)
		}
	}
}
