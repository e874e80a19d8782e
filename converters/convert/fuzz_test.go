package convert_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/chat"
	"github.com/claude-code-hub/cch/converters/claude"
	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/gemini"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/responses"
)

func formats() []neutral.Format {
	return []neutral.Format{neutral.Claude, neutral.Chat, neutral.Responses, neutral.Gemini}
}

// order is a sink that checks the order readers promise.
type order struct {
	t       testing.TB
	started bool
	ended   bool
	done    bool // Finish was seen
	open    map[int]neutral.BlockKind
	next    int
}

func (o *order) Event(e *neutral.Event) {
	require.False(o.t, o.ended, "nothing follows the end")
	switch e.Kind {
	case neutral.Start:
		require.False(o.t, o.started)
		o.started = true
		return
	case neutral.Fail:
		o.ended = true
		return
	case neutral.Ping, neutral.OutputLoss:
		return
	default:
		require.True(o.t, o.started, "start comes first")
	}
	switch e.Kind {
	case neutral.BlockStart:
		require.False(o.t, o.done)
		require.Equal(o.t, o.next, e.N, "blocks are counted without gaps")
		for _, kind := range o.open {
			require.Equal(o.t, neutral.CallBlock, kind, "only calls overlap")
			require.Equal(o.t, neutral.CallBlock, e.Block, "only calls overlap")
		}
		o.next++
		o.open[e.N] = e.Block
	case neutral.BlockStop:
		require.Contains(o.t, o.open, e.N)
		delete(o.open, e.N)
	case neutral.Delta, neutral.CustomDelta, neutral.SetSig, neutral.Cite:
		require.Contains(o.t, o.open, e.N, "a block that is closed gets nothing more")
	case neutral.Finish:
		require.Empty(o.t, o.open, "all blocks are stopped before the finish")
		o.done = true
	case neutral.End:
		require.True(o.t, o.done)
		o.ended = true
	default:
	}
}

type answerReader interface {
	Frame(data string)
	Body(root gjson.Result)
	Close()
}

func newReader(f neutral.Format, em *neutral.Emitter) answerReader {
	switch f {
	case neutral.Claude:
		return claude.NewReader(em)
	case neutral.Chat:
		return chat.NewReader(em, "req_1")
	case neutral.Responses:
		return responses.NewReader(em)
	default:
		return gemini.NewReader(em, "req_1")
	}
}

// checkOrder runs a reader over frames and checks the order of its events.
func checkOrder(t testing.TB, f neutral.Format, stream string) {
	t.Helper()
	sink := &order{t: t, open: map[int]neutral.BlockKind{}}
	r := newReader(f, neutral.NewEmitter(sink, nil))
	for line := range strings.SplitSeq(strings.ReplaceAll(stream, "\r", ""), "\n") {
		if data, ok := strings.CutPrefix(line, "data: "); ok && (data == "[DONE]" || gjson.Valid(data)) {
			r.Frame(data)
		}
	}
	r.Close()
	require.True(t, sink.ended, "every answer ends")
}

// checkOutput checks that what a client gets can be parsed.
func checkOutput(t testing.TB, to neutral.Format, out string) {
	t.Helper()
	for block := range strings.SplitSeq(out, "\n\n") {
		for line := range strings.SplitSeq(block, "\n") {
			data, ok := strings.CutPrefix(line, "data: ")
			if ok && data != "[DONE]" {
				require.True(t, gjson.Valid(data), "to %s: %s", to, data)
			} else if !ok && line != "" {
				require.True(t, strings.HasPrefix(line, "event: ") || strings.HasPrefix(line, ": "), "to %s: %q", to, line)
			}
		}
	}
}

func seeds(f *testing.F, pattern string) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join(vectors, pattern))
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(raw, uint16(len(raw)/2))
	}
}

func fuzzStream(f *testing.F, from neutral.Format) {
	f.Helper()
	seeds(f, "stream-*/upstream."+string(from)+".sse")
	seeds(f, "stream-*/expected."+string(from)+".sse")
	seeds(f, "stream-*/expected."+string(from)+".json")
	f.Fuzz(func(t *testing.T, raw []byte, cut uint16) {
		checkOrder(t, from, string(raw))
		at := min(int(cut), len(raw))
		for _, to := range formats() {
			x := &convert.Exchange{From: from, To: to, Client: neutral.Client{Model: "m", RequestID: "r", WantUsage: true}}
			whole := string(streamed(x, raw))
			checkOutput(t, to, whole)
			require.Equal(t, whole, string(streamed(x, raw[:at], raw[at:])))
			if body, fault := x.Whole(raw); fault == nil {
				require.True(t, gjson.ValidBytes(body))
			}
		}
	})
}

func FuzzClaudeStream(f *testing.F)    { fuzzStream(f, neutral.Claude) }
func FuzzChatStream(f *testing.F)      { fuzzStream(f, neutral.Chat) }
func FuzzResponsesStream(f *testing.F) { fuzzStream(f, neutral.Responses) }
func FuzzGeminiStream(f *testing.F)    { fuzzStream(f, neutral.Gemini) }

func fuzzRequest(f *testing.F, from neutral.Format) {
	f.Helper()
	seeds(f, "req-*-"+string(from)+"*/request.json")
	seeds(f, "req-*/expected."+string(from)+".json")
	f.Fuzz(func(t *testing.T, raw []byte, _ uint16) {
		before := string(raw)
		r, err := convert.Decode(from, raw, convert.Path{Model: "m"})
		if err != nil {
			return
		}
		for _, to := range formats() {
			for _, thinking := range []neutral.Thinking{neutral.ThinkingBudget, neutral.ThinkingAdaptive} {
				out, err := convert.Encode(r, &neutral.Target{Format: to, AutoCache: true, CacheBreakpoints: true, Model: neutral.Model{Thinking: thinking}})
				if err != nil {
					require.ErrorIs(t, err, neutral.ErrNoMessages)
					continue
				}
				require.True(t, gjson.ValidBytes(out.Body), "to %s: %s", to, out.Body)
			}
		}
		require.Equal(t, before, string(raw), "a body is never written to")
		if out, changed := convert.Home(from, raw, true); changed {
			require.True(t, gjson.ValidBytes(out), "%s", out)
		}
	})
}

func FuzzClaudeRequest(f *testing.F)    { fuzzRequest(f, neutral.Claude) }
func FuzzChatRequest(f *testing.F)      { fuzzRequest(f, neutral.Chat) }
func FuzzResponsesRequest(f *testing.F) { fuzzRequest(f, neutral.Responses) }
func FuzzGeminiRequest(f *testing.F)    { fuzzRequest(f, neutral.Gemini) }
