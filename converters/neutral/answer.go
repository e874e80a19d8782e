package neutral

import "unicode/utf8"

// Answer is a whole answer, folded from its events.
type Answer struct {
	ID           string
	Model        string // as the upstream names it
	Created      int64
	Blocks       []Block
	Reason       FinishReason
	StopSequence string
	Usage        *Usage
}

// Block is one block of an Answer.
type Block struct {
	Kind   BlockKind
	ID     string
	Name   string
	Custom bool
	Text   string // of a call: the arguments, or a custom call's input
	Sig    Sig
	Cites  []Citation
}

// Fold is a Sink that gathers an Answer.
type Fold struct {
	answer Answer
	texts  [][]byte
	fault  *Error
	ended  bool
}

// Event takes one event.
func (f *Fold) Event(e *Event) {
	switch e.Kind {
	case Start:
		f.answer.ID, f.answer.Model, f.answer.Created = e.ID, e.Model, e.Created
	case BlockStart:
		f.answer.Blocks = append(f.answer.Blocks, Block{Kind: e.Block, ID: e.ID, Name: e.Name, Custom: e.Custom, Sig: e.Sig})
		f.texts = append(f.texts, nil)
	case Delta, CustomDelta:
		f.texts[e.N] = append(f.texts[e.N], e.Text...)
	case SetSig:
		f.answer.Blocks[e.N].Sig = e.Sig
	case Cite:
		f.answer.Blocks[e.N].Cites = append(f.answer.Blocks[e.N].Cites, e.Citation)
	case Finish:
		f.answer.Reason, f.answer.StopSequence = e.Reason, e.StopSequence
	case End:
		f.answer.Usage, f.ended = e.Usage, true
	case Fail:
		f.fault = e.Err
	case BlockStop, Ping, OutputLoss:
	}
}

// Answer returns what was gathered: the answer, or the error it ended with.
func (f *Fold) Answer() (*Answer, *Error) {
	if f.fault != nil {
		return nil, f.fault
	}
	if !f.ended {
		return nil, &Error{Kind: Upstream, Status: 502, Message: "upstream stream ended before completion"}
	}
	for i := range f.answer.Blocks {
		f.answer.Blocks[i].Text = View(f.texts[i])
	}
	return &f.answer, nil
}

// Has says that the answer holds a block of a kind.
func (a *Answer) Has(kind BlockKind) bool {
	for i := range a.Blocks {
		if a.Blocks[i].Kind == kind {
			return true
		}
	}
	return false
}

// Span is the range of a citation in code points, the whole text if the
// upstream gave none.
func (c Citation) Span(text string) (from, to int) {
	if c.Ranged {
		return c.From, c.To
	}
	return 0, utf8.RuneCountInString(text)
}
