package gateway

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/claude-code-hub/cch/http/gate"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// maxAnswer is how much of an answer that is no stream is looked at before it
// is passed on. What is larger passes unexamined and uncounted.
const maxAnswer = 32 << 20

// maxAnnounced bounds the memory taken on an upstream's word for its answer's size.
const maxAnnounced = 1 << 20

// whole carries an answer that is one document: it is read to its end, judged
// and passed on.
func (c *call) whole(res *upstream.Response) {
	body, err := c.read(res)
	if err != nil {
		c.broken(err)
		return
	}
	if len(body) == maxAnswer {
		c.oversized(res, body)
		return
	}
	body, verdict := c.examine(body)
	failure, status := gate.Judge(verdict, body, res.Header.Get("Content-Type"))
	switch {
	case failure == domain.FailEmpty && !c.x.target.judged(): // a count has no content
	case failure == domain.FailNone && c.reply.begun():
		// The client was promised a stream by keep-alives; a document cannot follow.
		c.disguised(domain.FailGate, inferStatus(nil), body)
		return
	case failure != domain.FailNone:
		c.disguised(failure, status, body)
		return
	}
	c.result.TTFT = c.since()
	c.signed.document(body)
	if c.renames() {
		body = c.x.target.dialect.rename(body, c.requestedModel())
	}
	c.commit(res, len(body))
	c.writeWhole(body)
	c.succeeded(res.Status, c.tap.Complete() || !c.x.target.judged())
}

// read takes an answer in, maxAnswer bytes of it at most.
func (c *call) read(res *upstream.Response) ([]byte, error) {
	var buf bytes.Buffer
	if announced, err := strconv.Atoi(res.Header.Get("Content-Length")); err == nil && announced > 0 {
		buf.Grow(min(announced, maxAnnounced) + bytes.MinRead) // one more read finds the end
	}
	_, err := io.Copy(&buf, io.LimitReader(&firstByte{c: c, r: res.Body}, maxAnswer))
	return buf.Bytes(), err
}

// pass carries an answer that is not looked at.
func (c *call) pass(res *upstream.Response) {
	length := -1
	if n, err := strconv.Atoi(res.Header.Get("Content-Length")); err == nil && res.Header.Get("Content-Encoding") == "" {
		length = n
	}
	c.commit(res, length)
	buf := pumpBuffers.Get().(*[pumpSize]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer pumpBuffers.Put(buf)
	made := c.watchNewcomer(res)
	for {
		n, err := (&firstByte{c: c, r: res.Body}).Read(buf[:])
		made.see(buf[:n])
		c.write(buf[:n])
		switch {
		case errors.Is(err, io.EOF):
			c.hold(made.id())
			c.succeeded(res.Status, true)
			return
		case err != nil:
			c.broken(err)
			return
		}
	}
}

// oversized passes an answer on that is too large to be looked at.
func (c *call) oversized(res *upstream.Response, head []byte) {
	c.commit(res, -1)
	c.write(head)
	_, err := io.Copy(writerFunc(func(p []byte) (int, error) {
		c.write(p)
		return len(p), nil
	}), res.Body)
	if err != nil {
		c.broken(err)
		return
	}
	c.succeeded(res.Status, false)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// firstByte notes when the answer began.
type firstByte struct {
	c *call
	r io.Reader
}

func (f *firstByte) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if n > 0 && f.c.result.TTFB == 0 {
		f.c.result.TTFB = f.c.since()
	}
	return n, err
}

// renames tells whether the answer must name the model the client asked for:
// Claude Code drops signed thinking that came under another name.
func (c *call) renames() bool {
	return c.a.Redirected && c.x.target.editable() && !c.x.settings().EchoUpstreamModel
}

// requestedModel is the client's model name as a JSON string, as it was sent.
func (c *call) requestedModel() []byte {
	return []byte(`"` + jsonText(c.x.model) + `"`)
}
