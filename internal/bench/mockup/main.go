// Command mockup is a mock of the four upstream APIs: Anthropic Messages, OpenAI
// Chat Completions, OpenAI Responses and Gemini, streamed and not. What it does
// is set by named profiles; /p/NAME before the API's path picks one.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claude-code-hub/cch/internal/bench/gen"
)

type reply struct {
	head, tail []byte
	frames     [][]byte
	whole      []byte
}

type profile struct {
	gen.Profile
	kinds []string
	n     atomic.Uint64 // requests, for seeds and for spreading errors
	fails atomic.Uint64
	cache sync.Map // format|model|stream|seed -> *reply
}

type kept struct {
	Time    string              `json:"time"`
	Profile string              `json:"profile"`
	Method  string              `json:"method"`
	Path    string              `json:"path"`
	Headers map[string][]string `json:"headers"`
	Bytes   int                 `json:"bytes"`
	CRC     string              `json:"crc32"`
	Body    string              `json:"body"`
	Outcome string              `json:"outcome"`
}

type server struct {
	mu       sync.Mutex
	profiles map[string]*profile
	counts   map[string]uint64 // "profile format outcome" -> n
	keys     map[string]uint64 // credential -> n
	last     []kept
	total    atomic.Uint64
	inflight atomic.Int64
	maxIn    atomic.Int64
	aborted  atomic.Uint64
	bytesIn  atomic.Uint64
	bytesOut atomic.Uint64
}

const keepLast = 16

func newProfile(p gen.Profile) *profile {
	q := &profile{Profile: p}
	for _, k := range strings.Split(p.ErrKinds, ",") {
		if k = strings.TrimSpace(k); k != "" {
			q.kinds = append(q.kinds, k)
		}
	}
	if q.Burst < 1 {
		q.Burst = 1
	}
	return q
}

var modelRe = regexp.MustCompile(`"model"\s*:\s*"([^"]*)"`)

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, name := r.URL.Path, "default"
	if rest, ok := strings.CutPrefix(path, "/p/"); ok {
		name, path, _ = strings.Cut(rest, "/")
		path = "/" + path
	}
	switch path {
	case "/__stats":
		s.stats(w)
		return
	case "/__reset":
		s.reset()
		return
	case "/__profile":
		s.profile(w, r)
		return
	}
	s.mu.Lock()
	p := s.profiles[name]
	s.mu.Unlock()
	if p == nil {
		http.Error(w, "no such profile", 404)
		return
	}
	buf := bodies.Get().(*bytes.Buffer)
	buf.Reset()
	defer bodies.Put(buf)
	if _, err := buf.ReadFrom(r.Body); err != nil {
		s.aborted.Add(1)
		return
	}
	body := buf.Bytes()
	format, model, stream := "", "", false
	switch {
	case strings.HasSuffix(path, "/messages/count_tokens"):
		writeJSON(w, 200, fmt.Sprintf(`{"input_tokens":%d}`, len(body)/4))
		return
	case strings.HasSuffix(path, "/messages"):
		format = gen.Anthropic
	case strings.HasSuffix(path, "/chat/completions"):
		format = gen.Chat
	case strings.HasSuffix(path, "/responses"):
		format = gen.Responses
	case strings.Contains(path, ":generateContent"), strings.Contains(path, ":streamGenerateContent"):
		format = gen.Gemini
		stream = strings.Contains(path, ":stream")
		model = path[strings.LastIndexByte(path, '/')+1 : strings.LastIndexByte(path, ':')]
	case strings.Contains(path, ":countTokens"):
		writeJSON(w, 200, fmt.Sprintf(`{"totalTokens":%d}`, len(body)/4))
		return
	case strings.HasSuffix(path, "/models"):
		writeJSON(w, 200, `{"object":"list","data":[{"id":"claude-sonnet-4-5-20250929","object":"model","type":"model","owned_by":"mock"},{"id":"gpt-5","object":"model","type":"model","owned_by":"mock"}],"models":[{"name":"models/gemini-2.5-pro"}]}`)
		return
	case path == "/" || r.Method == http.MethodHead:
		return
	default:
		writeJSON(w, 404, `{"type":"error","error":{"type":"not_found_error","message":"no such path on the mock"}}`)
		return
	}
	if format != gen.Gemini {
		if mm := modelRe.FindSubmatch(body); mm != nil {
			model = string(mm[1])
		}
		stream = bytes.Contains(body, []byte(`"stream":true`)) || bytes.Contains(body, []byte(`"stream": true`))
	}
	s.total.Add(1)
	s.bytesIn.Add(uint64(len(body)))
	in := s.inflight.Add(1)
	defer s.inflight.Add(-1)
	for old := s.maxIn.Load(); in > old && !s.maxIn.CompareAndSwap(old, in); old = s.maxIn.Load() {
	}
	n := p.n.Add(1) - 1
	kind := ""
	if p.ErrRate > 0 && len(p.kinds) > 0 && uint64(float64(n+1)*p.ErrRate) > uint64(float64(n)*p.ErrRate) {
		kind = p.kinds[(p.fails.Add(1)-1)%uint64(len(p.kinds))]
	}
	outcome := "ok"
	if kind != "" {
		outcome = kind
	}
	s.note(name, format, outcome, r, body, p.KeepBytes)
	if p.TTFBMs > 0 && kind != "reset" {
		if !wait(r, time.Duration(p.TTFBMs*float64(time.Millisecond))) {
			s.aborted.Add(1)
			return
		}
	}
	h := w.Header()
	h.Set("request-id", fmt.Sprintf("req_mock%08d", n))
	h.Set("x-request-id", fmt.Sprintf("req_mock%08d", n))
	if kind != "" && s.fail(w, r, p, kind, format, model) {
		return
	}
	s.serve(w, r, p, format, model, stream, int(n%gen.Seeds), kind)
}

func wait(r *http.Request, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (p *profile) reply(format, model string, stream bool, seed int) *reply {
	key := fmt.Sprint(format, "|", model, "|", stream, "|", seed)
	if v, ok := p.cache.Load(key); ok {
		return v.(*reply)
	}
	r := &reply{}
	if stream {
		h, fs, t := gen.Stream(&p.Profile, format, model, seed)
		r.head, r.tail = []byte(h), []byte(t)
		for i := 0; i < len(fs); i += p.Burst {
			r.frames = append(r.frames, []byte(strings.Join(fs[i:min(i+p.Burst, len(fs))], "")))
		}
	} else {
		r.whole = []byte(gen.Whole(&p.Profile, format, model, seed))
	}
	p.cache.Store(key, r)
	return r
}

func (s *server) serve(w http.ResponseWriter, r *http.Request, p *profile, format, model string, stream bool, seed int, kind string) {
	rep := p.reply(format, model, stream, seed)
	if !stream {
		w.Header().Set("Content-Type", "application/json")
		out := rep.whole
		if kind == "truncate" {
			w.Header().Set("Content-Length", strconv.Itoa(len(out)))
			_, _ = w.Write(out[:len(out)/2])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(out)))
		_, _ = w.Write(out)
		s.bytesOut.Add(uint64(len(out)))
		return
	}
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	fl := w.(http.Flusher)
	_, _ = w.Write(rep.head)
	pace := time.Duration(p.PaceMs * float64(time.Millisecond) * float64(p.Burst))
	t0 := time.Now()
	var crc uint32
	sent := len(rep.head)
	var plain []string // only for stamped streams
	if p.Stamp {
		plain = gen.Deltas(seed, p.Chunks, p.ChunkBytes)
	}
	for i, f := range rep.frames {
		if i > 0 && pace > 0 {
			if d := time.Until(t0.Add(time.Duration(i) * pace)); d > 0 {
				time.Sleep(d)
			}
			if r.Context().Err() != nil {
				s.aborted.Add(1)
				return
			}
		}
		if p.Stamp {
			var b bytes.Buffer
			for j := i * p.Burst; j < min((i+1)*p.Burst, len(plain)); j++ {
				t := fmt.Sprintf("@%019d@", time.Now().UnixNano()) + plain[j]
				if j == len(plain)-1 {
					t = gen.Tail(crc)
				}
				crc = crc32.Update(crc, crc32.IEEETable, []byte(t))
				b.WriteString(gen.Frame(format, model, seed, t))
			}
			f = b.Bytes()
		}
		sent += len(f)
		switch {
		case kind == "truncate" && i == len(rep.frames)/2: // connection dies inside an event
			_, _ = w.Write(f[:len(f)/2])
			fl.Flush()
			panic(http.ErrAbortHandler)
		case kind == "cut" && i == len(rep.frames)/2: // clean end of body without the closing events
			return
		case kind == "stall" && i == len(rep.frames)/2:
			_ = wait(r, 10*time.Minute)
			return
		case kind == "sse-error-mid" && i == len(rep.frames)/2:
			_, _ = io.WriteString(w, sseError(format))
			return
		}
		if _, err := w.Write(f); err != nil {
			s.aborted.Add(1)
			return
		}
		fl.Flush()
	}
	_, _ = w.Write(rep.tail)
	s.bytesOut.Add(uint64(sent + len(rep.tail)))
}

func sseError(format string) string {
	if format == gen.Anthropic {
		return "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"
	}
	return "data: {\"error\":{\"message\":\"Overloaded\",\"type\":\"server_error\",\"code\":\"overloaded\"}}\n\n"
}

// fail makes one kind of failure; false means the normal reply goes on, spoilt on its way.
func (s *server) fail(w http.ResponseWriter, r *http.Request, p *profile, kind, format, model string) bool {
	errBody := func(typ, msg string, code int) string {
		switch format {
		case gen.Anthropic:
			return fmt.Sprintf(`{"type":"error","error":{"type":%q,"message":%q},"request_id":"req_mock"}`, typ, msg)
		case gen.Gemini:
			return fmt.Sprintf(`{"error":{"code":%d,"message":%q,"status":"UNAVAILABLE"}}`, code, msg)
		}
		return fmt.Sprintf(`{"error":{"message":%q,"type":%q,"param":null,"code":null}}`, msg, typ)
	}
	switch kind {
	case "reset":
		if hj, ok := w.(http.Hijacker); ok {
			if c, _, err := hj.Hijack(); err == nil {
				if t, ok := c.(*net.TCPConn); ok {
					_ = t.SetLinger(0)
				}
				_ = c.Close()
			}
		}
	case "close":
		panic(http.ErrAbortHandler)
	case "hang":
		if !wait(r, 10*time.Minute) {
			s.aborted.Add(1)
		}
	case "fake200":
		writeJSON(w, 200, errBody("api_error", "upstream account has no credit", 500))
	case "fake200-html":
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html><body>502 Bad Gateway</body></html>")
	case "empty200":
		w.Header().Set("Content-Type", "application/json")
	case "sse-error":
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, sseError(format))
	case "truncate", "cut", "stall", "sse-error-mid":
		return false
	case "429":
		w.Header().Set("Retry-After", "7")
		writeJSON(w, 429, errBody("rate_limit_error", "Number of requests has exceeded your rate limit", 429))
	case "529":
		writeJSON(w, 529, errBody("overloaded_error", "Overloaded", 529))
	case "prompt-too-long":
		writeJSON(w, 400, errBody("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum", 400))
	default:
		code, err := strconv.Atoi(kind)
		if err != nil || code < 200 || code > 599 {
			code = 500
		}
		writeJSON(w, code, errBody("api_error", "mock "+kind, code))
	}
	return true
}

func writeJSON(w http.ResponseWriter, code int, s string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(s)))
	w.WriteHeader(code)
	_, _ = io.WriteString(w, s)
}

func (s *server) note(name, format, outcome string, r *http.Request, body []byte, keep int) {
	key := r.Header.Get("X-Api-Key")
	if key == "" {
		key = r.Header.Get("Authorization")
	}
	if key == "" {
		key = r.Header.Get("X-Goog-Api-Key") + r.URL.Query().Get("key")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[name+" "+format+" "+outcome]++
	s.keys[key]++
	if keep <= 0 {
		return
	}
	k := kept{
		time.Now().Format(time.RFC3339Nano), name, r.Method, r.URL.RequestURI(), r.Header.Clone(), len(body),
		fmt.Sprintf("%08x", crc32.ChecksumIEEE(body)), string(body[:min(keep, len(body))]), outcome,
	}
	if len(s.last) < keepLast {
		s.last = append(s.last, k)
	} else {
		s.last = append(s.last[1:len(s.last):len(s.last)], k)
	}
}

func (s *server) stats(w http.ResponseWriter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"requests": s.total.Load(), "in_flight": s.inflight.Load(), "max_in_flight": s.maxIn.Load(),
		"client_aborts": s.aborted.Load(), "bytes_in": s.bytesIn.Load(), "bytes_out": s.bytesOut.Load(), "counts": s.counts, "keys": s.keys, "last": s.last,
	})
}

func (s *server) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts, s.keys, s.last = map[string]uint64{}, map[string]uint64{}, nil
	s.total.Store(0)
	s.maxIn.Store(0)
	s.aborted.Store(0)
	s.bytesIn.Store(0)
	s.bytesOut.Store(0)
	for _, p := range s.profiles {
		p.n.Store(0)
		p.fails.Store(0)
	}
}

// profile reads (GET) or sets (POST, fields left out keep their value) ?name=.
func (s *server) profile(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	if name == "" {
		name = "default"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodPost {
		p := gen.Default()
		if old := s.profiles[name]; old != nil {
			p = old.Profile
		}
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		s.profiles[name] = newProfile(p)
	}
	p := s.profiles[name]
	if p == nil {
		http.Error(w, "no such profile", 404)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(p.Profile)
}

func main() {
	listen := flag.String("listen", "127.0.0.1:9100", "address to listen on")
	file := flag.String("profiles", "", "JSON file: profile name to profile")
	flag.Parse()
	s := &server{profiles: map[string]*profile{"default": newProfile(gen.Default())}, counts: map[string]uint64{}, keys: map[string]uint64{}}
	if *file != "" {
		b, err := os.ReadFile(*file)
		if err != nil {
			log.Fatal(err)
		}
		var ps map[string]json.RawMessage
		if err := json.Unmarshal(b, &ps); err != nil {
			log.Fatal(err)
		}
		for name, raw := range ps {
			p := gen.Default()
			if err := json.Unmarshal(raw, &p); err != nil {
				log.Fatal(name, ": ", err)
			}
			s.profiles[name] = newProfile(p)
		}
	}
	log.Fatal((&http.Server{Addr: *listen, Handler: s, ErrorLog: log.New(io.Discard, "", 0)}).ListenAndServe())
}
