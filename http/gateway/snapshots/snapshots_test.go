package snapshots_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/http/gateway/snapshots"
	"github.com/claude-code-hub/cch/internal/domain"
)

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

var key = domain.SessionKey{KeyID: 7, ID: "s"}

// take runs one exchange through a capture.
func take(t *testing.T, s *snapshots.Store, seq int64, ask, answer string) bool {
	t.Helper()
	c := s.Begin(domain.RequestID(seq), key, seq)
	if c == nil {
		return false
	}
	r := httptest.NewRequest(http.MethodPost, "/v1/messages?beta=true&key=AIzaSyA-0123456789012345678", strings.NewReader(ask))
	r.Header.Set("X-Api-Key", "sk-client-0123456789")
	r.Header.Set("X-Custom-Token", "hush")
	r.Header.Set("User-Agent", "test sk-client-0123456789")
	c.Asked(r, []byte(ask))
	call := c.Calling(3, 1, "POST", "https://up.example/v1/messages", map[string]string{"Authorization": "***", "A": "b"}, strings.NewReader(ask))
	body := call.Answered(200, http.Header{"Set-Cookie": {"a=b"}}, io.NopCloser(strings.NewReader(answer)))
	_, err := io.ReadAll(body)
	require.NoError(t, err)
	call.Chosen()
	rec := httptest.NewRecorder()
	w := c.Writer(rec)
	w.WriteHeader(200)
	_, err = w.Write([]byte(answer))
	require.NoError(t, err)
	require.Equal(t, answer, rec.Body.String())
	c.End()
	c.End() // once is enough
	return true
}

func TestNothingIsTakenThatNobodyLooksAt(t *testing.T) {
	t.Parallel()
	at := &clock{time.Unix(1000, 0)}
	s := snapshots.New(false, at.now)
	require.False(t, take(t, s, 1, "{}", "{}"))
	s.Watch("another session")
	require.False(t, take(t, s, 1, "{}", "{}"))

	require.Equal(t, at.at.Add(snapshots.Kept), s.Watch(key.Hash()))
	require.True(t, take(t, s, 2, `{"model":"m","messages":[{"role":"user","content":"hello"}]}`, `{"id":"x"}`))
	require.True(t, take(t, s, 3, "{}", "{}"))
	shot, there := s.Get(key.Hash(), 0)
	require.Equal(t, []int64{2, 3}, there)
	require.Equal(t, int64(3), shot.Seq)
	shot, _ = s.Get(key.Hash(), 2)
	require.JSONEq(t, `{"model":"m","messages":[{"role":"user","content":"[REDACTED]"}]}`, shot.Client.Request.Body)
	require.Equal(t, domain.ProviderID(3), shot.Provider)
	require.Equal(t, 200, shot.Upstream.Response.Status)
	require.JSONEq(t, `{"id":"x"}`, shot.Client.Response.Body)
	shot, _ = s.Get(key.Hash(), 9)
	require.Nil(t, shot)

	at.at = at.at.Add(snapshots.Kept + time.Second)
	shot, there = s.Get(key.Hash(), 0)
	require.Nil(t, shot)
	require.Empty(t, there)
	require.False(t, take(t, s, 4, "{}", "{}"), "nobody looks any more")
}

func TestCredentialsAreNeverKept(t *testing.T) {
	t.Parallel()
	s := snapshots.New(true, time.Now)
	require.True(t, take(t, s, 1, `{"messages":[{"content":"my key is sk-secret-0123456789"}]}`, `{"a":"sk-secret-0123456789"}`))
	shot, _ := s.Get(key.Hash(), 1)
	for _, m := range []domain.DebugMessage{shot.Client.Request, shot.Client.Response, shot.Upstream.Request, shot.Upstream.Response} {
		require.NotContains(t, m.Body, "secret-0123456789")
		require.NotContains(t, m.URL, "AIzaSyA")
		for name, value := range m.Headers {
			require.NotContains(t, value, "client-0123456789", name)
			require.NotContains(t, value, "hush", name)
			require.NotContains(t, value, "a=b", name)
		}
	}
	require.Contains(t, shot.Client.Request.Body, "my key is")
	require.Equal(t, "b", shot.Upstream.Request.Headers["A"])
}

func TestTextsAreMasked(t *testing.T) {
	t.Parallel()
	at := &clock{time.Unix(1000, 0)}
	for body, want := range map[string]string{
		`{"type":"message","content":[{"type":"text","text":"s3cret \"quoted\" \\"},"s3cret"],"n":1.50}`:                               `{"type":"message","content":[{"type":"text","text":"[REDACTED]"},"[REDACTED]"],"n":1.50}`,
		`{"content":[{"type":"tool_use","name":"f","input":{"type":"s3cret","name":"s3cret","a":[{"role":"s3cret"}]}}],"role":"user"}`: `{"content":[{"type":"tool_use","name":"f","input":{"type":"[REDACTED]","name":"[REDACTED]","a":[{"role":"[REDACTED]"}]}}],"role":"user"}`,
		`{"input":[{"type":"message","role":"user"}],"instructions":"s3cret"}`:                                                         `{"input":[{"type":"message","role":"user"}],"instructions":"[REDACTED]"}`,
		`{"text":"s3cret that breaks o`:                                         `{"text":"[REDACTED]"`,
		"event: a\ndata: {\"delta\":{\"text\":\"s3cret\"}}\n\ndata: [DONE]\n\n": "event: a\ndata: {\"delta\":{\"text\":\"[REDACTED]\"}}\n\ndata: [DONE]\n\n",
		"data: s3cret\n\n": "[REDACTED]\n\n",
		"s3cret":           "[REDACTED: 6 bytes]",
		"":                 "",
	} {
		s := snapshots.New(false, at.now)
		s.Watch(key.Hash())
		require.True(t, take(t, s, 1, body, body))
		shot, _ := s.Get(key.Hash(), 1)
		for _, m := range []domain.DebugMessage{shot.Client.Request, shot.Client.Response, shot.Upstream.Request, shot.Upstream.Response} {
			require.Equal(t, want, m.Body)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	s := snapshots.New(true, time.Now)
	big := strings.Repeat("x", 300<<10)
	for i := range 100 {
		require.True(t, take(t, s, int64(i+1), big, big))
	}
	shot, there := s.Get(key.Hash(), 0)
	require.True(t, shot.Client.Request.Truncated)
	require.Len(t, shot.Upstream.Response.Body, 256<<10)
	require.Less(t, len(there), 65)
	require.Greater(t, len(there), 50)
	require.Equal(t, int64(100), there[len(there)-1], "the oldest give way")

	var open []*snapshots.Capture
	for range 40 {
		if c := s.Begin(1, key, 1); c != nil {
			open = append(open, c)
		}
	}
	require.Len(t, open, 32, "not more at a time")
	open[0].End()
	require.NotNil(t, s.Begin(1, key, 1))

	for range 1001 {
		s.Watch(strings.Repeat("x", 1+len(there)))
		there = append(there, 0)
	}
	require.Zero(t, s.Watch("one too many"))
	var none *snapshots.Store
	require.Zero(t, none.Watch("x"))
	require.Nil(t, none.Begin(1, key, 1))
}
