package kit

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// mailbox queues what is sent to a cell and hands it, one message at a time,
// to the library's actor. It takes the place of the library's mailboxes, which
// drop what is still queued when an actor stops or has failed for good, so
// that its askers wait in vain: here such messages come out of the queue all
// the same and are answered or sent on. It is unbounded, since a full mailbox
// would have to block its senders.
//
// System messages, the library's orders, go before all others.
type mailbox struct {
	cell    *cell
	invoker actor.MessageInvoker // the library's actor; nil before it started and once it ended

	mu        sync.Mutex
	system    queue
	user      queue
	running   bool // a goroutine is at it
	suspended bool // only system messages are handed out
}

var _ actor.Mailbox = (*mailbox)(nil)

// revive is a system message: it reaches an actor whose mailbox is suspended.
type revive struct{}

// RegisterHandlers is called once by the library, before the first message.
func (m *mailbox) RegisterHandlers(invoker actor.MessageInvoker, _ actor.Dispatcher) {
	m.invoker = invoker
	if ctx, ok := invoker.(actor.Context); ok {
		m.cell.pid = ctx.Self()
	}
}

// Start is the library's; a mailbox starts with its first message.
func (m *mailbox) Start() {}

// UserMessageCount is the number of queued messages.
func (m *mailbox) UserMessageCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.user.n
}

// PostUserMessage queues an ordinary message. It never blocks.
func (m *mailbox) PostUserMessage(msg any) {
	m.mu.Lock()
	m.user.push(msg)
	start := !m.running && !m.suspended
	m.running = m.running || start
	m.mu.Unlock()
	if start {
		m.cell.sys.crew.run(m)
	}
}

// PostSystemMessage queues an order of the library. It never blocks.
func (m *mailbox) PostSystemMessage(msg any) {
	m.mu.Lock()
	m.system.push(msg)
	start := !m.running
	m.running = true
	m.mu.Unlock()
	if start {
		m.cell.sys.crew.run(m)
	}
}

// run hands out messages until there are none.
func (m *mailbox) run() {
	for !m.drain() { // each further round follows a panic
	}
}

// drain tells whether it came to the end. A panic here is not the actor's,
// whose own are caught in Receive: it is a fault of this package or of the
// library, and stops the actor.
func (m *mailbox) drain() (ended bool) {
	defer func() {
		if cause := recover(); cause != nil && m.invoker != nil {
			m.invoker.EscalateFailure(cause, nil)
		}
	}()
	for {
		msg, system, ok := m.next()
		switch {
		case !ok:
			return true
		case system:
			m.order(msg)
		case m.cell.state() == alive:
			m.invoker.InvokeUserMessage(msg)
		default:
			m.cell.undeliverable(msg)
		}
	}
}

func (m *mailbox) next() (msg any, system, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.system.n > 0 {
		return m.system.pop(), true, true
	}
	if m.user.n > 0 && !m.suspended {
		return m.user.pop(), false, true
	}
	m.running = false
	return nil, false, false
}

// order carries out a system message. A cell that ended takes none but those
// to the mailbox, so that a restart that was due cannot raise it from the dead.
func (m *mailbox) order(msg any) {
	switch msg.(type) {
	case *actor.SuspendMailbox:
		m.suspend(true)
	case *actor.ResumeMailbox:
		m.suspend(false)
	case revive:
		m.cell.revive()
	default:
		if m.invoker != nil {
			m.invoker.InvokeSystemMessage(msg)
		}
	}
}

func (m *mailbox) suspend(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.suspended = on
}

// queue is a ring that starts small, doubles when full and lets go of what a
// burst made of it.
type queue struct {
	first   [2]any // enough for most actors that live for a few messages
	ring    []any
	head, n int
}

const keptRing = 64

func (q *queue) push(msg any) {
	if q.n == len(q.ring) {
		q.grow()
	}
	q.ring[(q.head+q.n)%len(q.ring)] = msg
	q.n++
}

func (q *queue) grow() {
	if q.ring == nil {
		q.ring = q.first[:]
		return
	}
	ring := make([]any, 2*len(q.ring))
	n := copy(ring, q.ring[q.head:])
	copy(ring[n:], q.ring[:q.head])
	clear(q.ring)
	q.ring, q.head = ring, 0
}

// pop needs n > 0.
func (q *queue) pop() any {
	msg := q.ring[q.head]
	q.ring[q.head] = nil
	q.head = (q.head + 1) % len(q.ring)
	q.n--
	if q.n == 0 && len(q.ring) > keptRing {
		q.ring, q.head = nil, 0
	}
	return msg
}
