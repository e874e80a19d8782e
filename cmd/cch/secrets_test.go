package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

func TestRotationReplacesTheKeyAndKeepsCredentials(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	u := testkit.NewUpstream(t, "up")
	p.AddProvider(t, u, testkit.M{"customHeaders": testkit.M{"X-Team": "blue"}})
	key := p.NewKey(t, "ann")
	out, code := p.Run("secrets", "rotate")
	require.NotZero(t, code, out)
	require.Contains(t, out, "stop the hub first")
	require.NoError(t, p.Stop())

	file := filepath.Join(p.Dir, "master.key")
	before, err := os.ReadFile(file)
	require.NoError(t, err)
	out, code = p.Run("secrets", "rotate")
	require.Zero(t, code, out)
	require.Contains(t, out, "2 credentials are sealed anew")
	after, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NotEqual(t, before, after)
	require.Len(t, strings.Fields(string(after)), 1)
	require.NotContains(t, out, strings.TrimSpace(string(after)))

	p.Start()
	status, _, body := p.Messages(t, key, testkit.Prompt(false, "hi"))
	require.Equal(t, http.StatusOK, status, body)
	require.Equal(t, "upstream-key-of-up", u.Calls()[0].Header.Get("X-Api-Key"))
	require.Equal(t, "blue", u.Calls()[0].Header.Get("X-Team"))
	require.NoError(t, p.Stop())

	// What a rotation that was broken off leaves: the hub runs, and it goes on.
	require.NoError(t, os.WriteFile(file, append([]byte("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"), after...), 0o600))
	p.Start()
	status, _, body = p.Messages(t, key, testkit.Prompt(false, "hi"))
	require.Equal(t, http.StatusOK, status, body)
	require.NoError(t, p.Stop())
	out, code = p.Run("secrets", "rotate")
	require.Zero(t, code, out)
	require.Contains(t, out, "2 credentials are sealed anew")
}

func TestRotationOfAKeyOfTheEnvironment(t *testing.T) {
	t.Parallel()
	const first, second = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "HxwdHh8YGRobFBUWFxAREhMMDQ4PCAkKCwQFBgcAAQI="
	p := testkit.StartProgram(t, "ENCRYPTION_KEY="+first)
	p.AddProvider(t, testkit.NewUpstream(t, "up"), nil)
	key := p.NewKey(t, "ann")
	require.NoError(t, p.Stop())

	p.SetEnv("ENCRYPTION_KEY=" + second + "," + first)
	out, code := p.Run("secrets", "rotate")
	require.Zero(t, code, out)
	require.Contains(t, out, "1 credentials are sealed anew; leave only the first key")
	p.SetEnv("ENCRYPTION_KEY=" + second)
	p.Start()
	status, _, body := p.Messages(t, key, testkit.Prompt(false, "hi"))
	require.Equal(t, http.StatusOK, status, body)
}
