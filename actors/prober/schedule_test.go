package prober

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

var start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func usual() Schedule {
	return Schedule{Every: time.Minute, AfterTimeout: 10 * time.Second, Timeout: 5 * time.Second, AtOnce: 10}
}

func endpoint(id, vendor int, edit ...func(*domain.Endpoint)) *domain.Endpoint {
	e := &domain.Endpoint{ID: domain.EndpointID(id), VendorID: domain.VendorID(vendor), Type: domain.TypeClaude, Enabled: true}
	for _, f := range edit {
		f(e)
	}
	return e
}

func last(before time.Duration, fault string) func(*domain.Endpoint) {
	return func(e *domain.Endpoint) {
		e.Probe = domain.EndpointProbe{At: start.Add(-before), OK: fault == "", ErrorType: fault}
	}
}

func TestWhatIsDue(t *testing.T) {
	t.Parallel()
	s := usual()
	off := func(e *domain.Endpoint) { e.Enabled = false }
	all := []*domain.Endpoint{
		endpoint(1, 1, last(59*time.Second, "")), endpoint(2, 1, last(time.Minute, "")), endpoint(3, 1), endpoint(4, 1, off),
		endpoint(5, 1, last(9*time.Second, "timeout")), endpoint(6, 1, last(10*time.Second, "timeout")), endpoint(7, 1, last(59*time.Second, "network")),
		endpoint(8, 2, last(9*time.Minute, "")), endpoint(9, 3, last(10*time.Minute, "")), endpoint(10, 3, off),
		endpoint(11, 1, last(2*time.Minute, "")),
	}
	seen := map[domain.EndpointID]domain.EndpointProbe{11: {At: start.Add(-time.Second)}}
	var ids []int
	for _, e := range s.due(all, seen, start) {
		ids = append(ids, int(e.ID))
	}
	require.Equal(t, []int{3, 2, 6, 9}, ids, "never looked at first; alone every ten minutes; not what is fresh or off")
}

func TestWhatIsNews(t *testing.T) {
	t.Parallel()
	ms := func(n int) *domain.EndpointProbe {
		return &domain.EndpointProbe{At: start, OK: true, Latency: time.Duration(n) * time.Millisecond}
	}
	down := &domain.EndpointProbe{At: start, ErrorType: "network", Latency: time.Hour}
	require.True(t, news(&domain.EndpointProbe{}, ms(1)))
	require.True(t, news(ms(1), down))
	require.True(t, news(down, ms(1)))
	require.False(t, news(down, &domain.EndpointProbe{At: start}), "its latency says nothing")
	require.False(t, news(ms(5), ms(25)), "too little to matter")
	require.False(t, news(ms(500), ms(590)))
	require.True(t, news(ms(500), ms(601)))
	require.True(t, news(ms(100), ms(60)))
}
