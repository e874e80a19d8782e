package gateway

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"strconv"

	"github.com/claude-code-hub/cch/http/gateway/scan"
)

// replayID names a request by all that makes it the same: the key, the endpoint,
// the model, the key of idempotency and the body, whatever white space and
// escapes it is written with. verifier is of the body alone.
func (x *exchange) replayID() (id, verifier string) {
	body := canonical{sum: sha256.New()}
	body.value(scan.New(x.body.Bytes()))
	v := body.sum.Sum(nil)
	all := canonical{sum: sha256.New()}
	for _, part := range [...]string{strconv.FormatInt(int64(x.key.ID), 10), x.target.path, x.r.URL.RawQuery, x.model, x.idempotencyKey()} {
		all.text([]byte(part))
	}
	all.sum.Write(v)
	return hex.EncodeToString(all.sum.Sum(nil)), hex.EncodeToString(v)
}

// canonical takes in a document by what it says, members in their order.
type canonical struct{ sum hash.Hash }

func (d *canonical) value(c *scan.Cursor) {
	switch c.Kind() {
	case scan.Object:
		d.mark('{')
		for name := range c.Members() {
			d.text(name)
			d.value(c)
		}
		d.mark('}')
	case scan.Array:
		d.mark('[')
		for range c.Elements() {
			d.value(c)
		}
		d.mark(']')
	case scan.String:
		t, _ := c.Text()
		d.mark('"')
		d.text(t.Bytes())
	default:
		d.mark('v')
		d.text(c.Raw())
	}
}

func (d *canonical) mark(b byte) { d.sum.Write([]byte{b}) }

func (d *canonical) text(b []byte) {
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(b)))
	d.sum.Write(size[:])
	d.sum.Write(b)
}
