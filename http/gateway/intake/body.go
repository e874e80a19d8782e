package intake

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// Body is a request body in memory. Its bytes do not change and are valid until
// the last reference is released.
type Body struct {
	in    *Intake
	buf   []byte // of full capacity; the first n bytes are the body
	n     int
	class int // pool class, -1 for a buffer of its own
	refs  atomic.Int32
}

// Bytes are the body's bytes. They must not be used after Release.
func (b *Body) Bytes() []byte { return b.buf[:b.n:b.n] }

// Text is the body's bytes as a text without a copy. Neither it nor a piece of it
// must be used after Release.
func (b *Body) Text() string { return unsafe.String(unsafe.SliceData(b.buf), b.n) } //nolint:gosec // G103: the bytes do not change

// Share makes another owner, who must Release the body too. It is called only
// while it is held.
func (b *Body) Share() *Body {
	b.retain()
	return b
}

// Release drops the owner's reference; readers that are still open keep the
// memory until they are closed.
func (b *Body) Release() {
	if b.refs.Add(-1) == 0 {
		b.in.used.Add(-int64(cap(b.buf)))
		recycle(b.buf, b.class)
		b.buf, b.n = nil, 0
	}
}

// retain adds a reference. It is called only while one is held.
func (b *Body) retain() { b.refs.Add(1) }

// grow makes room for at least want bytes, within the memory budget. The first
// buffer is no larger than the second class, whatever a client announces.
func (b *Body) grow(want int64) error {
	const modest = smallest << classStep
	if b.buf == nil {
		want = min(max(want, smallest), modest)
	}
	class, size := classOf(want)
	if !b.in.take(size) {
		if b.buf == nil {
			b.refs.Store(0)
		}
		return errNoMemory
	}
	fresh := draw(class, size)
	copy(fresh, b.buf[:b.n])
	if b.buf != nil {
		b.in.used.Add(-int64(cap(b.buf)))
		recycle(b.buf, b.class)
	}
	b.buf, b.class = fresh, class
	return nil
}

// Buffers come in classes of 64 KiB, 256 KiB, 1 MiB and 4 MiB; larger bodies
// are too rare to keep buffers for.
const (
	smallest  = 64 << 10
	classStep = 2
	classes   = 4
)

//nolint:gochecknoglobals // buffers are the process's, whoever takes bodies in
var pools [classes]sync.Pool

func classOf(size int64) (class int, rounded int64) {
	rounded = smallest
	for class = range classes {
		if size <= rounded {
			return class, rounded
		}
		rounded <<= classStep
	}
	return -1, size
}

func draw(class int, size int64) []byte {
	if class >= 0 {
		if b, ok := pools[class].Get().(*[]byte); ok {
			return *b
		}
	}
	return make([]byte, size)
}

func recycle(b []byte, class int) {
	if class >= 0 {
		b = b[:cap(b)]
		pools[class].Put(&b)
	}
}
