package kit

// envelope carries a message that somebody waits for, or one that was sent on.
// Messages told for the first time travel bare.
type envelope struct {
	msg  any
	to   answerable // nil: nobody waits
	gen  uint64     // tells apart the uses of a pooled answerable
	hops uint8      // how often it was sent on to the next actor of its id
}

// answerable is the asking side. Of several answers it takes the first.
type answerable interface {
	answer(gen uint64, msg any, err error)
}

func (e *envelope) respond(msg any) {
	switch m := msg.(type) {
	case Failed:
		e.to.answer(e.gen, nil, &FailedError{Kind: m.Kind, Why: m.Why})
	case *Failed:
		e.to.answer(e.gen, nil, &FailedError{Kind: m.Kind, Why: m.Why})
	default:
		e.to.answer(e.gen, msg, nil)
	}
}

// Responder is the right to answer one ask, later and from any goroutine. Only
// the first answer counts. The zero Responder, which a Tell has, answers
// nobody. Small and comparable.
type Responder struct{ env *envelope }

// Respond answers.
func (r Responder) Respond(msg any) {
	if r.env != nil {
		r.env.respond(msg)
	}
}

// IsZero tells whether nobody waits.
func (r Responder) IsZero() bool { return r.env == nil }
