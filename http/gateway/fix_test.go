package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/sse"
	"github.com/claude-code-hub/cch/internal/domain"
)

// fixesTold are the kinds of fixes that stand in the record.
func fixesTold(t *testing.T, w *world) (kinds []string) {
	t.Helper()
	for _, s := range w.actor.only(t).Special {
		require.Equal(t, domain.SpecialResponseFixer, s.Type)
		kinds = append(kinds, s.Trigger)
	}
	return kinds
}

func TestFramesThatDoNotParseArePutRight(t *testing.T) {
	t.Parallel()
	good := messageStart("claude-5") + textDelta("Hel")
	data := func(text string) string {
		return `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"` + text + `"}}`
	}
	for name, c := range map[string]struct {
		said, want string
		kinds      []string
	}{
		"nothing wrong":       {good + messageEnd(), good + messageEnd(), nil},
		"no UTF-8":            {good + textDelta("l\xff") + messageEnd(), good + textDelta("l\uFFFD") + messageEnd(), []string{"encoding"}},
		"no UTF-8 at first":   {messageStart("claude-5") + textDelta("\xc3") + messageEnd(), messageStart("claude-5") + textDelta("\uFFFD") + messageEnd(), []string{"encoding"}},
		"no field name":       {good + data("lo") + "\n\n" + messageEnd(), good + "data: " + data("lo") + "\n\n" + messageEnd(), []string{"sse_format"}},
		"no field, at first":  {data("Hel") + "\n\n" + messageEnd(), "data: " + data("Hel") + "\n\n" + messageEnd(), []string{"sse_format"}},
		"no blank line":       {good + "data: " + data("l") + "\n" + textDelta("o") + messageEnd(), good + "data: " + data("l") + "\n\n" + textDelta("o") + messageEnd(), []string{"sse_format"}},
		"broken off, then on": {good + "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"l\n\n" + messageEnd(), good + "data: " + data("l") + "\n\n" + messageEnd(), []string{"truncated_json"}},
		"broken off":          {good + `data: {"type":"content_block_delta","delta":{"text":"l`, good + `data: {"type":"content_block_delta","delta":{"text":"l"}}` + "\n\n", []string{"truncated_json"}},
		"several":             {good + textDelta("\xff") + data("lo") + "\n\n" + textDelta("\xfe") + messageEnd(), good + textDelta("\uFFFD") + "data: " + data("lo") + "\n\n" + textDelta("\uFFFD") + messageEnd(), []string{"encoding", "sse_format"}},
		"a text":              {good + "data: oops\n\n" + messageEnd(), good + "data: oops\n\n" + messageEnd(), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil, streams(c.said))
			requireSame(t, c.want, w.post(streamBody).body)
			require.Equal(t, c.kinds, fixesTold(t, w))

			w = newWorld(t, func(w *world) { w.config.Settings.ResponseFixer.Enabled = false }, streams(c.said))
			if a := w.post(streamBody); a.status == 200 {
				requireSame(t, c.said, a.body)
			}
		})
	}
}

// Wherever reads are cut, the same comes of it; and where frames are changed for
// other reasons, too.
func TestFixesDoNotDependOnWhereReadsAreCut(t *testing.T) {
	t.Parallel()
	said := func(model, bad, lost string) string {
		return messageStart(model) + textDelta("Hel") + textDelta(bad) + lost +
			`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo"}}` + "\n\n" + messageEnd()
	}
	for _, redirect := range []string{"", "glm-5"} {
		model := "claude-5"
		if redirect != "" {
			model = redirect
		}
		whole := said(model, "\xff", "")
		for at := 1; at < len(whole); at += 5 {
			next := make(chan string, 2)
			next <- whole[:at]
			next <- whole[at:]
			close(next)
			w := newWorld(t, func(w *world) { w.actor.model = redirect }, paced(next))
			requireSame(t, said("claude-5", "\uFFFD", "data: "), w.post(streamBody).body)
		}
	}
}

// Before content, what breaks off is no answer: another provider gives a whole one.
func TestWhatBreaksOffBeforeContentFailsOver(t *testing.T) {
	t.Parallel()
	torn := messageStart("m") + `data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"Hel`
	w := newWorld(t, nil, streams(torn), streams(wholeStream("claude-5")))
	requireSame(t, wholeStream("claude-5"), w.post(streamBody).body)
	require.Equal(t, domain.FailGate, w.actor.wait(t, 2)[0].Failure)
}

func TestDocumentsThatDoNotParseArePutRight(t *testing.T) {
	t.Parallel()
	half, _, _ := strings.Cut(message, "llo")
	for name, c := range map[string]struct {
		said, want string
		kinds      []string
	}{
		"nothing wrong":    {message, message, nil},
		"no UTF-8":         {strings.Replace(message, "Hello", "H\xe9", 1), strings.Replace(message, "Hello", "H\uFFFD", 1), []string{"encoding"}},
		"without its end":  {strings.TrimSuffix(message, "} }"), strings.TrimSuffix(message, " }") + "}", []string{"truncated_json"}},
		"half of its text": {half, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil, says(200, "application/json", c.said))
			a := w.post(plainBody)
			if c.want == "" {
				require.Equal(t, 503, a.status, "somebody else may give it whole")
				require.Equal(t, domain.FailFake200, w.actor.only(t).Failure)
				return
			}
			requireSame(t, c.want, a.body)
			require.Equal(t, c.kinds, fixesTold(t, w))
			require.Equal(t, int64(15), w.actor.only(t).Usage.Output)
		})
	}
}

// TestStreamsThatEndAnywhereParse ends the stream, in good order, at every byte:
// whatever the client gets are whole frames whose data parse.
func TestStreamsThatEndAnywhereParse(t *testing.T) {
	t.Parallel()
	whole := messageStart("m") + textDelta("Hel") + textDelta("lo é") + messageEnd()
	cut := make(chan string, 1)
	w := newWorld(t, nil, func(rw http.ResponseWriter, r *http.Request) { streams(<-cut)(rw, r) }, streams(wholeStream("claude-5")))
	for at := range len(whole) {
		cut <- whole[:at]
		a := w.post(streamBody)
		require.Equal(t, 200, a.status)
		var r sse.Reader
		r.Feed([]byte(a.body))
		r.Finish()
		for {
			f, ok, err := r.Next()
			require.NoError(t, err)
			if !ok {
				break
			}
			require.True(t, len(f.Data) == 0 || gjson.ValidBytes(f.Data), "byte %d: %s", at, f.Data)
		}
	}
}
