package gateway

import (
	"bytes"
	"io"

	"github.com/claude-code-hub/cch/http/gateway/intake"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// document is a body that the gateway just wrote. Before it is sent it becomes a
// counted one.
type document []byte

// Len is its length in bytes.
func (d document) Len() int64 { return int64(len(d)) }

// Open starts a reading.
func (d document) Open() io.ReadCloser { return io.NopCloser(bytes.NewReader(d)) }

// counted is a body that the gateway wrote, within the memory of bodies.
type counted struct {
	*intake.Spliced

	body *intake.Body
}

// ours is a body that the gateway wrote; false if it is the client's, but for
// what is spliced in.
func ours(b upstream.Body) ([]byte, bool) {
	switch b := b.(type) {
	case document:
		return b, true
	case counted:
		return b.body.Bytes(), true
	}
	return nil, false
}

// rewrite has what is about to be sent written anew by change, which says whether
// it changed anything and keeps no piece of what it was given. It fails if there
// is no memory for that.
func (c *call) rewrite(out *upstream.Call, change func(doc string) (string, bool)) error {
	whole, err := c.gather(out.Body)
	if err != nil {
		return err
	}
	defer whole.Release()
	claim, err := c.g.intake.Claim(int64(len(whole.Bytes())))
	if err != nil {
		return err
	}
	defer claim.Drop()
	doc, changed := change(whole.Text())
	if !changed {
		return nil
	}
	body, err := claim.Adopt(doc)
	if err == nil {
		c.rewritten = true
		c.keep(out, body)
	}
	return err
}

// gather is a body in one piece, which is to be released.
func (c *call) gather(b upstream.Body) (*intake.Body, error) {
	if spliced, is := b.(*intake.Spliced); is {
		return spliced.Whole()
	}
	if known, is := b.(counted); is {
		return known.body.Share(), nil
	}
	doc, _ := ours(b)
	return c.g.intake.Adopt(doc)
}

// countBody has what was written for the call count as memory of bodies. It fails if
// there is none.
func (c *call) countBody(out *upstream.Call) error {
	doc, is := out.Body.(document)
	if !is {
		return nil
	}
	body, err := c.g.intake.Adopt(doc)
	if err == nil {
		c.keep(out, body)
	}
	return err
}

// keep holds what is to be sent, until the call is over or its answer begins.
func (c *call) keep(out *upstream.Call, body *intake.Body) {
	c.letGo()
	c.written, out.Body = body, counted{body.Splice(), body}
}

// letGo lets go of what was written for the call. The transport may still read it.
func (c *call) letGo() {
	if c.written != nil {
		c.written.Release()
		c.written = nil
	}
}

// dropBodies lets go of all bodies; no further call will need one.
func (c *call) dropBodies() {
	c.x.dropBody()
	c.letGo()
}
