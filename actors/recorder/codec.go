package recorder

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// A journal record is one byte that says what it is, then msgpack arrays of
// values in the order of codec_fields.go. Arrays only grow at their end: a
// reader leaves values that an older record lacks at zero and skips those that
// a newer one adds.
const (
	recordStarted  = 1
	recordFinished = 2
	recordBegun    = 3
	recordBuried   = 4 // only among the dead: another record, and why it is there
	recordSettle   = 5 // a settlement whose ledger row was buried
)

var errRecord = errors.New("not a record of this program")

// encoder builds records in a buffer that it uses again.
type encoder struct {
	buf   bytes.Buffer
	codec codec
}

// keptBuffer bounds the memory that an idle encoder holds on to.
const keptBuffer = 64 << 10

func newEncoder() *encoder {
	e := &encoder{}
	e.codec.enc = msgpack.NewEncoder(&e.buf)
	e.codec.enc.UseCompactInts(true)
	return e
}

// encode returns the record of an item, valid until the next call.
func (e *encoder) encode(it item) ([]byte, error) {
	if e.buf.Cap() > keptBuffer {
		e.buf = bytes.Buffer{}
	}
	e.buf.Reset()
	e.codec.err = nil
	switch {
	case it.started != nil:
		e.buf.WriteByte(recordStarted)
		logFields(&e.codec, it.started)
	case it.finished != nil:
		e.buf.WriteByte(recordFinished)
		recordFields(&e.codec, it.finished)
	case it.begun != nil:
		e.buf.WriteByte(recordBegun)
		begunFields(&e.codec, it.begun)
	case it.buried != nil:
		e.buf.WriteByte(recordBuried)
		buriedFields(&e.codec, it.buried)
	case it.settle != nil:
		e.buf.WriteByte(recordSettle)
		settleFields(&e.codec, it.settle)
	default:
		return nil, errRecord
	}
	if e.codec.err != nil {
		return nil, fmt.Errorf("encode a journal record: %w", e.codec.err)
	}
	return e.buf.Bytes(), nil
}

// decode reads a record. It keeps nothing of it.
func decode(record []byte) (item, error) {
	if len(record) == 0 {
		return item{}, errRecord
	}
	c := &codec{dec: msgpack.NewDecoder(bytes.NewReader(record[1:]))}
	var it item
	switch record[0] {
	case recordStarted:
		it.started = &domain.RequestLog{}
		logFields(c, it.started)
	case recordFinished:
		it.finished = &protocol.LogRecord{}
		recordFields(c, it.finished)
	case recordBegun:
		it.begun = &domain.BegunLog{}
		begunFields(c, it.begun)
	case recordBuried:
		it.buried = &Buried{}
		buriedFields(c, it.buried)
	case recordSettle:
		it.settle = &protocol.QuotaSettle{}
		settleFields(c, it.settle)
	default:
		return item{}, fmt.Errorf("%w: it begins with %d", errRecord, record[0])
	}
	if c.err != nil {
		return item{}, fmt.Errorf("decode a journal record: %w", c.err)
	}
	return it, nil
}

// codec moves values between a record and the fields it is pointed at: in one
// direction, so that one list of fields serves both. After an error it does
// nothing more.
type codec struct {
	enc  *msgpack.Encoder // set = encoding
	dec  *msgpack.Decoder
	left int // values of the array that is being decoded
	err  error
}

// array begins an array of n values that fields move.
func (c *codec) array(n int, fields func()) {
	if c.err != nil {
		return
	}
	if c.enc != nil {
		c.err = c.enc.EncodeArrayLen(n)
		fields()
		return
	}
	outer := c.left
	if c.left, c.err = c.dec.DecodeArrayLen(); c.err != nil {
		return
	}
	fields()
	for ; c.left > 0 && c.err == nil; c.left-- { // of a newer version
		c.err = c.dec.Skip()
	}
	c.left = outer
}

// more tells whether the next value is to be decoded.
func (c *codec) more() bool {
	if c.err != nil || c.left <= 0 {
		return false
	}
	c.left--
	return true
}

func text[T ~string](c *codec, p *T) {
	if c.enc != nil {
		if c.err == nil {
			c.err = c.enc.EncodeString(string(*p))
		}
	} else if c.more() {
		var s string
		s, c.err = c.dec.DecodeString()
		*p = T(s)
	}
}

func number[T ~int | ~int32 | ~int64](c *codec, p *T) {
	if c.enc != nil {
		if c.err == nil {
			c.err = c.enc.EncodeInt(int64(*p))
		}
	} else if c.more() {
		var n int64
		n, c.err = c.dec.DecodeInt64()
		*p = T(n)
	}
}

func flag(c *codec, p *bool) {
	if c.enc != nil {
		if c.err == nil {
			c.err = c.enc.EncodeBool(*p)
		}
	} else if c.more() {
		*p, c.err = c.dec.DecodeBool()
	}
}

func blob(c *codec, p *[]byte) {
	if c.enc != nil {
		if c.err == nil {
			c.err = c.enc.EncodeBytes(*p)
		}
	} else if c.more() {
		*p, c.err = c.dec.DecodeBytes()
	}
}

// instant keeps whole milliseconds, as the store does.
func instant(c *codec, p *time.Time) {
	var ms int64
	if c.enc != nil && !p.IsZero() {
		ms = p.UnixMilli()
	}
	number(c, &ms)
	if c.dec != nil && ms != 0 {
		*p = time.UnixMilli(ms).UTC()
	}
}

// list moves a list of values, each of which is one value of the array around
// it, or an array itself.
func list[T any](c *codec, p *[]T, one func(*codec, *T)) {
	if c.dec != nil && !c.more() {
		return
	}
	c.array(len(*p), func() {
		if c.dec != nil && c.left > 0 {
			*p = make([]T, min(c.left, 1024)) // the length is not to be trusted
			for i := 0; c.left > 0 && c.err == nil; i++ {
				if i == len(*p) {
					*p = append(*p, *new(T))
				}
				one(c, &(*p)[i])
			}
			return
		}
		for i := range *p {
			one(c, &(*p)[i])
		}
	})
}

// nested moves an array that is one value of the array around it.
func (c *codec) nested(n int, fields func()) {
	if c.enc != nil || c.more() {
		c.array(n, fields)
	}
}
