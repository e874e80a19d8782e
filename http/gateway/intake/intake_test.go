package intake_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/http/gateway/intake"
	"github.com/claude-code-hub/cch/internal/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// conn remembers the last deadline.
type conn struct{ at time.Time }

func (c *conn) SetReadDeadline(t time.Time) error { c.at = t; return nil }

func request(body io.Reader, length int64, encodings ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/v1/messages", body)
	r.ContentLength = length
	for _, e := range encodings {
		r.Header.Add("Content-Encoding", e)
	}
	return r
}

func newIntake() *intake.Intake { return intake.New(intake.DefaultLimits(), time.Now) }

func requireFault(t *testing.T, err error, code domain.Code) {
	t.Helper()
	var f *domain.Fault
	require.ErrorAs(t, err, &f)
	require.Equal(t, code, f.Code, "%v: %v", f, errors.Unwrap(f))
}

func TestReadTakesTheBodyAsItIs(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 300_000, 5 << 20} {
		want := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
		for name, length := range map[string]int64{"announced": int64(size), "chunked": -1} {
			in, c := newIntake(), new(conn)
			b, err := in.Read(request(bytes.NewReader(want), length), c)
			require.NoError(t, err, name)
			require.True(t, bytes.Equal(want, b.Bytes()), "%s %d", name, size)
			require.GreaterOrEqual(t, in.InUse(), int64(size))
			require.True(t, c.at.IsZero(), "the read deadline stayed on the connection")
			b.Release()
			require.Zero(t, in.InUse())
		}
	}
}

func TestAnnouncedLengthIsOnlyAPromise(t *testing.T) {
	t.Parallel()
	in := newIntake()
	peek := iotest.ErrReader(io.ErrUnexpectedEOF)
	_, err := in.Read(request(io.MultiReader(strings.NewReader("{}"), readerFunc(func(p []byte) (int, error) {
		require.LessOrEqual(t, in.InUse(), int64(1<<20), "memory follows what arrives")
		return peek.Read(p)
	})), 90<<20), new(conn))
	requireFault(t, err, domain.CodeBadEncoding)
	require.Zero(t, in.InUse())
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func packers(tb testing.TB) map[string]func(io.Writer) io.WriteCloser {
	tb.Helper()
	return map[string]func(io.Writer) io.WriteCloser{
		"gzip":    func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"x-gzip":  func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"br":      func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) },
		"deflate": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
		"zstd": func(w io.Writer) io.WriteCloser {
			e, err := zstd.NewWriter(w)
			require.NoError(tb, err)
			return e
		},
	}
}

func packed(tb testing.TB, encoding, text string) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := packers(tb)[encoding](&b)
	_, err := io.WriteString(w, text)
	require.NoError(tb, err)
	require.NoError(tb, w.Close())
	return b.Bytes()
}

func TestEncodedBodies(t *testing.T) {
	t.Parallel()
	want := strings.Repeat(`{"model":"claude"} `, 20_000)
	for encoding := range packers(t) {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			in := newIntake()
			raw := packed(t, encoding, want)
			b, err := in.Read(request(iotest.HalfReader(bytes.NewReader(raw)), int64(len(raw)), strings.ToUpper(encoding)), new(conn))
			require.NoError(t, err)
			require.Equal(t, want, string(b.Bytes()))
			b.Release()

			_, err = in.Read(request(bytes.NewReader(raw[:len(raw)/2]), -1, encoding), new(conn))
			requireFault(t, err, domain.CodeBadEncoding)
			_, err = in.Read(request(strings.NewReader("this was never compressed, not at all"), -1, encoding), new(conn))
			requireFault(t, err, domain.CodeBadEncoding)
			require.Zero(t, in.InUse())
		})
	}
}

func TestBodyIsReadToItsEndWhateverTheDecoderNeeds(t *testing.T) {
	t.Parallel()
	for encoding := range packers(t) {
		raw := bytes.NewReader(append(packed(t, encoding, "{}"), make([]byte, 200_000)...))
		b, err := newIntake().Read(request(io.NopCloser(raw), -1, encoding), new(conn))
		if err == nil { // some formats allow bytes after their end
			b.Release()
			require.Zero(t, raw.Len(), encoding)
		}
	}
}

func TestEncodingsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		encodings []string
		code      domain.Code
	}{
		{[]string{"gzip, br"}, domain.CodeBadEncoding},
		{[]string{"gzip", "gzip"}, domain.CodeBadEncoding},
		{[]string{"rot13"}, domain.CodeUnsupportedEncoding},
	} {
		_, err := newIntake().Read(request(strings.NewReader("{}"), 2, c.encodings...), new(conn))
		requireFault(t, err, c.code)
	}
	b, err := newIntake().Read(request(strings.NewReader("{}"), 2, "identity, "), new(conn))
	require.NoError(t, err)
	b.Release()
}

func TestSizeLimits(t *testing.T) {
	t.Parallel()
	l := intake.Limits{Raw: 1000, Plain: 2000, Memory: 1 << 20}
	in := intake.New(l, time.Now)
	read := func(body []byte, length int64, encodings ...string) error {
		b, err := in.Read(request(bytes.NewReader(body), length, encodings...), new(conn))
		if err == nil {
			b.Release()
		}
		return err
	}
	require.NoError(t, read(make([]byte, 1000), 1000))
	requireFault(t, read(make([]byte, 1001), 1001), domain.CodeBodyTooLarge)
	requireFault(t, read(make([]byte, 1001), -1), domain.CodeBodyTooLarge)
	require.NoError(t, read(packed(t, "gzip", strings.Repeat("x", 2000)), -1, "gzip"))
	requireFault(t, read(packed(t, "gzip", strings.Repeat("x", 2001)), -1, "gzip"), domain.CodeBodyTooLarge)
	require.Zero(t, in.InUse())
}

func TestMemoryIsSharedAndBounded(t *testing.T) {
	t.Parallel()
	in := intake.New(intake.Limits{Raw: 1 << 20, Plain: 1 << 20, Memory: 130 << 10}, time.Now)
	one, err := in.Read(request(strings.NewReader("{}"), 2), new(conn))
	require.NoError(t, err)
	two, err := in.Read(request(strings.NewReader("{}"), 2), new(conn))
	require.NoError(t, err)
	_, err = in.Read(request(strings.NewReader("{}"), 2), new(conn))
	requireFault(t, err, domain.CodeOverloaded)
	one.Release()
	_, err = in.Read(request(bytes.NewReader(make([]byte, 100<<10)), -1), new(conn))
	requireFault(t, err, domain.CodeOverloaded)
	three, err := in.Read(request(strings.NewReader("{}"), 2), new(conn))
	require.NoError(t, err)
	two.Release()
	three.Release()
	require.Zero(t, in.InUse())
}

func TestClaims(t *testing.T) {
	t.Parallel()
	in := intake.New(intake.Limits{Raw: 1 << 20, Plain: 1 << 20, Memory: 1000}, time.Now)
	claim, err := in.Claim(600)
	require.NoError(t, err)
	_, err = in.Claim(401)
	requireFault(t, err, domain.CodeOverloaded)
	_, err = claim.Adopt(strings.Repeat("x", 1001))
	requireFault(t, err, domain.CodeOverloaded)
	require.Equal(t, int64(600), in.InUse(), "what failed changed nothing")

	body, err := claim.Adopt(strings.Repeat("x", 900))
	require.NoError(t, err)
	require.Equal(t, int64(900), in.InUse())
	claim.Drop()
	require.Equal(t, int64(900), in.InUse(), "the claim is used up")
	require.Equal(t, strings.Repeat("x", 900), body.Text())
	body.Release()
	require.Zero(t, in.InUse())

	claim, err = in.Claim(600)
	require.NoError(t, err)
	body, err = claim.Adopt("")
	require.NoError(t, err)
	require.Empty(t, body.Bytes())
	require.Zero(t, in.InUse(), "it was larger than what was made")
	body.Release()
	claim, err = in.Claim(600)
	require.NoError(t, err)
	claim.Drop()
	claim.Drop()
	require.Zero(t, in.InUse())
}

func TestWholeIsWhatIsSent(t *testing.T) {
	t.Parallel()
	in := intake.New(intake.Limits{Raw: 1 << 20, Plain: 1 << 20, Memory: 64<<10 + 10}, time.Now)
	b, err := in.Read(request(strings.NewReader("hello you"), 9), new(conn))
	require.NoError(t, err)
	same, err := b.Splice().Whole()
	require.NoError(t, err)
	require.Equal(t, "hello you", same.Text())
	require.Equal(t, int64(64<<10), in.InUse(), "without edits it is the body itself")
	same.Release()
	copied, err := b.Splice(intake.Edit{From: 6, To: 9, With: "all"}).Whole()
	require.NoError(t, err)
	require.Equal(t, "hello all", copied.Text())
	require.Equal(t, int64(64<<10+9), in.InUse())
	_, err = b.Splice(intake.Edit{From: 6, To: 9, With: "all"}).Whole()
	requireFault(t, err, domain.CodeOverloaded)
	b.Release()
	require.Equal(t, "hello all", copied.Text())
	copied.Release()
	require.Zero(t, in.InUse())
}

func TestMemoryLivesAsLongAsItsReaders(t *testing.T) {
	t.Parallel()
	in := newIntake()
	text := strings.Repeat("hello", 4000) // small ones are copied
	b, err := in.Read(request(strings.NewReader(text), int64(len(text))), new(conn))
	require.NoError(t, err)
	s := b.Splice()
	first, second := s.Open(), s.Open()
	b.Release()
	got, err := io.ReadAll(first)
	require.NoError(t, err)
	require.Equal(t, text, string(got))
	require.NoError(t, first.Close())
	require.NoError(t, first.Close(), "closing twice gives back once")
	require.NotZero(t, in.InUse())
	require.NoError(t, second.Close())
	require.Zero(t, in.InUse())
	_, err = second.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

// The transport keeps what it sent for as long as the answer takes.
func TestASentBodyIsNotKept(t *testing.T) {
	t.Parallel()
	in := newIntake()
	b, err := in.Read(request(strings.NewReader("hello"), 5), new(conn))
	require.NoError(t, err)
	defer b.Release()
	s := b.Splice()
	kept := s.Open()
	s.Sent()
	left, err := io.ReadAll(kept)
	require.NoError(t, err)
	require.Empty(t, left)

	again, err := io.ReadAll(s.Open()) // the connection had died
	require.NoError(t, err)
	require.Equal(t, "hello", string(again))
}

func TestCloseWhileReading(t *testing.T) {
	t.Parallel()
	in := newIntake()
	b, err := in.Read(request(bytes.NewReader(make([]byte, 1<<20)), 1<<20), new(conn))
	require.NoError(t, err)
	r := b.Splice().Open()
	b.Release()
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = io.Copy(io.Discard, r) })
	wg.Go(func() { _ = r.Close() })
	wg.Wait()
	require.Zero(t, in.InUse())
}

func TestSpliceEqualsEditingACopy(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-z]{0,40}`).Draw(t, "text")
		if rapid.Bool().Draw(t, "too large to be copied") {
			text += strings.Repeat("z", 12<<10)
		}
		in := newIntake()
		b, err := in.Read(request(strings.NewReader(text), int64(len(text))), new(conn))
		require.NoError(t, err)
		defer b.Release()

		var edits []intake.Edit
		want, at := "", 0
		for range rapid.IntRange(0, 3).Draw(t, "edits") {
			from := rapid.IntRange(at, len(text)).Draw(t, "from")
			to := rapid.IntRange(from, len(text)).Draw(t, "to")
			with := rapid.StringMatching(`[A-Z]{0,6}`).Draw(t, "with")
			if len(edits) > 0 && from == edits[0].From {
				continue // two insertions at one place have no order
			}
			edits = append([]intake.Edit{{From: from, To: to, With: with}}, edits...)
			want += text[at:from] + with
			at = to
		}
		want += text[at:]

		s := b.Splice(edits...)
		r := s.Open()
		got, err := io.ReadAll(iotest.OneByteReader(r))
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.Equal(t, want, string(got))
		require.Equal(t, int64(len(want)), s.Len())
	})
}

func TestInsertionsAtOnePlaceKeepTheirOrder(t *testing.T) {
	t.Parallel()
	b, err := newIntake().Read(request(strings.NewReader("{}"), 2), new(conn))
	require.NoError(t, err)
	defer b.Release()
	r := b.Splice(intake.Edit{From: 1, To: 1, With: "a"}, intake.Edit{From: 1, To: 1, With: "b"}, intake.Edit{From: 0, To: 0, With: "c"}).Open()
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.Equal(t, "c{ab}", string(got))
}

func BenchmarkRead(b *testing.B) {
	body := bytes.Repeat([]byte("x"), 76<<10)
	in := newIntake()
	r := request(nil, int64(len(body)))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r.Body = io.NopCloser(bytes.NewReader(body))
		got, err := in.Read(r, new(conn))
		if err != nil {
			b.Fatal(err)
		}
		got.Release()
	}
}
