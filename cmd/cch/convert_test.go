package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

func TestConvertPrintsTheBodyForTheOtherFormat(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "request.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"model":"claude-sonnet-4-5","max_tokens":64,"system":"be brief",
		"messages":[{"role":"user","content":"hi"}]}`), 0o600))
	var out bytes.Buffer
	require.NoError(t, convertFile(t.Context(), []string{"--from", "claude", "--to", "gemini", file}, &out))
	require.Equal(t, "hi", gjson.Get(out.String(), "contents.0.parts.0.text").String(), out.String())
	require.Equal(t, "be brief", gjson.Get(out.String(), "systemInstruction.parts.0.text").String(), out.String())

	out.Reset()
	require.NoError(t, convertFile(t.Context(), []string{"--from", "claude", "--to", "chat", "--model", "gpt-5", file}, &out))
	require.Equal(t, "gpt-5", gjson.Get(out.String(), "model").String())
}

func TestConvertRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "request.json")
	require.NoError(t, os.WriteFile(file, []byte(`[1]`), 0o600))
	for name, args := range map[string][]string{
		"no formats":     {file},
		"unknown format": {"--from", "claude", "--to", "morse", file},
		"two files":      {"--from", "claude", "--to", "chat", file, file},
		"no object":      {"--from", "claude", "--to", "chat", file},
		"no file":        {"--from", "claude", "--to", "chat", file + ".missing"},
	} {
		require.Error(t, convertFile(t.Context(), args, &bytes.Buffer{}), name)
	}
}
