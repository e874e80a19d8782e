package intake

import "unsafe"

// Claim is memory set aside for what is to be made of a body, so that it is
// there before it is needed. It belongs to one goroutine, which must Drop it.
type Claim struct {
	in   *Intake
	size int64
}

// Claim sets so many bytes aside. The error is a *domain.Fault.
func (in *Intake) Claim(size int64) (*Claim, error) {
	if !in.take(size) {
		return nil, noMemory()
	}
	return &Claim{in: in, size: size}, nil
}

// Adopt makes a body of a text, which it takes over without a copy, and uses the
// claim up, which may be larger or smaller than the text. The caller owns the
// body and must Release it. The error is a *domain.Fault.
func (c *Claim) Adopt(doc string) (*Body, error) {
	if !c.in.take(int64(len(doc)) - c.size) {
		return nil, noMemory()
	}
	c.size = 0
	bytes := unsafe.Slice(unsafe.StringData(doc), len(doc)) //nolint:gosec // G103: a body's bytes are never changed
	return c.in.body(bytes), nil
}

// Drop gives back what was not used. It may be called again.
func (c *Claim) Drop() {
	c.in.used.Add(-c.size)
	c.size = 0
}

// Adopt makes a body of bytes that were made from another one, within the memory
// budget. It takes them over; the caller owns the body and must Release it. The
// error is a *domain.Fault.
func (in *Intake) Adopt(b []byte) (*Body, error) {
	if !in.take(int64(cap(b))) {
		return nil, noMemory()
	}
	return in.body(b), nil
}

// body is one of bytes that are accounted for.
func (in *Intake) body(b []byte) *Body {
	body := &Body{in: in, buf: b[:cap(b)], n: len(b), class: -1}
	body.refs.Store(1)
	return body
}

// take accounts for so many bytes more, unless that is beyond the budget. Less
// is always possible.
func (in *Intake) take(size int64) bool {
	if in.used.Add(size) > in.limits.Memory && size > 0 {
		in.used.Add(-size)
		return false
	}
	return true
}
