// Command loadgen drives a gateway with requests of coding agents and measures
// what comes back. Closed loop: -c workers send one after the other. Open loop:
// requests start at a constant rate whatever the answers do, and latency counts
// from the moment a request was due (no coordinated omission).
package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claude-code-hub/cch/internal/bench/gen"
)

var (
	target   = flag.String("url", "http://127.0.0.1:9100/v1/messages", "full URL to post to")
	format   = flag.String("format", gen.Anthropic, "anthropic, chat, responses or gemini")
	stream   = flag.Bool("stream", false, "ask for a stream")
	size     = flag.String("body", "10k", "request body: 10k, 100k, 1m or a number of bytes")
	model    = flag.String("model", "claude-sonnet-4-5-20250929", "model name in the request")
	keys     = flag.String("keys", "sk-bench", "comma list of keys, @FILE with one a line, or TEMPLATE%d:COUNT")
	auth     = flag.String("auth", "bearer", "bearer, x-api-key, both or goog")
	sessions = flag.Int("sessions", 64, "number of different agent sessions")
	mode     = flag.String("mode", "closed", "closed or open")
	conc     = flag.Int("c", 16, "closed: workers; open: most requests in flight")
	rate     = flag.Float64("rate", 100, "open: requests per second")
	warm     = flag.Duration("warmup", time.Second, "time not counted, first (includes -ramp)")
	ramp     = flag.Duration("ramp", 0, "closed: spread the workers' first requests over this time")
	dur      = flag.Duration("duration", 5*time.Second, "time counted")
	maxReq   = flag.Int64("n", 0, "stop after this many counted requests, 0 = no limit")
	timeout  = flag.Duration("timeout", 120*time.Second, "limit of one request")
	mock     = flag.String("mock", "", "base URL of the mock upstream, to know its profile (raw byte check)")
	prof     = flag.String("profile", "default", "profile name on the mock")
	out      = flag.String("out", "", "write the JSON report there instead of to standard output")
	noGap    = flag.Bool("nogap", false, "do not measure chunk gaps")
	fresh    = flag.Bool("fresh", false, "a new connection for every request")
)

type multi []string

func (m *multi) String() string     { return strings.Join(*m, " ") }
func (m *multi) Set(s string) error { *m = append(*m, s); return nil }

var procs, headers multi

type result struct {
	status    int
	err       string
	ttft      time.Duration
	total     time.Duration
	verdict   string // raw, text, truncated, corrupt, none
	bytes     int
	events    int
	firstText bool
}

type worker struct {
	lat, ttft, gap, lag gen.Hist
	status              map[int]int
	errs                map[string]int
	verdicts            map[string]int
	n, ok, events       int64
	bytes               int64
	buf                 []byte
	rd                  []byte
	hdr                 bytes.Buffer
}

type conn struct {
	net.Conn
	br   *bufio.Reader
	used bool
}

var (
	tgt        *url.URL
	addr       string
	body       []byte
	sessAt     []int
	nonceAt    int
	keyList    []string
	pool       = make(chan *conn, 8192)
	rawCRC     = map[uint32]bool{}
	counter    atomic.Int64
	counted    atomic.Int64
	recordFrom atomic.Int64 // unix ns, 0 = not yet
	recordTo   atomic.Int64
)

func fatal(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func parseSize(s string) int {
	mul := 1
	switch s[len(s)-1] {
	case 'k':
		mul, s = 1<<10, s[:len(s)-1]
	case 'm':
		mul, s = 1<<20, s[:len(s)-1]
	}
	n, err := strconv.Atoi(s)
	fatal(err)
	return n * mul
}

func getConn(force bool) (*conn, error) {
	if !force && !*fresh {
		select {
		case c := <-pool:
			return c, nil
		default:
		}
	}
	d := net.Dialer{Timeout: 10 * time.Second}
	var c net.Conn
	var err error
	if tgt.Scheme == "https" {
		c, err = tls.DialWithDialer(&d, "tcp", addr, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	} else {
		c, err = d.Dial("tcp", addr)
	}
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, br: bufio.NewReaderSize(c, 32<<10)}, nil
}

func putConn(c *conn) {
	c.used = true
	select {
	case pool <- c:
	default:
		c.Close()
	}
}

func hex12(n int64) string { return fmt.Sprintf("%012x", n) }

// do sends one request; due is when it should have started.
func (w *worker) do(due time.Time) result {
	id := counter.Add(1)
	sess := id % int64(*sessions)
	key := keyList[int(id)%len(keyList)]
	var head bytes.Buffer
	fmt.Fprintf(&head, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAccept: application/json\r\nContent-Length: %d\r\n", tgt.RequestURI(), tgt.Host, len(body))
	switch *auth {
	case "bearer":
		head.WriteString("Authorization: Bearer " + key + "\r\n")
	case "x-api-key":
		head.WriteString("X-Api-Key: " + key + "\r\n")
	case "goog":
		head.WriteString("X-Goog-Api-Key: " + key + "\r\n")
	case "both":
		head.WriteString("X-Api-Key: " + key + "\r\nAuthorization: Bearer " + key + "\r\n")
	}
	w.agentHeaders(&head, sess)
	for _, h := range headers {
		head.WriteString(h + "\r\n")
	}
	head.WriteString("\r\n")
	bufs := net.Buffers{head.Bytes()}
	sid := []byte("00000000-0000-4000-8000-" + hex12(sess))
	at := 0
	marks := append([]int(nil), sessAt...)
	for at < len(body) { // splice session and nonce into the shared template
		next, ins := len(body), []byte(nil)
		if len(marks) > 0 {
			next, ins = marks[0], sid
		}
		if nonceAt >= at && nonceAt < next {
			next, ins = nonceAt, []byte("nonce-"+hex12(id))
		} else if len(marks) > 0 {
			marks = marks[1:]
		}
		bufs = append(bufs, body[at:next])
		if ins != nil {
			bufs = append(bufs, ins)
		}
		at = next + len(ins)
	}
	for try := 0; ; try++ {
		c, err := getConn(try > 0)
		if err != nil {
			return result{err: "dial: " + short(err)}
		}
		_ = c.SetDeadline(time.Now().Add(*timeout))
		send := make(net.Buffers, len(bufs))
		copy(send, bufs)
		_, err = send.WriteTo(c.Conn)
		if err == nil {
			_, err = c.br.Peek(1)
		}
		if err != nil {
			c.Close()
			if c.used && try == 0 { // a kept connection that the server had closed
				continue
			}
			return result{err: "send: " + short(err)}
		}
		return w.receive(c, due)
	}
}

func (w *worker) agentHeaders(b *bytes.Buffer, sess int64) {
	switch *format {
	case gen.Anthropic:
		b.WriteString("User-Agent: claude-cli/2.0.55 (external, cli)\r\nX-App: cli\r\nAnthropic-Version: 2023-06-01\r\nAnthropic-Beta: claude-code-20250219,interleaved-thinking-2025-05-14\r\nAnthropic-Dangerous-Direct-Browser-Access: true\r\nX-Stainless-Lang: js\r\nX-Stainless-Runtime: node\r\nX-Stainless-Os: Linux\r\nX-Stainless-Arch: x64\r\nX-Stainless-Package-Version: 0.70.0\r\nX-Stainless-Runtime-Version: v22.0.0\r\nX-Stainless-Retry-Count: 0\r\nX-Stainless-Timeout: 600\r\n")
	case gen.Responses:
		fmt.Fprintf(b, "User-Agent: codex_cli_rs/0.63.0 (Linux; x86_64)\r\nOriginator: codex_cli_rs\r\nSession_id: 00000000-0000-4000-8000-%012x\r\nOpenAI-Beta: responses=experimental\r\n", sess)
	case gen.Gemini:
		b.WriteString("User-Agent: GeminiCLI/0.18.0 (linux; x64)\r\n")
	default:
		b.WriteString("User-Agent: opencode/1.0\r\n")
	}
}

func short(err error) string {
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() {
		return "timeout"
	}
	s := err.Error()
	if i := strings.LastIndex(s, ": "); i >= 0 {
		s = s[i+2:]
	}
	return s
}

func (w *worker) receive(c *conn, due time.Time) (r result) {
	resp, err := http.ReadResponse(c.br, &http.Request{Method: "POST"})
	if err != nil {
		c.Close()
		r.err = "head: " + short(err)
		return
	}
	r.status = resp.StatusCode
	isSSE := strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream")
	w.buf = w.buf[:0]
	var last time.Time
	for {
		n, rerr := resp.Body.Read(w.rd)
		if n > 0 {
			now := time.Now()
			seg := w.rd[:n]
			r.bytes += n
			ev := bytes.Count(seg, []byte("data:"))
			if r.ttft == 0 {
				r.ttft = now.Sub(due)
			} else if isSSE && ev > 0 && !*noGap && recordFrom.Load() != 0 {
				w.gap.Add(now.Sub(last))
			}
			last = now
			r.events += ev
			for s := seg; recordFrom.Load() != 0; { // stamped deltas: @ + 19 digits + @
				i := bytes.IndexByte(s, '@')
				if i < 0 || len(s) < i+21 {
					break
				}
				if s[i+20] == '@' {
					if t, err := strconv.ParseInt(string(s[i+1:i+20]), 10, 64); err == nil {
						w.lag.Add(time.Duration(now.UnixNano() - t))
					}
				}
				s = s[i+1:]
			}
			w.buf = append(w.buf, seg...)
		}
		if rerr == io.EOF {
			break
		}
		if rerr != nil {
			r.err = "body: " + short(rerr)
			break
		}
	}
	r.total = time.Since(due)
	_ = resp.Body.Close()
	if r.err != "" || resp.Close || *fresh {
		c.Close()
	} else {
		putConn(c)
	}
	if r.status != 200 {
		if r.err == "" {
			r.err = "status " + strconv.Itoa(r.status)
		}
		return
	}
	r.verdict = verify(w.buf, isSSE)
	if r.err == "" && (r.verdict == "truncated" || r.verdict == "corrupt") {
		r.err = r.verdict
	}
	return
}

// verify compares with the bytes the mock must have sent; failing that (a gateway
// may rewrite envelopes) it takes the text out and checks the CRC at its end.
func verify(b []byte, isSSE bool) string {
	if rawCRC[crc32.ChecksumIEEE(b)] {
		return "raw"
	}
	var text []byte
	if isSSE {
		done := false
		for _, line := range bytes.Split(b, []byte("\n")) {
			line = bytes.TrimRight(line, "\r")
			d, ok := bytes.CutPrefix(line, []byte("data:"))
			if !ok {
				continue
			}
			d = bytes.TrimSpace(d)
			if string(d) == "[DONE]" {
				done = true
				continue
			}
			var t string
			var end bool
			t, end = eventText(d)
			text = append(text, t...)
			done = done || end
		}
		if !done {
			return "truncated"
		}
	} else {
		text = []byte(wholeText(b))
	}
	complete, ok := gen.CheckText(text)
	switch {
	case ok:
		return "text"
	case !complete:
		return "truncated"
	}
	return "corrupt"
}

func eventText(d []byte) (string, bool) {
	switch *format {
	case gen.Anthropic:
		var e struct {
			Type  string
			Delta struct{ Text string }
		}
		_ = json.Unmarshal(d, &e)
		return e.Delta.Text, e.Type == "message_stop"
	case gen.Chat:
		var e struct {
			Choices []struct {
				Delta  struct{ Content string }
				Finish string `json:"finish_reason"`
			}
		}
		_ = json.Unmarshal(d, &e)
		if len(e.Choices) == 0 {
			return "", false
		}
		return e.Choices[0].Delta.Content, e.Choices[0].Finish != ""
	case gen.Responses:
		var e struct {
			Type  string
			Delta string
		}
		_ = json.Unmarshal(d, &e)
		if e.Type != "response.output_text.delta" {
			e.Delta = ""
		}
		return e.Delta, e.Type == "response.completed"
	}
	return geminiText(d)
}

func geminiText(d []byte) (string, bool) {
	var e struct {
		Candidates []struct {
			Content struct{ Parts []struct{ Text string } }
			Finish  string `json:"finishReason"`
		}
	}
	_ = json.Unmarshal(d, &e)
	s, end := "", false
	for _, c := range e.Candidates {
		for _, p := range c.Content.Parts {
			s += p.Text
		}
		end = c.Finish != ""
	}
	return s, end
}

func wholeText(b []byte) string {
	switch *format {
	case gen.Anthropic:
		var e struct{ Content []struct{ Text string } }
		_ = json.Unmarshal(b, &e)
		if len(e.Content) > 0 {
			return e.Content[0].Text
		}
	case gen.Chat:
		var e struct {
			Choices []struct{ Message struct{ Content string } }
		}
		_ = json.Unmarshal(b, &e)
		if len(e.Choices) > 0 {
			return e.Choices[0].Message.Content
		}
	case gen.Responses:
		var e struct {
			Output []struct{ Content []struct{ Text string } }
		}
		_ = json.Unmarshal(b, &e)
		for _, o := range e.Output {
			if len(o.Content) > 0 {
				return o.Content[0].Text
			}
		}
	default:
		s, _ := geminiText(b)
		return s
	}
	return ""
}

func newWorker() *worker {
	return &worker{status: map[int]int{}, errs: map[string]int{}, verdicts: map[string]int{}, rd: make([]byte, 32<<10)}
}

// record counts a request that ended inside the window.
func (w *worker) record(r result) bool {
	now := time.Now().UnixNano()
	from, to := recordFrom.Load(), recordTo.Load()
	if from == 0 || now < from || (to != 0 && now > to) {
		return false
	}
	w.n++
	w.bytes += int64(r.bytes)
	w.events += int64(r.events)
	if r.status != 0 {
		w.status[r.status]++
	}
	if r.verdict != "" {
		w.verdicts[r.verdict]++
	}
	if r.err != "" {
		w.errs[r.err]++
	} else {
		w.ok++
		w.lat.Add(r.total)
		w.ttft.Add(r.ttft)
	}
	return true
}

func expandKeys() {
	switch {
	case strings.HasPrefix(*keys, "@"):
		b, err := os.ReadFile((*keys)[1:])
		fatal(err)
		keyList = strings.Fields(string(b))
	case strings.Contains(*keys, "%") && strings.Contains(*keys, ":"):
		i := strings.LastIndexByte(*keys, ':')
		n, err := strconv.Atoi((*keys)[i+1:])
		fatal(err)
		for k := 0; k < n; k++ {
			keyList = append(keyList, fmt.Sprintf((*keys)[:i], k))
		}
	default:
		keyList = strings.Split(*keys, ",")
	}
}

func knownBytes() {
	if *mock == "" {
		return
	}
	resp, err := http.Get(*mock + "/__profile?name=" + *prof)
	fatal(err)
	defer resp.Body.Close()
	p := gen.Default()
	fatal(json.NewDecoder(resp.Body).Decode(&p))
	if p.Stamp {
		return
	}
	for s := 0; s < gen.Seeds; s++ {
		if *stream {
			h, fs, t := gen.Stream(&p, *format, *model, s)
			rawCRC[crc32.ChecksumIEEE([]byte(h+strings.Join(fs, "")+t))] = true
		} else {
			rawCRC[crc32.ChecksumIEEE([]byte(gen.Whole(&p, *format, *model, s)))] = true
		}
	}
}

func main() {
	flag.Var(&procs, "proc", "LABEL=PID[,PID]: account CPU and memory of these processes and their children (repeatable)")
	flag.Var(&headers, "header", "extra request header 'Name: value' (repeatable)")
	flag.Parse()
	var err error
	tgt, err = url.Parse(*target)
	fatal(err)
	addr = tgt.Host
	if tgt.Port() == "" {
		addr += map[string]string{"http": ":80", "https": ":443"}[tgt.Scheme]
	}
	expandKeys()
	body = gen.Request(*format, *model, *stream, parseSize(*size))
	for off := 0; ; {
		i := bytes.Index(body[off:], []byte(gen.SessionMark))
		if i < 0 {
			break
		}
		sessAt = append(sessAt, off+i)
		off += i + len(gen.SessionMark)
	}
	nonceAt = bytes.Index(body, []byte(gen.NonceMark))
	knownBytes()

	mon := startMonitor(procs)
	var ws []*worker
	var wg sync.WaitGroup
	stop := make(chan struct{})
	start := time.Now()
	var dropped atomic.Int64
	hit := func() {
		if c := counted.Add(1); *maxReq > 0 && c == *maxReq {
			recordTo.CompareAndSwap(0, time.Now().UnixNano())
		}
	}
	if *mode == "closed" {
		for i := 0; i < *conc; i++ {
			w := newWorker()
			ws = append(ws, w)
			wg.Add(1)
			go func(i int) {
				defer wg.Done()
				if *ramp > 0 {
					time.Sleep(*ramp * time.Duration(i) / time.Duration(*conc))
				}
				for {
					select {
					case <-stop:
						return
					default:
					}
					r := w.do(time.Now())
					if w.record(r) {
						hit()
					}
					if r.err != "" { // a client that waits before it tries again
						time.Sleep(100 * time.Millisecond)
					}
				}
			}(i)
		}
	} else {
		free := make(chan *worker, *conc)
		for i := 0; i < *conc; i++ {
			w := newWorker()
			ws = append(ws, w)
			free <- w
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; ; i++ {
				due := start.Add(time.Duration(float64(i) / *rate * float64(time.Second)))
				if d := time.Until(due); d > 0 {
					select {
					case <-stop:
						return
					case <-time.After(d):
					}
				}
				select {
				case <-stop:
					return
				case w := <-free:
					wg.Add(1)
					go func() {
						defer wg.Done()
						if w.record(w.do(due)) {
							hit()
						}
						free <- w
					}()
				default:
					dropped.Add(1)
				}
			}
		}()
	}
	time.Sleep(*warm)
	c0 := mon.begin()
	own0 := selfCPU()
	t0 := time.Now()
	recordFrom.Store(t0.UnixNano())
	for time.Since(t0) < *dur && recordTo.Load() == 0 {
		time.Sleep(20 * time.Millisecond)
	}
	recordTo.CompareAndSwap(0, time.Now().UnixNano())
	window := time.Duration(recordTo.Load() - recordFrom.Load())
	c1 := mon.end()
	own1 := selfCPU()
	close(stop)
	fin := make(chan struct{})
	go func() { wg.Wait(); close(fin) }()
	select {
	case <-fin:
	case <-time.After(*timeout):
	}
	all := newWorker()
	for _, w := range ws {
		all.lat.Merge(&w.lat)
		all.ttft.Merge(&w.ttft)
		all.gap.Merge(&w.gap)
		all.lag.Merge(&w.lag)
		all.n += w.n
		all.ok += w.ok
		all.events += w.events
		all.bytes += w.bytes
		for k, v := range w.status {
			all.status[k] += v
		}
		for k, v := range w.errs {
			all.errs[k] += v
		}
		for k, v := range w.verdicts {
			all.verdicts[k] += v
		}
	}
	sec := window.Seconds()
	rep := map[string]any{
		"mode": *mode, "format": *format, "stream": *stream, "c": *conc, "body_bytes": len(body), "keys": len(keyList), "sessions": *sessions,
		"window_s": round(sec), "requests": all.n, "ok": all.ok, "rps": round(float64(all.ok) / sec), "errors": all.errs, "status": statusNames(all.status),
		"verified": all.verdicts, "dropped": dropped.Load(), "resp_bytes": all.bytes, "events": all.events,
		"latency_ms": all.lat.Sum(), "ttft_ms": all.ttft.Sum(), "loadgen_cpu_s": round(own1 - own0),
	}
	if *mode == "open" {
		rep["rate"] = *rate
	}
	if *stream {
		rep["gap_ms"] = all.gap.Sum()
		if l := all.lag.Sum(); l.N > 0 {
			rep["chunk_lag_ms"] = l
		}
	}
	if len(procs) > 0 {
		rep["procs"] = mon.report(c0, c1, all.n)
	}
	b, _ := json.MarshalIndent(rep, "", " ")
	b = append(b, '\n')
	if *out != "" {
		fatal(os.WriteFile(*out, b, 0o644))
	} else {
		_, _ = os.Stdout.Write(b)
	}
}

func statusNames(m map[int]int) map[string]int {
	o := map[string]int{}
	for k, v := range m {
		o[strconv.Itoa(k)] = v
	}
	return o
}

func round(f float64) float64 { return float64(int64(f*1000+.5)) / 1000 }
