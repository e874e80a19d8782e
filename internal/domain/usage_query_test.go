package domain_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func TestPercentileReadsTheHistogram(t *testing.T) {
	t.Parallel()
	var f domain.UsageFigures
	require.Zero(t, f.Percentile(50))
	f.Latency[3] = 100 // above 1 s, at most 2 s
	require.Equal(t, 1500*time.Millisecond, f.Percentile(50))
	require.Equal(t, 2*time.Second, f.Percentile(100))
	f.Latency[0] = 100
	require.Equal(t, 250*time.Millisecond, f.Percentile(50))
	require.Equal(t, 1900*time.Millisecond, f.Percentile(95))
	f = domain.UsageFigures{}
	f.Latency[domain.LatencyBuckets-1] = 1
	require.Equal(t, 5*time.Minute, f.Percentile(95), "the last has no upper bound")
}
