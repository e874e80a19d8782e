package domain_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func TestParseStatusFilter(t *testing.T) {
	t.Parallel()
	for text, match := range map[string]map[int]bool{
		"200":     {200: true, 201: false},
		"4xx":     {399: false, 400: true, 499: true, 500: false},
		"non-200": {200: false, 404: true, 500: true},
		"non-5xx": {499: true, 500: false, 599: false},
	} {
		f, err := domain.ParseStatusFilter(text)
		require.NoError(t, err)
		for status, want := range match {
			require.Equal(t, want, f.Matches(status), "%s of %d", text, status)
		}
	}
	for _, text := range []string{"", "2", "20x", "xx", "non-", "0xx", "2000", "abc", "non-non-200", "-12"} {
		_, err := domain.ParseStatusFilter(text)
		require.True(t, domain.IsKind(err, domain.KindInvalid), text)
	}
	require.True(t, domain.StatusFilter{}.Matches(0))
}
