package demo_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/demo"
)

// ledger counts the requests of each session and the most at a time.
type ledger struct {
	mu      sync.Mutex
	bySess  map[string]int
	running int
	most    int
	hold    chan struct{} // nil = answer at once
}

func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	l.mu.Lock()
	l.bySess[r.Header.Get("X-Claude-Code-Session-Id")]++
	l.running++
	l.most = max(l.most, l.running)
	hold := l.hold
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		l.running--
		l.mu.Unlock()
	}()
	if r.Header.Get("Authorization") != "Bearer sk-demo" || r.RemoteAddr == "" || !strings.Contains(string(body), `"messages"`) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if hold != nil {
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	}
	_, _ = io.WriteString(w, "ok")
}

func (l *ledger) total() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, count := range l.bySess {
		n += count
	}
	return n
}

// sessions and peak are read while requests may run.
func (l *ledger) sessions() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.bySess)
}

func (l *ledger) peak() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.most
}

func TestTrafficIsGentleAndEndsByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{bySess: map[string]int{}}
		traffic := demo.NewTraffic(demo.TrafficOptions{Gateway: l})
		require.False(t, traffic.Running())
		traffic.Start("sk-demo")
		require.True(t, traffic.Running())
		time.Sleep(10 * time.Second)
		require.InDelta(t, 60, l.total(), 6)
		require.Equal(t, 3, l.sessions())
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		require.False(t, traffic.Running())
		done := l.total()
		require.InDelta(t, 1800, done, 20)
		time.Sleep(time.Minute)
		require.Equal(t, done, l.total())
		traffic.Stop()
	})
}

func TestTrafficWaitsForAnswersAndStopsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{bySess: map[string]int{}, hold: make(chan struct{})}
		traffic := demo.NewTraffic(demo.TrafficOptions{Gateway: l})
		traffic.Start("sk-demo")
		time.Sleep(20 * time.Second)
		require.Equal(t, 3, l.peak(), "one request at a time for each persona")
		traffic.Start("sk-demo") // replaces the run
		time.Sleep(time.Second)
		traffic.Stop()
		synctest.Wait()
		sent := l.total()
		time.Sleep(time.Minute)
		require.Equal(t, sent, l.total())
		require.False(t, traffic.Running())
	})
}
