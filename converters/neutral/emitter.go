package neutral

import (
	"slices"
	"strings"
)

// Emitter hands a reader's events to a sink and keeps their order: it counts
// blocks, opens and closes them as the kind of content changes, and lets
// nothing follow the end. Readers drive it; it belongs to one answer.
type Emitter struct {
	// Names maps tool names back to the client's, where a request had to change
	// them.
	Names map[string]string

	sink     Sink
	ev       Event // reused
	started  bool
	finished bool
	over     bool
	blocks   int
	open     []openBlock
	calls    int
	refusal  bool
	content  bool
}

type openBlock struct {
	n    int
	kind BlockKind
}

// NewEmitter returns an Emitter for one answer.
func NewEmitter(sink Sink, names map[string]string) *Emitter {
	return &Emitter{sink: sink, Names: names}
}

func (e *Emitter) send(kind EventKind) *Event {
	e.ev = Event{Kind: kind}
	return &e.ev
}

// Started says that Start was sent, Finished that Finish was, Over that End or
// Fail was.
func (e *Emitter) Started() bool { return e.started }

// Finished says that Finish was sent.
func (e *Emitter) Finished() bool { return e.finished }

// Over says that the answer has ended, well or not.
func (e *Emitter) Over() bool { return e.over }

// Calls is the number of call blocks so far.
func (e *Emitter) Calls() int { return e.calls }

// Refused says that a refusal block was opened.
func (e *Emitter) Refused() bool { return e.refusal }

// Content says that any block was opened.
func (e *Emitter) Content() bool { return e.content }

// Start begins the answer of a model; only the first call counts.
func (e *Emitter) Start(id, model string, created int64) {
	if e.started || e.over {
		return
	}
	e.started = true
	ev := e.send(Start)
	ev.ID, ev.Model, ev.Created = strings.Clone(id), strings.Clone(model), created
	e.sink.Event(ev)
}

// Open closes what is open and opens a block that is not a call.
func (e *Emitter) Open(kind BlockKind) int {
	e.CloseAll()
	ev := e.block(kind)
	e.sink.Event(ev)
	return ev.N
}

// OpenCall opens a call block; other calls may stay open, text may not.
func (e *Emitter) OpenCall(id, name string, custom bool, sig Sig) int {
	if len(e.open) > 0 && e.open[0].kind != CallBlock {
		e.CloseAll()
	}
	if original, ok := e.Names[name]; ok {
		name = original
	}
	e.calls++
	ev := e.block(CallBlock)
	ev.ID, ev.Name, ev.Custom, ev.Sig = strings.Clone(id), strings.Clone(name), custom, sig
	e.sink.Event(ev)
	return ev.N
}

func (e *Emitter) block(kind BlockKind) *Event {
	e.Start("", "", 0)
	ev := e.send(BlockStart)
	ev.N, ev.Block = e.blocks, kind
	e.blocks++
	e.content = true
	e.refusal = e.refusal || kind == RefusalBlock
	e.open = append(e.open, openBlock{ev.N, kind})
	return ev
}

// Append adds text to the open block of a kind and opens one if there is none.
func (e *Emitter) Append(kind BlockKind, text string) {
	if text == "" {
		return
	}
	n, ok := e.current(kind)
	if !ok {
		n = e.Open(kind)
	}
	e.Delta(n, kind, text)
}

// current is the open block if it is of the given kind.
func (e *Emitter) current(kind BlockKind) (int, bool) {
	if len(e.open) == 1 && e.open[0].kind == kind {
		return e.open[0].n, true
	}
	return 0, false
}

// isOpen says whether a block is open. What comes for a block that was closed
// because another began is dropped: no format could show it.
func (e *Emitter) isOpen(n int) bool {
	return slices.ContainsFunc(e.open, func(b openBlock) bool { return b.n == n })
}

// Delta adds text, thinking, refusal or arguments to an open block; nothing is
// not sent on.
func (e *Emitter) Delta(n int, kind BlockKind, text string) {
	if text == "" || !e.isOpen(n) {
		return
	}
	ev := e.send(Delta)
	ev.N, ev.Block, ev.Text = n, kind, text
	e.sink.Event(ev)
}

// CustomDelta adds to the input of a custom call.
func (e *Emitter) CustomDelta(n int, text string) {
	if text == "" || !e.isOpen(n) {
		return
	}
	ev := e.send(CustomDelta)
	ev.N, ev.Block, ev.Text = n, CallBlock, text
	e.sink.Event(ev)
}

// Sign puts a signature on a block.
func (e *Emitter) Sign(n int, sig Sig) {
	if sig.Zero() || !e.isOpen(n) {
		return
	}
	ev := e.send(SetSig)
	ev.N, ev.Block, ev.Sig = n, ThinkBlock, sig
	e.sink.Event(ev)
}

// Cite adds a source to a text block.
func (e *Emitter) Cite(n int, c Citation) {
	if !e.isOpen(n) {
		return
	}
	ev := e.send(Cite)
	ev.N, ev.Citation = n, c
	e.sink.Event(ev)
}

// LastText is the open text block, for sources that come after the text.
func (e *Emitter) LastText() (int, bool) { return e.current(TextBlock) }

// Close stops one block; it does nothing if the block is not open.
func (e *Emitter) Close(n int) {
	for i, b := range e.open {
		if b.n == n {
			e.open = append(e.open[:i], e.open[i+1:]...)
			e.stop(b)
			return
		}
	}
}

// CloseAll stops all open blocks in their order.
func (e *Emitter) CloseAll() {
	for _, b := range e.open {
		e.stop(b)
	}
	e.open = e.open[:0]
}

func (e *Emitter) stop(b openBlock) {
	ev := e.send(BlockStop)
	ev.N, ev.Block = b.n, b.kind
	e.sink.Event(ev)
}

// Finish stops all blocks and says why the answer ended.
func (e *Emitter) Finish(reason FinishReason, stopSequence string) {
	if e.finished || e.over {
		return
	}
	e.Start("", "", 0)
	e.CloseAll()
	e.finished = true
	ev := e.send(Finish)
	ev.Reason, ev.StopSequence = reason, strings.Clone(stopSequence)
	e.sink.Event(ev)
}

// End ends the answer; known says whether the usage was reported.
func (e *Emitter) End(u Usage, known bool) {
	if e.over {
		return
	}
	e.over = true
	ev := e.send(End)
	if known {
		ev.Usage = &u
	}
	e.sink.Event(ev)
}

// Fail ends the answer with an error. Blocks stay open.
func (e *Emitter) Fail(err *Error) {
	if e.over {
		return
	}
	e.over = true
	ev := e.send(Fail)
	ev.Err = err
	e.sink.Event(ev)
}

// Truncated ends an answer whose bytes stopped before a finish.
func (e *Emitter) Truncated() {
	e.Fail(&Error{Kind: Upstream, Status: 502, Message: "upstream stream ended before completion"})
}

// Ping passes a sign of life on.
func (e *Emitter) Ping() {
	if !e.over {
		e.sink.Event(e.send(Ping))
	}
}

// Lose notes something of the answer that the client will not see.
func (e *Emitter) Lose(code Drop, detail string) {
	ev := e.send(OutputLoss)
	ev.Loss = string(code)
	if detail != "" {
		ev.Loss += ":" + detail
	}
	e.sink.Event(ev)
}
