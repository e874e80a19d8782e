package fixer_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/converters/sse"
	"github.com/claude-code-hub/cch/http/gateway/fixer"
	"github.com/claude-code-hub/cch/internal/domain"
)

func usual() fixer.Fixer { return fixer.New(domain.DefaultSettings().ResponseFixer) }

func TestFrames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		raw, want string
		by        []fixer.Fix
	}{
		"no UTF-8":            {"data: {\"a\":\"h\xe9\"}\n\n", "data: {\"a\":\"h\uFFFD\"}\n\n", []fixer.Fix{fixer.Encoding}},
		"no field name":       {"{\"a\":1}\n\n", "data: {\"a\":1}\n\n", []fixer.Fix{fixer.Framing}},
		"misspelt":            {"event: x\n Data :{\"a\":1}\r\n\r\n", "event: x\ndata: {\"a\":1}\n\n", []fixer.Fix{fixer.Framing}},
		"no blank line":       {"data: {\"a\":1}\ndata: {\"b\":2}\ndata: [DONE]\n\n", "data: {\"a\":1}\n\ndata: {\"b\":2}\n\ndata: [DONE]\n\n", []fixer.Fix{fixer.Framing}},
		"named, no blank":     {"event: x\ndata: {}\nevent: y\ndata: {}\n\n", "event: x\ndata: {}\n\nevent: y\ndata: {}\n\n", []fixer.Fix{fixer.Framing}},
		"printed prettily":    {"data: {\n\"a\": [\n1]\n}\n\n", "data: {\ndata: \"a\": [\ndata: 1]\ndata: }\n\n", []fixer.Fix{fixer.Framing}},
		"both":                {"{\"a\":\"\xff\"}\n\n", "data: {\"a\":\"\uFFFD\"}\n\n", []fixer.Fix{fixer.Encoding, fixer.Framing}},
		"broken off":          {"data: {\"a\":[\"b", "data: {\"a\":[\"b\"]}\n\n", []fixer.Fix{fixer.Truncated}},
		"broken off, ended":   {"event: x\ndata: {\"a\":1,\"b\n\n", "event: x\ndata: {\"a\":1}\n\n", []fixer.Fix{fixer.Truncated}},
		"in the middle of é":  {"data: {\"a\":\"h\xc3", "data: {\"a\":\"h\"}\n\n", []fixer.Fix{fixer.Truncated}},
		"a page":              {"<html>no</html>\n\n", "", nil},
		"a text":              {"data: hello\n\n", "", nil},
		"brackets at odds":    {"data: {\"a\":]}\n\n", "", nil},
		"two in one document": {"data: {\"a\":1}{\"b\":2}\n\n", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, by := usual().Frame([]byte(c.raw), true)
			require.Equal(t, c.want, string(got))
			require.Equal(t, c.by, by)
			if slices.Equal(c.by, []fixer.Fix{fixer.Truncated}) {
				got, _ = usual().Frame([]byte(c.raw), false)
				require.Nil(t, got, "only where that is allowed")
			}
		})
	}
}

func TestWhatParsesIsNotSuspected(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		"data: {\"a\":\"hé\"}\n\n": false, ": ping\n\n": false, "data:\n\n": false, "event: ping\nid: 1\n\n": false, "\n": false,
		"{\"a\":1}\n\n": true, "DATA: x\n\n": true, "data: {\"a\":\"\xff\"}\n\n": true,
	} {
		var r sse.Reader
		r.Feed([]byte(raw))
		f, ok, err := r.Next()
		require.True(t, ok)
		require.NoError(t, err)
		require.Equal(t, want, usual().Suspects(&f), "%q", raw)
		off := fixer.New(domain.ResponseFixer{FixEncoding: true, FixSSEFormat: true})
		require.False(t, off.Suspects(&f))
	}
}

func TestEveryFixCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	for raw, off := range map[string]func(*domain.ResponseFixer){
		"data: {\"a\":\"\xff\"}\n\n":                  func(s *domain.ResponseFixer) { s.FixEncoding = false },
		"{\"a\":1}\n\n":                               func(s *domain.ResponseFixer) { s.FixSSEFormat = false },
		"data: {\"a\":1":                              func(s *domain.ResponseFixer) { s.FixTruncatedJSON = false },
		"data: {\"a\":[[1":                            func(s *domain.ResponseFixer) { s.MaxJSONDepth = 2 },
		"data: {\"a\":\"" + strings.Repeat("x", 2000): func(s *domain.ResponseFixer) { s.MaxFixSize = 1024 },
	} {
		set := domain.DefaultSettings().ResponseFixer
		got, _ := fixer.New(set).Frame([]byte(raw), true)
		require.NotNil(t, got, "%.30q", raw)
		off(&set)
		got, _ = fixer.New(set).Frame([]byte(raw), true)
		require.Nil(t, got, "%.30q", raw)
		set.Enabled = false
		got, _ = fixer.New(set).Frame([]byte(raw), true)
		require.Nil(t, got, "%.30q", raw)
	}
}

// A document may break off anywhere: what comes of it parses, and has as much of
// the document as there was.
func TestDocumentsThatBreakOffAnywhere(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{
		`{"id":"m","content":[{"type":"text","text":"h\u00e9 \"q\" \\ é"},{"n":-1.5e+3,"t":true,"f":false,"z":null}],"o":{},"a":[[],[1, 2]] }`,
		`[ {"a" : "b"} , 12 ]`,
	} {
		for at := 1; at < len(doc); at++ {
			closed, ok := usual().Closed([]byte(doc[:at]))
			require.True(t, ok, "%q", doc[:at])
			require.True(t, json.Valid(closed), "%q became %q", doc[:at], closed)
			kept := strings.TrimRight(string(closed), `]}"`)
			require.Greater(t, len(kept)+16, at, "%q became %q", doc[:at], closed)
		}
		_, ok := usual().Closed([]byte(doc))
		require.False(t, ok, "it is whole")
	}
	for _, no := range []string{"", " ", `"text`, "12", "<html", `{"a":]`, `{}x`, `{"a" 1`} {
		_, ok := usual().Closed([]byte(no))
		require.False(t, ok, "%q", no)
	}
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte("data: {\"a\":[\"b\\u00"))
	f.Add([]byte("event: x\n{\"a\":1}\n\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		fixed, by := usual().Frame(raw, true)
		if fixed == nil {
			return
		}
		require.NotEmpty(t, by)
		some := false
		for frame := range fixer.Frames(fixed) {
			data := strings.TrimSpace(string(frame.Data))
			some = some || data != ""
			require.True(t, data == "" || data == "[DONE]" || json.Valid([]byte(data)), "%q became %q", raw, fixed)
		}
		require.True(t, some)
	})
}
