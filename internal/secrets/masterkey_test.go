package secrets_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/secrets"
)

func TestParseMasterKey(t *testing.T) {
	t.Parallel()
	raw := []byte(strings.Repeat("\xfb\xef", 16))
	std := base64.StdEncoding.EncodeToString(raw)
	want, err := secrets.ParseMasterKey(domain.Secret(std))
	require.NoError(t, err)
	for _, text := range []string{std + "\n", strings.TrimRight(std, "="), base64.URLEncoding.EncodeToString(raw)} {
		got, err := secrets.ParseMasterKey(domain.Secret(text))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "not base64 at all!", base64.StdEncoding.EncodeToString(raw[:31]), std + "AAAA"} {
		_, err := secrets.ParseMasterKey(domain.Secret(text))
		require.ErrorIs(t, err, secrets.ErrMasterKey)
		if text != "" {
			require.NotContains(t, err.Error(), text)
		}
	}
}

func TestMasterKeyNeverPrints(t *testing.T) {
	t.Parallel()
	k, err := secrets.ParseMasterKey(domain.Secret(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))))
	require.NoError(t, err)
	for _, s := range []string{fmt.Sprint(k), fmt.Sprintf("%v %+v %#v %s", k, k, k, k), k.LogValue().String()} {
		require.Empty(t, strings.Trim(s, "* "))
	}
}

func TestDeriveGivesIndependentStableKeys(t *testing.T) {
	t.Parallel()
	k := masterKey(t, 1)
	same := masterKey(t, 1)
	require.Equal(t, k.Derive(secrets.PurposeCSRF), same.Derive(secrets.PurposeCSRF))
	require.NotEqual(t, k.Derive(secrets.PurposeCSRF), k.Derive(secrets.PurposeSession))
	require.NotEqual(t, k.Derive(secrets.PurposeCSRF), masterKey(t, 2).Derive(secrets.PurposeCSRF))
}

func TestMasterKeyFileIsCreatedOnceForTheOwnerOnly(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	first, err := secrets.LoadOrCreateMasterKeys(dir, "")
	require.NoError(t, err)
	again, err := secrets.LoadOrCreateMasterKeys(dir, "")
	require.NoError(t, err)
	require.Equal(t, first, again)

	info, err := os.Stat(filepath.Join(dir, "master.key"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file stays")
}

func TestConfiguredMasterKeyNeedsNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := domain.Secret(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("z", 32))))
	got, err := secrets.LoadOrCreateMasterKeys(dir, text)
	require.NoError(t, err)
	want, err := secrets.ParseMasterKey(text)
	require.NoError(t, err)
	require.Equal(t, []secrets.MasterKey{want}, got)
	require.NoFileExists(t, filepath.Join(dir, "master.key"))

	_, err = secrets.LoadOrCreateMasterKeys(dir, "wrong")
	require.ErrorIs(t, err, secrets.ErrMasterKey, "a bad value is no reason to make up a key")
}

func TestRotatedMasterKeyFileHasBothKeysUntilTheOldOneIsDropped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	before, err := secrets.LoadOrCreateMasterKeys(dir, "")
	require.NoError(t, err)
	both, err := secrets.PrependMasterKey(dir)
	require.NoError(t, err)
	require.Len(t, both, 2)
	require.Equal(t, before[0], both[1])
	again, err := secrets.LoadOrCreateMasterKeys(dir, "")
	require.NoError(t, err)
	require.Equal(t, both, again)
	require.NoError(t, secrets.DropOlderMasterKeys(dir))
	after, err := secrets.LoadOrCreateMasterKeys(dir, "")
	require.NoError(t, err)
	require.Equal(t, both[:1], after)
	info, err := os.Stat(filepath.Join(dir, "master.key"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestDamagedMasterKeyFileIsAnError(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]error{"": secrets.ErrEmptyFile, "rubbish": secrets.ErrMasterKey} {
		dir := t.TempDir()
		path := filepath.Join(dir, "master.key")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		_, err := secrets.LoadOrCreateMasterKeys(dir, "")
		require.ErrorIs(t, err, want)
		require.ErrorContains(t, err, path)
		kept, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, content, string(kept), "the file is left for the operator")
	}
}

func TestAdminTokenIsCreatedOnceEvenByManyAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const n = 16
	tokens := make([]secrets.AdminToken, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			got, err := secrets.LoadOrCreateAdminToken(dir)
			if err == nil {
				tokens[i] = got
			}
		})
	}
	wg.Wait()
	created := 0
	for _, got := range tokens {
		require.Equal(t, tokens[0].Token.Reveal(), got.Token.Reveal())
		if got.Created {
			created++
		}
	}
	require.Equal(t, 1, created)
	require.GreaterOrEqual(t, len(tokens[0].Token), 32)
	require.Equal(t, filepath.Join(dir, "admin-token"), tokens[0].Path)
	info, err := os.Stat(tokens[0].Path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

// masterKey is a fixed key of 32 equal bytes.
func masterKey(t *testing.T, fill byte) secrets.MasterKey {
	t.Helper()
	raw := strings.Repeat(string(rune(fill)), 32)
	k, err := secrets.ParseMasterKey(domain.Secret(base64.StdEncoding.EncodeToString([]byte(raw))))
	require.NoError(t, err)
	return k
}
