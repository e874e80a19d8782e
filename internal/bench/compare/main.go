// Command compare measures the CPU that the hub takes per request against a
// bare reverse proxy on the same mock upstream, in interleaved rounds of one
// run, and prints the medians of the ratios. Everything runs on loopback.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	mockAddr   = "127.0.0.1:19100"
	proxyAddr  = "127.0.0.1:19101"
	hubAddr    = "127.0.0.1:19102"
	adminToken = "admin-token-of-the-bench"
)

// scenario is one kind of load.
type scenario struct {
	name    string
	profile string // fields of the mock's profile, as JSON
	args    []string
	limit   float64 // highest ratio that is promised; 0 = none
}

func scenarios() []scenario {
	return []scenario{
		{"10 KB", `{}`, []string{"-body", "10k", "-c", "16"}, 3},
		{"1 MB", `{}`, []string{"-body", "1m", "-c", "16"}, 4},
		{"500 streams of 200 events, 20 ms apart", `{"chunks":200,"pace_ms":20}`, []string{"-stream", "-body", "10k", "-c", "500", "-ramp", "4s", "-warmup", "5s"}, 1.3},
	}
}

// sample is what one round found for one target.
type sample struct {
	cpuMs  float64 // per request
	peakMB float64
	rps    float64
	errors int
	raw    bool
}

func main() {
	hub := flag.String("hub", "bin/cch", "the hub's binary")
	tools := flag.String("tools", "bin/bench", "directory of mockup, loadgen and revproxy")
	rounds := flag.Int("rounds", 5, "rounds")
	duration := flag.Duration("duration", 20*time.Second, "length of a round for each target")
	only := flag.String("only", "", "run only scenarios whose name contains this")
	format := flag.String("format", "anthropic", "what client and provider speak: anthropic, chat, responses or gemini")
	flag.Parse()
	w, ok := wires()[*format]
	if !ok {
		log.Fatalf("there is no format %q", *format)
	}
	w.format = *format
	if err := run(w, *hub, *tools, *only, *rounds, *duration); err != nil {
		log.Fatal(err)
	}
}

// wire is one format as client and provider speak it.
type wire struct {
	format       string // as the load generator calls it
	providerType string
	model, auth  string
	whole, sse   string // paths for whole answers and for streams
}

func wires() map[string]wire {
	const gemini = "/v1beta/models/gemini-2.5-pro:"
	return map[string]wire{
		"anthropic": {providerType: "claude", model: "claude-sonnet-4-5-20250929", auth: "x-api-key", whole: "/v1/messages", sse: "/v1/messages"},
		"chat":      {providerType: "openai-compatible", model: "gpt-5", auth: "bearer", whole: "/v1/chat/completions", sse: "/v1/chat/completions"},
		"responses": {providerType: "codex", model: "gpt-5-codex", auth: "bearer", whole: "/v1/responses", sse: "/v1/responses"},
		"gemini":    {providerType: "gemini", model: "gemini-2.5-pro", auth: "goog", whole: gemini + "generateContent", sse: gemini + "streamGenerateContent?alt=sse"},
	}
}

// args are what the load generator is told for this kind of load.
func (w wire) args(base string, s scenario) []string {
	path := w.whole
	if slices.Contains(s.args, "-stream") {
		path = w.sse
	}
	return append([]string{"-url", base + path, "-format", w.format, "-model", w.model, "-auth", w.auth}, s.args...)
}

func run(w wire, hub, tools, only string, rounds int, duration time.Duration) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	dir, err := os.MkdirTemp("", "cch-bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	mock, err := start(ctx, nil, filepath.Join(tools, "mockup"), "-listen", mockAddr)
	if err != nil {
		return err
	}
	defer func() { cancel(); <-mock.gone }() // the next run takes the same port
	for _, s := range scenarios() {
		if !strings.Contains(s.name, only) {
			continue
		}
		if err := post("http://"+mockAddr+"/__profile?name=default", "", s.profile, nil); err != nil {
			return err
		}
		if err := measure(ctx, w, s, hub, tools, dir, rounds, duration); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// measure gives each scenario fresh processes, so that memory is its own.
func measure(ctx context.Context, w wire, s scenario, hub, tools, dir string, rounds int, duration time.Duration) error {
	ctx, cancel := context.WithCancel(ctx)
	var running []process
	defer func() {
		cancel()
		for _, p := range running { // the next scenario takes the same ports
			<-p.gone
		}
	}()
	proxy, err := start(ctx, nil, filepath.Join(tools, "revproxy"), "-listen", proxyAddr, "-to", "http://"+mockAddr)
	if err != nil {
		return err
	}
	running = append(running, proxy)
	data, err := os.MkdirTemp(dir, "data")
	if err != nil {
		return err
	}
	target, err := start(ctx, []string{
		"HOST=127.0.0.1", "APP_PORT=19102", "DATA_DIR=" + data, "ADMIN_TOKEN=" + adminToken, "LOG_LEVEL=warn",
		"PRICE_SYNC_URL=off",
	}, hub, "serve")
	if err != nil {
		return err
	}
	running = append(running, target)
	keys, err := setUp(w)
	if err != nil {
		return err
	}
	var proxies, hubs []sample
	for range rounds {
		p, err := load(tools, dir, w.args("http://"+proxyAddr, s), proxy.pid, keys, duration)
		if err != nil {
			return err
		}
		h, err := load(tools, dir, w.args("http://"+hubAddr, s), target.pid, keys, duration)
		if err != nil {
			return err
		}
		proxies, hubs = append(proxies, p), append(hubs, h)
	}
	report(s, proxies, hubs)
	return nil
}

func report(s scenario, proxies, hubs []sample) {
	var ratios, hubCPU, proxyCPU, peak, rps []float64
	errors, raw := 0, true
	for i := range hubs {
		ratios = append(ratios, hubs[i].cpuMs/proxies[i].cpuMs)
		hubCPU, proxyCPU = append(hubCPU, hubs[i].cpuMs), append(proxyCPU, proxies[i].cpuMs)
		peak, rps = append(peak, hubs[i].peakMB), append(rps, hubs[i].rps)
		errors += hubs[i].errors
		raw = raw && hubs[i].raw
	}
	fmt.Printf("%s\n  CPU per request: hub %.3f ms, bare proxy %.3f ms, ratio %.2f (rounds %.2f)", s.name,
		median(hubCPU), median(proxyCPU), median(ratios), ratios)
	if s.limit > 0 {
		fmt.Printf(", promised at most %.1f", s.limit)
	}
	fmt.Printf("\n  hub: %.0f requests/s, peak %.0f MB, %d errors, every answer byte-identical: %t\n",
		median(rps), slices.Max(peak), errors, raw)
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// process is a running program; gone is closed when it has ended.
type process struct {
	pid  int
	gone <-chan struct{}
}

// start runs a program until ctx ends and waits until it listens.
func start(ctx context.Context, env []string, name string, args ...string) (process, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return process{}, err
	}
	gone := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(gone)
	}()
	url := "http://" + hubAddr + "/api/health/ready"
	for i, a := range args {
		if a == "-listen" {
			url = "http://" + args[i+1] + "/__stats"
		}
	}
	for range 600 {
		if resp, err := http.Get(url); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode < 500 {
				return process{cmd.Process.Pid, gone}, nil
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return process{}, fmt.Errorf("%s did not come up", name)
}

// setUp makes a provider and sixteen users with a key each.
func setUp(w wire) ([]string, error) {
	api := "http://" + hubAddr + "/api/v1"
	if err := post(api+"/providers", adminToken, `{"name":"mock","type":"`+w.providerType+`","url":"http://`+mockAddr+`","key":"upstream-key"}`, nil); err != nil {
		return nil, err
	}
	var keys []string
	for i := range 16 {
		var user struct{ User struct{ ID int } }
		if err := post(api+"/users", adminToken, fmt.Sprintf(`{"name":"bench%d"}`, i), &user); err != nil {
			return nil, err
		}
		var key struct{ Secret string }
		if err := post(fmt.Sprintf("%s/users/%d/keys", api, user.User.ID), adminToken, `{"name":"bench"}`, &key); err != nil {
			return nil, err
		}
		keys = append(keys, key.Secret)
	}
	return keys, nil
}

func post(url, token, body string, into any) error {
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s: status %d: %s", url, resp.StatusCode, bytes.TrimSpace(b))
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(b, into)
}

// load runs the generator once and reads its report.
func load(tools, dir string, args []string, pid int, keys []string, duration time.Duration) (sample, error) {
	out := filepath.Join(dir, "report.json")
	all := append([]string{
		"-keys", strings.Join(keys, ","), "-duration", duration.String(),
		"-mock", "http://" + mockAddr, "-proc", fmt.Sprintf("target=%d", pid), "-out", out,
	}, args...)
	cmd := exec.Command(filepath.Join(tools, "loadgen"), all...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return sample{}, fmt.Errorf("load generator: %w", err)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		return sample{}, err
	}
	var rep struct {
		RPS      float64        `json:"rps"`
		Errors   map[string]int `json:"errors"`
		Verified map[string]int `json:"verified"`
		Procs    map[string]struct {
			CPUMs  float64 `json:"cpu_ms_per_req"`
			PeakMB float64 `json:"rss_peak_mb"`
		} `json:"procs"`
	}
	if err := json.Unmarshal(b, &rep); err != nil {
		return sample{}, err
	}
	s := sample{cpuMs: rep.Procs["target"].CPUMs, peakMB: rep.Procs["target"].PeakMB, rps: rep.RPS, raw: len(rep.Verified) == 1 && rep.Verified["raw"] > 0}
	for _, n := range rep.Errors {
		s.errors += n
	}
	return s, nil
}
