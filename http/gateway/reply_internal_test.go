package gateway

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// deadlined is a writer that remembers its deadlines and can fail.
type deadlined struct {
	*httptest.ResponseRecorder
	deadlines []time.Time
	err       error
}

func (d *deadlined) SetWriteDeadline(t time.Time) error {
	d.deadlines = append(d.deadlines, t)
	return nil
}

func (d *deadlined) Write(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	return d.ResponseRecorder.Write(p)
}

func newDeadlined() *deadlined { return &deadlined{ResponseRecorder: httptest.NewRecorder()} }

func TestWriteDeadlineStaysAheadAndIsLifted(t *testing.T) {
	t.Parallel()
	w, now := newDeadlined(), time.Unix(1000, 0)
	p := newReply(w, func() time.Time { return now })
	p.start(200, func(http.Header) {})
	require.NoError(t, p.send([]byte("a")))
	now = now.Add(4 * time.Second)
	require.NoError(t, p.send([]byte("b")))
	require.Equal(t, []time.Time{time.Unix(1060, 0)}, w.deadlines, "moved only now and then")
	now = now.Add(2 * time.Second)
	require.NoError(t, p.send([]byte("c")))
	p.finish()
	require.Equal(t, []time.Time{time.Unix(1060, 0), time.Unix(1066, 0), {}}, w.deadlines)
}

func TestAfterAFailedWriteNothingIsWritten(t *testing.T) {
	t.Parallel()
	w := newDeadlined()
	p := newReply(w, time.Now)
	p.start(200, func(http.Header) {})
	w.err = errors.New("broken pipe")
	require.ErrorIs(t, p.send([]byte("a")), errNothingTaken)
	w.err = nil
	require.ErrorIs(t, p.send([]byte("b")), errNothingTaken)
	require.Empty(t, w.Body.String())
	p.finish()
}

// unflushable is a writer that can neither flush nor set deadlines.
type unflushable struct{ header http.Header }

func (u *unflushable) Header() http.Header         { return u.header }
func (u *unflushable) WriteHeader(int)             {}
func (u *unflushable) Write(p []byte) (int, error) { return len(p), nil }

func TestWriterWithoutFlushIsNoLostClient(t *testing.T) {
	t.Parallel()
	p := newReply(&unflushable{http.Header{}}, time.Now)
	p.start(200, func(http.Header) {})
	require.NoError(t, p.send([]byte("a")))
	p.finish()
}

func TestKeepAlivesEndWithContent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, ready := newDeadlined(), 0
		p := newReply(w, time.Now)
		p.keepAlive(10*time.Second, []byte("ping\n"), func() { ready++ })
		time.Sleep(9 * time.Second)
		synctest.Wait()
		require.False(t, p.begun())
		time.Sleep(22 * time.Second)
		synctest.Wait()
		require.Equal(t, "ping\nping\nping\n", w.Body.String())
		require.Equal(t, 3, ready)
		require.True(t, p.begun())
		require.False(t, p.answered(), "pings are no answer")

		p.start(201, func(http.Header) { t.Error("the head was sent long ago") })
		require.NoError(t, p.send([]byte("content")))
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, "ping\nping\nping\ncontent", w.Body.String())
		require.Equal(t, 200, w.Code)
		require.Equal(t, "text/event-stream; charset=utf-8", w.Header().Get("Content-Type"))
		p.finish()
	})
}

func TestKeepAlivesEndWithTheReply(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newDeadlined()
		p := newReply(w, time.Now)
		p.keepAlive(time.Second, []byte("ping\n"), func() {})
		p.finish()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Empty(t, w.Body.String())
	})
}

func TestSlowJournalDoesNotHoldAnAnswerForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, from := newReceipt(), time.Now()
		require.ErrorIs(t, r.wait(), errJournalSlow)
		require.Equal(t, journalWait, time.Since(from))
		r.done(nil)
		require.NoError(t, r.wait())
		require.NoError(t, r.wait(), "it may be asked again")
	})
}

// Whoever has the whole of a document finds its bill: the last byte waits for
// the record.
func TestADocumentEndsWithItsExchange(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	p := newReply(w, time.Now)
	p.start(http.StatusOK, func(http.Header) {})
	require.NoError(t, p.sendWhole([]byte(`{"a":1}`)))
	require.Equal(t, `{"a":1`, w.Body.String())
	p.finish()
	p.finish()
	require.Equal(t, `{"a":1}`, w.Body.String())
}
