package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/domain"
)

func TestStreamUsageIsAskedForAndKept(t *testing.T) {
	t.Parallel()
	p := wires()["chat"]
	report := as("m", p.events[3])
	head := `{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]`
	for name, c := range map[string]struct {
		body, sent string
		off        bool
	}{
		"absent":           {body: head + ` }`, sent: head + ` ,"stream_options":{"include_usage":true}}`},
		"other options":    {body: head + `,"stream_options":{"x":1}}`, sent: head + `,"stream_options":{"include_usage":true,"x":1}}`},
		"no options":       {body: head + `,"stream_options":{ }}`, sent: head + `,"stream_options":{"include_usage":true }}`},
		"declined":         {body: head + `,"stream_options":{"include_usage":false}}`, sent: head + `,"stream_options":{"include_usage":true}}`},
		"null":             {body: head + `,"stream_options":null}`},
		"asked for":        {body: head + `,"stream_options":{"include_usage":true}}`},
		"off":              {body: head + `}`, off: true},
		"no stream at all": {body: strings.Replace(head, "true", "false", 1) + `}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, bodies := recording(streams(p.stream("m")))
			w := newWorld(t, func(w *world) { w.config.Settings.InjectStreamUsage = !c.off }, h)
			a := w.callTo("POST", p.path, c.body)
			want, ours := p.stream("m"), c.sent != ""
			if ours {
				want = strings.Replace(want, report, "", 1)
			} else {
				c.sent = c.body
			}
			requireSame(t, p.path+" "+c.sent, <-bodies)
			requireSame(t, want, a.body)
			require.Equal(t, p.usage, w.actor.only(t).Usage)
		})
	}
}

func TestUsageReportIsSwallowedWhereverTheStreamIsCut(t *testing.T) {
	t.Parallel()
	p := wires()["chat"]
	whole := p.stream("m")
	want := strings.Replace(whole, as("m", p.events[3]), "", 1)
	for at := 1; at < len(whole); at += 7 {
		next := make(chan string, 2)
		next <- whole[:at]
		next <- whole[at:]
		close(next)
		w := newWorld(t, nil, paced(next))
		requireSame(t, want, w.callTo("POST", p.path, `{"model":"m","stream":true,"messages":[]}`).body)
	}
}

// heads remembers the header of the last call.
func heads(h http.HandlerFunc) (http.HandlerFunc, <-chan http.Header) {
	seen := make(chan http.Header, 8)
	return func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header.Clone()
		h(w, r)
	}, seen
}

func TestCodexIdsAreCompleted(t *testing.T) {
	t.Parallel()
	p := wires()["responses"]
	const uuid = "$" // any
	for name, c := range map[string]struct {
		body           string
		header         []string
		off            bool
		wantKey, wantH string
	}{
		"both":              {body: `,"prompt_cache_key":"` + codexID + `"`, header: []string{"Session-Id", "s-1"}, wantKey: codexID, wantH: "s-1"},
		"header alone":      {header: []string{"Session-Id", codexID}, wantKey: codexID, wantH: codexID},
		"older header":      {header: []string{"session_id", codexID}, wantKey: codexID},
		"body alone":        {body: `,"prompt_cache_key":"` + codexID + `"`, wantKey: codexID, wantH: codexID},
		"a name, not an id": {body: `,"prompt_cache_key":"my-app"`, wantKey: "my-app"},
		"neither":           {wantKey: uuid, wantH: uuid},
		"off":               {off: true},
		"one turn only":     {body: `,"previous_response_id":"resp_9"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := `{"model":"m","stream":true,"input":[{"role":"user","content":"hi"}]` + c.body + `}`
			h, bodies := recording(streams(p.stream("m")))
			h, headers := heads(h)
			w := newWorld(t, func(w *world) { w.config.Settings.CodexSessionIDCompletion = !c.off }, h)
			for range 2 {
				require.Equal(t, 200, w.callTo("POST", p.path, body, c.header...).status)
			}
			_, sent, _ := strings.Cut(<-bodies, " ")
			_, again, _ := strings.Cut(<-bodies, " ")
			require.Equal(t, sent, again, "the same in every turn")
			key, header := gjson.Get(sent, "prompt_cache_key").Str, (<-headers).Get("Session-Id")
			if c.wantKey == uuid {
				require.Regexp(t, `^[0-9a-f-]{36}$`, key)
				require.Equal(t, key, header)
				return
			}
			require.Equal(t, c.wantKey, key)
			require.Equal(t, c.wantH, header)
		})
	}
}

func TestInputBecomesAnArray(t *testing.T) {
	t.Parallel()
	p := wires()["responses"]
	for body, want := range map[string]string{
		`{"model":"m","prompt_cache_key":"k","input": "h\u00e9"}`: `{"model":"m","prompt_cache_key":"k","input": [{"type":"message","role":"user","content":[{"type":"input_text","text":"h\u00e9"}]}]}`,
		`{"input":{"role":"user"},"model":"m"}`:                   `{"input":[{"role":"user"}],"model":"m"}`,
		`{"model":"m","input":"x"}`:                               `{"model":"m","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"x"}]}],"prompt_cache_key":"$"}`,
		`{"model":"m","input":7}`:                                 `{"model":"m","input":7}`,
		`{"model":"m","input":[]}`:                                `{"model":"m","input":[]}`,
		`{"model":"m","prompt":{"id":"p"}}`:                       `{"model":"m","prompt":{"id":"p"}}`,
	} {
		h, bodies := recording(streams(p.stream("m")))
		w := newWorld(t, nil, h)
		require.Equal(t, 200, w.callTo("POST", p.path, body).status)
		_, sent, _ := strings.Cut(<-bodies, " ")
		if key := gjson.Get(sent, "prompt_cache_key").Str; len(key) > 1 {
			sent = strings.Replace(sent, key, "$", 1)
		}
		requireSame(t, want, sent)
	}
	h, bodies := recording(streams(p.stream("m")))
	w := newWorld(t, func(w *world) {
		w.config.Settings.ResponsesInputRectifier, w.config.Settings.CodexSessionIDCompletion = false, false
	}, h)
	w.callTo("POST", p.path, `{"model":"m","input":"x"}`)
	require.Equal(t, `/v1/responses {"model":"m","input":"x"}`, <-bodies)
}

func TestAnAnswerLeadsBackToItsSession(t *testing.T) {
	t.Parallel()
	p := wires()["responses"]
	h, bodies := recording(streams(p.stream("m")))
	w := newWorld(t, nil, h)
	first := w.callTo("POST", p.path, `{"model":"m","prompt_cache_key":"`+codexID+`","input":[]}`)
	w.actor.wait(t, 1)
	next := w.callTo("POST", p.path, `{"model":"m","previous_response_id":"resp_1","input":[]}`)
	require.Equal(t, codexID, first.header.Get("X-Cch-Session-Id"))
	require.Equal(t, codexID, next.header.Get("X-Cch-Session-Id"))
	<-bodies
	require.Contains(t, <-bodies, `"prompt_cache_key":"`+codexID+`"`, "the cache is found again")
	other := w.callTo("POST", p.path, `{"model":"m","previous_response_id":"resp_1","input":[]}`, "Authorization", "Bearer "+adminKey)
	require.Equal(t, "codex_prev_resp_1", other.header.Get("X-Cch-Session-Id"), "another key learns nothing")
	require.Equal(t, domain.SessionFromClient, w.actor.lastAdmit(t).SessionSource)
}
