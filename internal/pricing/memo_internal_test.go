package pricing

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAMemoIsBounded(t *testing.T) {
	t.Parallel()
	var m memo[int, int]
	for i := range 3 * memoSize {
		m.put(i, 2*i)
		v, ok := m.get(i)
		require.True(t, ok)
		require.Equal(t, 2*i, v)
		require.LessOrEqual(t, len(m.held), memoSize)
	}
	_, ok := m.get(0)
	require.False(t, ok)
}
