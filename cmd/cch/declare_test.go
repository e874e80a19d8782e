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

// configOf runs cch config against a program.
func configOf(t testing.TB, p *testkit.Program, args ...string) (string, int) {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte(testkit.AdminToken+"\n"), 0o600))
	return p.Run(append([]string{"config", args[0], "-url", p.URL, "-token-file", token}, args[1:]...)...)
}

func TestAConfigurationMovesToAnotherHub(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	u := testkit.NewUpstream(t, "up")
	p.AddProvider(t, u, testkit.M{
		"groups": []string{"team"}, "weight": 7, "limitMonthlyUsd": 12.5,
		"modelRedirects": []testkit.M{{"matchType": "exact", "source": "a", "target": "b"}},
	})
	p.AddUser(t, "ann", testkit.M{"groups": []string{"team"}, "rpmLimit": 60})
	status, res := p.Admin(t, http.MethodPatch, "/settings", testkit.M{"siteTitle": "Hub of the team"})
	require.Equal(t, http.StatusOK, status, res.Raw)
	file := filepath.Join(t.TempDir(), "hub.yaml")
	out, code := configOf(t, p, "export", file)
	require.Zero(t, code, out)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NotContains(t, string(text), "upstream-key-of-up")

	out, code = configOf(t, p, "import", file)
	require.Zero(t, code, out)
	require.Equal(t, "0 changes\n", out, "what was written down is what is there")

	q := testkit.StartProgram(t)
	withKey := strings.Replace(string(text), "  name: up\n", "  key: ${UP_KEY}\n  name: up\n", 1)
	require.Contains(t, withKey, "${UP_KEY}")
	require.NoError(t, os.WriteFile(file, []byte(withKey), 0o600))
	out, code = configOf(t, q, "import", file)
	require.NotZero(t, code)
	require.Contains(t, out, "UP_KEY is not set")
	q.SetEnv("UP_KEY=upstream-key-of-up")
	out, code = configOf(t, q, "import", "-dry-run", file)
	require.Zero(t, code, out)
	require.Contains(t, out, "create provider up\n")
	_, res = q.Admin(t, http.MethodGet, "/providers", nil)
	require.Empty(t, res.Get("items").Array(), "a dry run changes nothing")
	out, code = configOf(t, q, "import", file)
	require.Zero(t, code, out)

	_, res = q.Admin(t, http.MethodGet, "/providers", nil)
	require.EqualValues(t, 7, res.Get("items.0.weight").Int())
	_, res = q.Admin(t, http.MethodGet, "/settings", nil)
	require.Equal(t, "Hub of the team", res.Get("siteTitle").String())
	_, res = q.Admin(t, http.MethodGet, "/users", nil)
	key := q.AddKey(t, res.Get("items.0.id").Int(), "laptop")
	status, _, body := q.Messages(t, key, testkit.Prompt(false, "hi"))
	require.Equal(t, http.StatusOK, status, body)
	require.Equal(t, "upstream-key-of-up", u.Calls()[0].Header.Get("X-Api-Key"))

	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(withKey, "weight: 7", "weight: 9", 1)), 0o600))
	out, code = configOf(t, q, "import", file)
	require.Zero(t, code, out)
	require.Equal(t, "change provider up: weight\n1 changes\n", out)
}

func TestAnImportSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	file := filepath.Join(t.TempDir(), "hub.yaml")
	for text, want := range map[string]string{
		"users: [{rpmLimit: 3}]":                        "needs a name of its own",
		"users: [{name: a}, {name: a}]":                 "needs a name of its own",
		"plants: []":                                    "plants",
		"users: [{name: a, rpmLimit: -4}]":              "rpmLimit",
		"providers: [{name: a, type: x, url: 'y'}]":     "the hub refused",
		"settings: {maxProviderSwitches: 100000}":       "the hub refused",
		"users: [{name: a, colour: green}]":             "colour",
		"providers: [{name: a, key: '${NO_SUCH_VAR}'}]": "NO_SUCH_VAR is not set",
	} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		out, code := configOf(t, p, "import", file)
		require.NotZero(t, code, text)
		require.Contains(t, out, want, text)
	}
}
