package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// TestNoRowIsLostOrDoubledByKills kills the program at random points under
// load. Whoever got a byte of an answer must find exactly one row afterwards.
func TestNoRowIsLostOrDoubledByKills(t *testing.T) {
	onEachEngine(t, testNoRowIsLostOrDoubledByKills)
}

func testNoRowIsLostOrDoubledByKills(t *testing.T, p *testkit.Program) {
	t.Helper()
	u := testkit.NewUpstream(t, "up")
	p.AddProvider(t, u, testkit.M{"circuitBreaker": testkit.M{"failureThreshold": 0}})
	key := p.NewKey(t, "ann")
	seen := &answered{ids: map[string]bool{}}

	for round := range 6 {
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { seen.load(p.URL, key, stop) })
		}
		time.Sleep(time.Duration(100+rand.IntN(900)) * time.Millisecond) // the random point is what is tested
		p.Kill()
		close(stop)
		wg.Wait()
		p.Start()
		t.Logf("round %d: %d answers begun so far", round, len(seen.ids))
	}
	require.NotEmpty(t, seen.ids)

	rows := map[string]int{}
	require.Eventually(t, func() bool {
		clear(rows)
		unfinished := 0
		for cursor := ""; ; {
			_, res := p.Admin(t, http.MethodGet, "/usage-logs?limit=100&cursor="+cursor, nil)
			for _, it := range res.Get("items").Array() {
				rows[it.Get("requestId").String()]++
				if it.Get("statusCode").Int() == 0 {
					unfinished++
				}
			}
			if cursor = res.Get("nextCursor").String(); cursor == "" {
				break
			}
		}
		return unfinished == 0 && len(rows) >= len(seen.ids)
	}, 20*time.Second, 100*time.Millisecond)
	for id := range seen.ids {
		require.Equal(t, 1, rows[id], "row of %s", id)
	}
	for id, n := range rows {
		require.Equal(t, 1, n, "row of %s", id)
	}
	awaitIdle(t, p)
}

// answered remembers whose answer began.
type answered struct {
	mu  sync.Mutex
	ids map[string]bool
}

func (a *answered) load(url, key string, stop <-chan struct{}) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		req, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, url+"/v1/messages",
			strings.NewReader(testkit.Prompt(i%2 == 0, fmt.Sprint("load ", i))))
		req.Header.Set("X-Api-Key", key)
		resp, err := transport.RoundTrip(req)
		if err != nil {
			continue
		}
		var first [1]byte
		if n, _ := resp.Body.Read(first[:]); n == 1 {
			a.mu.Lock()
			a.ids[resp.Header.Get("X-Request-Id")] = true
			a.mu.Unlock()
		}
		for err == nil {
			var rest [4096]byte
			_, err = resp.Body.Read(rest[:])
		}
		_ = resp.Body.Close()
	}
}
