// Package wire is how messages of actors travel between nodes: as the number of
// their type and msgpack. It knows no message; which there are, and their
// numbers, is the table that actors/protocol makes of it.
//
// Numbers are never given twice and never reused. Fields of a message are only
// ever added: they are written by name, and a reader skips names it does not
// know, so nodes of neighbouring versions understand each other.
package wire

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/vmihailenco/msgpack/v5"
)

// MaxBody is how long an encoded message may be, in bytes, unless its type says
// otherwise. Bodies of requests never travel, so nothing that may is longer.
const MaxBody = 64 << 10

var (
	// ErrUnknown says that a type is not in the table: it is local, or of another
	// version of the program.
	ErrUnknown = errors.New("message of an unknown type")
	// ErrTooLong says that a message is longer than its type may be.
	ErrTooLong = errors.New("message is too long")
)

// Type is one kind of message that may travel.
type Type struct {
	Number uint32
	New    func() any // a pointer to a zero value, into which a message is read
	// MaxBody is how long an encoded message may be, in bytes; 0 = the usual.
	MaxBody int
}

// Of describes the type M with a number.
func Of[M any](number uint32) Type {
	return Type{Number: number, New: func() any { return new(M) }}
}

// UpTo is the same type with a bound of its own.
func (t Type) UpTo(bytes int) Type {
	t.MaxBody = bytes
	return t
}

// Table holds the types that may travel. It never changes; safe for concurrent
// use.
type Table struct {
	byNumber map[uint32]Type
	numbers  map[reflect.Type]uint32
}

// NewTable makes a table. A number or a type that comes twice is a mistake of
// whoever wrote the list, and panics.
func NewTable(types ...Type) *Table {
	t := &Table{byNumber: make(map[uint32]Type, len(types)), numbers: make(map[reflect.Type]uint32, len(types))}
	for _, typ := range types {
		of := reflect.TypeOf(typ.New())
		if _, twice := t.byNumber[typ.Number]; twice || typ.Number == 0 {
			panic(fmt.Sprintf("wire: number %d of %s is taken", typ.Number, of))
		}
		if _, twice := t.numbers[of]; twice {
			panic(fmt.Sprintf("wire: %s is listed twice", of))
		}
		if typ.MaxBody == 0 {
			typ.MaxBody = MaxBody
		}
		t.byNumber[typ.Number], t.numbers[of] = typ, typ.Number
	}
	return t
}

// Types are all types, in no order.
func (t *Table) Types() []Type {
	types := make([]Type, 0, len(t.byNumber))
	for _, typ := range t.byNumber {
		types = append(types, typ)
	}
	return types
}

// Pack encodes a message.
func (t *Table) Pack(msg any) (number uint32, body []byte, err error) {
	number, ok := t.numbers[reflect.TypeOf(msg)]
	if !ok {
		return 0, nil, fmt.Errorf("%w: %T", ErrUnknown, msg)
	}
	if body, err = msgpack.Marshal(msg); err != nil {
		return 0, nil, fmt.Errorf("encode %T: %w", msg, err)
	}
	if limit := t.byNumber[number].MaxBody; len(body) > limit {
		return 0, nil, fmt.Errorf("%w: %T of %d bytes, at most %d", ErrTooLong, msg, len(body), limit)
	}
	return number, body, nil
}

// Unpack decodes a message that another node has packed.
func (t *Table) Unpack(number uint32, body []byte) (any, error) {
	typ, ok := t.byNumber[number]
	if !ok {
		return nil, fmt.Errorf("%w: number %d", ErrUnknown, number)
	}
	if len(body) > typ.MaxBody {
		return nil, fmt.Errorf("%w: number %d of %d bytes, at most %d", ErrTooLong, number, len(body), typ.MaxBody)
	}
	msg := typ.New()
	if err := msgpack.Unmarshal(body, msg); err != nil {
		return nil, fmt.Errorf("decode message number %d: %w", number, err)
	}
	return msg, nil
}
