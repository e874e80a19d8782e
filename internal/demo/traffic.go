package demo

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	defaultTrafficFor   = 5 * time.Minute
	defaultTrafficEvery = 500 * time.Millisecond
	trafficPatience     = 30 * time.Second // of one request
)

// TrafficOptions say how much traffic there is. Zero durations take the
// defaults: two requests a second for each persona, for five minutes.
type TrafficOptions struct {
	Gateway http.Handler // answers /v1/messages
	For     time.Duration
	Every   time.Duration
}

// Traffic plays a few clients of the gateway, so that there is something to
// watch. It is bounded: each persona has one request under way at most, and all
// of it ends by itself. Safe for concurrent use.
type Traffic struct {
	o TrafficOptions

	mu      sync.Mutex
	cancel  context.CancelFunc // nil = never started
	stopped chan struct{}      // closed once the last run is over
}

// NewTraffic makes traffic that is not running.
func NewTraffic(o TrafficOptions) *Traffic {
	if o.For == 0 {
		o.For = defaultTrafficFor
	}
	if o.Every == 0 {
		o.Every = defaultTrafficEvery
	}
	return &Traffic{o: o}
}

// persona is one imagined person at work.
type persona struct {
	userAgent string
	model     string
	asks      []string
}

func personas() []persona {
	return []persona{
		{"claude-cli/2.1.197 (external, cli)", "claude-sonnet-4-5", []string{
			"Why does the build fail on CI but not here?", "Write a test for the parser.", "Rename this package.",
		}},
		{"claude-cli/2.1.180 (external, cli)", "claude-opus-4-5", []string{
			"Explain this stack trace.", "Sketch a migration to the new schema.",
		}},
		{"demo-notebook/1.0", "claude-haiku-4-5", []string{
			"Summarise the release notes.", "Translate the README.", "Suggest a name for this function.",
		}},
	}
}

// Start begins a run with a key of the gateway. One under way is ended first.
func (t *Traffic) Start(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stop()
	ctx, cancel := context.WithTimeout(context.Background(), t.o.For)
	stopped := make(chan struct{})
	t.cancel, t.stopped = cancel, stopped
	go func() {
		defer close(stopped)
		defer cancel()
		var all sync.WaitGroup
		for _, p := range personas() {
			all.Go(func() { t.play(ctx, p, key) })
		}
		all.Wait()
	}()
}

// Stop ends the run, if there is one, and returns once its requests were given up.
func (t *Traffic) Stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stop()
}

func (t *Traffic) stop() {
	if t.cancel == nil {
		return
	}
	t.cancel()
	<-t.stopped
	t.cancel = nil
}

// Running tells whether a run is under way.
func (t *Traffic) Running() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cancel == nil {
		return false
	}
	select {
	case <-t.stopped:
		return false
	default:
		return true
	}
}

// play makes one persona's requests, one after the other, in one session.
func (t *Traffic) play(ctx context.Context, p persona, key string) {
	session := "demo-" + rand.Text()
	ticker := time.NewTicker(t.o.Every)
	defer ticker.Stop()
	for turn := 0; ; turn++ {
		t.ask(ctx, p, key, session, turn)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// ask makes a request and reads the answer. What comes of it is in the
// gateway's log, so nobody needs to be told here.
func (t *Traffic) ask(ctx context.Context, p persona, key, session string, turn int) {
	ctx, cancel := context.WithTimeout(ctx, trafficPatience)
	defer cancel()
	prompt, err := json.Marshal(p.asks[turn%len(p.asks)])
	if err != nil {
		return
	}
	body := fmt.Sprintf(`{"model":%q,"max_tokens":256,"stream":%t,"messages":[{"role":"user","content":%s}]}`, p.model, turn%4 != 3, prompt)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost/v1/messages", strings.NewReader(body))
	if err != nil {
		return
	}
	req.RemoteAddr = "127.0.0.1:0" // what a server would see
	req.RequestURI = req.URL.RequestURI()
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Anthropic-Version", "2023-06-01")
	req.Header.Set("User-Agent", p.userAgent)
	req.Header.Set("X-Claude-Code-Session-Id", session)
	res, err := Transport{Handler: t.o.Gateway}.RoundTrip(req)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
}
