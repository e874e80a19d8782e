package convert_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
)

const vectors = "testdata/vectors"

// vector is the case.json of one vector.
type vector struct {
	Name    string         `json:"-"`
	Client  neutral.Format `json:"client"`
	Profile struct {
		Claude neutral.Thinking `json:"claude_thinking"`
		Gemini neutral.Thinking `json:"gemini_thinking"`
	} `json:"profile"`
	Expected    map[string]json.RawMessage `json:"expected"`
	NonStream   map[string]json.RawMessage `json:"expected_nonstream"`
	Bypass      []string                   `json:"bypass"`
	PathModel   string                     `json:"path_model"`
	Stream      bool                       `json:"stream"`
	GeminiPath  string                     `json:"gemini_path"`
	Upstream    neutral.Format             `json:"upstream"`
	ClientModel string                     `json:"client_model"`
	Options     struct {
		IncludeUsage *bool                `json:"include_usage"`
		Custom       []string             `json:"custom"`
		Namespaces   map[string][2]string `json:"namespaces"`
	} `json:"options"`
}

func load(t testing.TB, prefix string) []vector {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(vectors, prefix+"*"))
	require.NoError(t, err)
	var out []vector
	for _, dir := range dirs {
		var v vector
		require.NoError(t, json.Unmarshal(read(t, filepath.Base(dir), "case.json"), &v), dir)
		v.Name = filepath.Base(dir)
		out = append(out, v)
	}
	return out
}

func read(t testing.TB, name, file string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(vectors, name, file))
	require.NoError(t, err)
	return raw
}

// value parses JSON for a comparison that minds neither key order nor the
// spelling of numbers.
func value(t testing.TB, raw []byte) any {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal(raw, &v), "%s", raw)
	return v
}

func target(v *vector, format neutral.Format) *neutral.Target {
	model := neutral.Model{Thinking: neutral.ThinkingEffort, CanOff: true, StructuredOutput: true, MediaInResults: true}
	switch format {
	case neutral.Claude:
		model.Thinking = v.Profile.Claude
	case neutral.Gemini, neutral.GeminiCLI:
		model.Thinking = v.Profile.Gemini
	case neutral.Chat, neutral.Responses:
	}
	return &neutral.Target{Format: format, Model: model, Project: "test-project"}
}

func TestRequestVectors(t *testing.T) {
	t.Parallel()
	list := load(t, "req-")
	require.Len(t, list, 31)
	directions := 0
	for _, v := range list {
		directions += len(v.Expected)
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			for format, want := range v.Expected {
				body := read(t, v.Name, "request.json")
				if format == string(v.Client) {
					checkHome(t, &v, body)
					continue
				}
				checkRequest(t, &v, neutral.Format(format), body, want)
			}
		})
	}
	t.Logf("%d request vectors, %d directions", len(list), directions)
}

func checkRequest(t *testing.T, v *vector, format neutral.Format, body []byte, want json.RawMessage) {
	t.Helper()
	r, err := convert.Decode(v.Client, body, convert.Path{Model: v.PathModel, Stream: v.Stream})
	require.NoError(t, err)
	to := target(v, format)
	var reject struct {
		Reject     int    `json:"reject"`
		Capability string `json:"capability"`
	}
	if json.Unmarshal(want, &reject) == nil && reject.Reject != 0 {
		require.Equal(t, reject.Capability, convert.Unconvertible(r, to), "to %s", format)
		return
	}
	require.Empty(t, convert.Unconvertible(r, to), "to %s", format)
	out, err := convert.Encode(r, to)
	require.NoError(t, err)
	var file string
	require.NoError(t, json.Unmarshal(want, &file))
	expected := read(t, v.Name, file)
	require.Empty(t, cmp.Diff(value(t, expected), value(t, out.Body)), "to %s", format)
	if format == neutral.Gemini {
		require.Equal(t, v.GeminiPath, out.Path)
	}
	again, err := convert.Encode(r, to)
	require.NoError(t, err)
	require.Equal(t, string(out.Body), string(again.Body), "the same request prints the same bytes twice")
}

// checkHome runs the path of a body that keeps its format: what is cut is cut
// from the bytes, everything else stays as it is.
func checkHome(t *testing.T, v *vector, body []byte) {
	t.Helper()
	require.Contains(t, v.Bypass, string(v.Client))
	var file string
	require.NoError(t, json.Unmarshal(v.Expected[string(v.Client)], &file))
	expected := read(t, v.Name, file)
	out, changed := convert.Home(v.Client, body, v.Profile.Claude == neutral.ThinkingBudget)
	require.True(t, changed)
	require.Empty(t, cmp.Diff(value(t, expected), value(t, out)))
	again, changed := convert.Home(v.Client, out, v.Profile.Claude == neutral.ThinkingBudget)
	require.False(t, changed, "nothing is left to cut")
	require.Equal(t, string(out), string(again))
}

// client is the client of a stream vector.
func client(v *vector, to neutral.Format) neutral.Client {
	c := neutral.Client{Model: v.ClientModel, RequestID: "req_1", Now: 1700000000, WantUsage: true}
	if v.Options.IncludeUsage != nil {
		c.WantUsage = *v.Options.IncludeUsage
	}
	if to == neutral.Responses {
		c.Namespaces = v.Options.Namespaces
		c.Custom = map[string]bool{}
		for _, name := range v.Options.Custom {
			c.Custom[name] = true
		}
	}
	return c
}

// frame is one frame of a stream, ready for a comparison.
type frame struct {
	Event string
	Data  any
}

func frames(t testing.TB, stream []byte) []frame {
	t.Helper()
	var out []frame
	text := strings.ReplaceAll(string(stream), "\r\n", "\n")
	for block := range strings.SplitSeq(text, "\n\n") {
		if strings.TrimSpace(block) == "" {
			continue
		}
		f := frame{}
		for line := range strings.SplitSeq(block, "\n") {
			name, rest, _ := strings.Cut(line, ": ")
			switch {
			case name == "event":
				f.Event = rest
			case name == "data" && rest != "[DONE]":
				f.Data = value(t, []byte(rest))
			default:
				f.Data = line
			}
		}
		out = append(out, f)
	}
	return out
}

func streamed(x *convert.Exchange, pieces ...[]byte) []byte {
	s := x.Stream()
	var out []byte
	for _, p := range pieces {
		mine := bytes.Clone(p)
		out = append(out, s.Feed(mine)...)
		clear(mine) // the converter must have copied what it keeps
	}
	return append(out, s.Finish()...)
}

func TestStreamVectors(t *testing.T) {
	t.Parallel()
	list := load(t, "stream-")
	require.Len(t, list, 26)
	streams, wholes := 0, 0
	for _, v := range list {
		streams += len(v.Expected) - 1
		wholes += len(v.NonStream)
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			upstream := read(t, v.Name, "upstream."+string(v.Upstream)+".sse")
			for format := range v.Expected {
				if format != string(v.Upstream) {
					checkStream(t, &v, neutral.Format(format), upstream)
				}
			}
			for format := range v.NonStream {
				checkFold(t, &v, neutral.Format(format), upstream)
			}
		})
	}
	t.Logf("%d stream vectors, %d streams and %d whole answers", len(list), streams, wholes)
}

func checkStream(t *testing.T, v *vector, to neutral.Format, upstream []byte) {
	t.Helper()
	x := &convert.Exchange{From: v.Upstream, To: to, Client: client(v, to)}
	want := frames(t, read(t, v.Name, "expected."+string(to)+".sse"))
	whole := streamed(x, upstream)
	require.Empty(t, cmp.Diff(want, frames(t, whole)), "to %s", to)
	require.Equal(t, string(whole), string(streamed(x, bytes.SplitAfter(upstream, nil)...)), "byte by byte, to %s", to)
	for i := range upstream {
		if got := streamed(x, upstream[:i], upstream[i:]); !bytes.Equal(whole, got) {
			require.Equal(t, string(whole), string(got), "split at %d, to %s", i, to)
		}
	}
}

func checkFold(t *testing.T, v *vector, to neutral.Format, upstream []byte) {
	t.Helper()
	x := &convert.Exchange{From: v.Upstream, To: to, Client: client(v, to)}
	f := x.Fold()
	f.Feed(upstream)
	body, fault := f.Finish()
	require.Nil(t, fault)
	require.Empty(t, cmp.Diff(value(t, read(t, v.Name, "expected."+string(to)+".json")), value(t, body)), "to %s", to)
}

func TestErrorVectors(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(vectors, "errors.json"))
	require.NoError(t, err)
	var list []struct {
		Name     string            `json:"name"`
		Status   int               `json:"status"`
		Body     json.RawMessage   `json:"body"`
		Headers  map[string]string `json:"headers"`
		Expected map[neutral.Format]struct {
			Status int             `json:"status"`
			Body   json.RawMessage `json:"body"`
		} `json:"expected"`
		ExpectedHeaders map[string]string `json:"expected_headers"`
	}
	if json.Unmarshal(raw, &list) != nil {
		var file struct {
			Cases json.RawMessage `json:"cases"`
		}
		require.NoError(t, json.Unmarshal(raw, &file))
		require.NoError(t, json.Unmarshal(file.Cases, &list))
	}
	require.Len(t, list, 12)
	bodies := 0
	for _, c := range list {
		bodies += len(c.Expected)
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{}
			for k, v := range c.Headers {
				header.Set(k, v)
			}
			body := []byte(c.Body)
			var text string
			if json.Unmarshal(body, &text) == nil {
				body = []byte(text)
			}
			for to, want := range c.Expected {
				status, got, out := convert.Error(to, neutral.ReadError(c.Status, header, body), "")
				require.Equal(t, want.Status, status, "to %s", to)
				require.Empty(t, cmp.Diff(value(t, want.Body), value(t, out)), "to %s", to)
				for k, v := range c.ExpectedHeaders {
					require.Equal(t, v, got.Get(k))
				}
			}
		})
	}
	t.Logf("%d error vectors, %d bodies", len(list), bodies)
}

func mustJSON(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}
