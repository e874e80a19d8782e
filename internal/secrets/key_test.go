package secrets_test

import (
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/secrets"
)

func TestHashKeyIsSHA256OfAnyLength(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringN(0, 300, 600).Draw(t, "credential")
		require.Equal(t, sha256.Sum256([]byte(s)), secrets.HashKey(s))
	})
}

func TestHashKeyDoesNotAllocate(t *testing.T) {
	key := secrets.NewKey().Reveal()
	require.Zero(t, testing.AllocsPerRun(100, func() { secrets.HashKey(key) }))
}

func TestNewKey(t *testing.T) {
	t.Parallel()
	seen := map[domain.Secret]bool{}
	for range 200 {
		k := secrets.NewKey()
		require.Regexp(t, `^sk-[0-9A-Za-z]{39}$`, k.Reveal())
		require.True(t, secrets.KeyIntact(k.Reveal()))
		require.False(t, seen[k], "drawn twice")
		seen[k] = true
	}
}

func TestKeyIntactFindsTypingErrors(t *testing.T) {
	t.Parallel()
	key := secrets.NewKey().Reveal()
	for i := len("sk-"); i < len(key); i++ {
		other := byte('a')
		if key[i] == other {
			other = 'b'
		}
		require.False(t, secrets.KeyIntact(key[:i]+string(other)+key[i+1:]), "character %d", i)
	}
	for _, s := range []string{"", "sk-", "chosen-by-somebody-else-0001", key[:len(key)-1], key + "0", strings.TrimPrefix(key, "sk-")} {
		require.False(t, secrets.KeyIntact(s), s)
	}
}

func TestKeyHint(t *testing.T) {
	t.Parallel()
	prefix, last4 := secrets.KeyHint("sk-abcdefghijklmnop")
	require.Equal(t, "sk-abcde", prefix)
	require.Equal(t, "mnop", last4)

	prefix, last4 = secrets.KeyHint("short-one")
	require.Empty(t, prefix+last4, "a hint would give most of it away")
}

func TestEqual(t *testing.T) {
	t.Parallel()
	require.True(t, secrets.Equal("abc", "abc"))
	require.False(t, secrets.Equal("abc", "abcd"))
	require.False(t, secrets.Equal("", "a"))
	require.True(t, secrets.Equal("", ""))
}
