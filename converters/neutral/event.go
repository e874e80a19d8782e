package neutral

// BlockKind is what a block of an answer holds.
type BlockKind uint8

// Kinds of blocks.
const (
	TextBlock BlockKind = iota
	ThinkBlock
	CallBlock
	RefusalBlock
)

// EventKind tells which members of an Event count.
type EventKind uint8

// Kinds of events. Start comes once and first, N counts from 0 without gaps,
// only call blocks overlap, all blocks are stopped before Finish, and exactly
// one of End and Fail comes last.
const (
	Start       EventKind = iota // ID, Model, Created
	BlockStart                   // N, Block; of a call also ID, Name, Custom, Sig
	Delta                        // N, Block, Text: text, thinking, refusal or JSON arguments
	CustomDelta                  // N, Text: input of a custom call
	SetSig                       // N, Sig
	Cite                         // N, Citation
	BlockStop                    // N, Block
	Finish                       // Reason, StopSequence
	End                          // Usage
	Fail                         // Err
	Ping                         //
	OutputLoss                   // Loss
)

// Event is one step of an answer. Text is valid only while the event is being
// handled; the other strings may be kept.
type Event struct {
	Kind  EventKind
	Block BlockKind
	N     int

	ID      string // of the answer as the upstream gave it, or of a call
	Model   string // that answers, as the upstream names it; empty if it does not
	Created int64  // Unix seconds, 0 if the upstream gave no time
	Name    string
	Custom  bool
	Sig     Sig
	Text    string

	Citation Citation

	Reason       FinishReason
	StopSequence string

	Usage *Usage // nil if the upstream reported none
	Err   *Error
	Loss  string
}

// Sink takes the events of one answer.
type Sink interface {
	Event(e *Event)
}

// Citation is a source of a text. From and To are the range of code points
// within the block; Ranged says whether the upstream gave one.
type Citation struct {
	URL, Title string
	From, To   int
	Ranged     bool
}

// FinishReason is why an answer ended.
type FinishReason uint8

// Finish reasons.
const (
	FinishStop FinishReason = iota
	FinishLength
	FinishStopSequence
	FinishTool
	FinishFilter
	FinishRefusal
	FinishPause
	FinishContext
)
