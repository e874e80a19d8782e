package kit

import "github.com/asynkron/protoactor-go/actor"

// mailbox is the library's mailbox with a gate between it and the library's
// actor. The library drops what is still queued when an actor stops or has
// failed for good, and its askers wait in vain; here such messages are noticed
// when they come out of the queue, and answered or sent on.
type mailbox struct {
	actor.Mailbox // the queue and its scheduling

	cell    *cell
	invoker actor.MessageInvoker // the library's actor; nil once it ended
}

var (
	_ actor.Mailbox        = (*mailbox)(nil)
	_ actor.MessageInvoker = (*mailbox)(nil)
)

// revive is a system message: it reaches an actor whose mailbox is suspended.
type revive struct{}

// RegisterHandlers is called once by the library before the first message.
func (m *mailbox) RegisterHandlers(invoker actor.MessageInvoker, d actor.Dispatcher) {
	m.invoker = invoker
	if ctx, ok := invoker.(actor.Context); ok {
		m.cell.pid = ctx.Self()
	}
	m.Mailbox.RegisterHandlers(m, d)
}

// InvokeUserMessage passes a message that came out of the queue.
func (m *mailbox) InvokeUserMessage(msg any) {
	switch m.cell.state() {
	case alive:
		m.invoker.InvokeUserMessage(msg)
	case failing: // overtook the order to suspend; the next incarnation handles it
		m.cell.replay = append(m.cell.replay, msg)
	default:
		m.cell.undeliverable(msg)
	}
}

// InvokeSystemMessage passes life-cycle messages. A cell that ended takes none,
// so that a restart that was due cannot raise it from the dead.
func (m *mailbox) InvokeSystemMessage(msg any) {
	if m.invoker == nil {
		return
	}
	if _, ok := msg.(revive); ok {
		m.cell.revive()
		return
	}
	m.invoker.InvokeSystemMessage(msg)
}

// EscalateFailure passes a panic outside Receive, which would be a fault of
// this package or of the library.
func (m *mailbox) EscalateFailure(reason, msg any) {
	if m.invoker != nil {
		m.invoker.EscalateFailure(reason, msg)
	}
}
