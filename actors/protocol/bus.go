package protocol

// ConfigChanged says that configuration changed (wire).
type ConfigChanged struct{ Version int64 }

// Failed answers an ask whose actor failed while it handled it (wire).
type Failed struct {
	Kind string
	Why  string
}

// Moved answers whoever asks an actor that is on its way out (wire).
type Moved struct{}

// MaybePassivate asks an idle actor whether it may be put away (wire).
type MaybePassivate struct{ T int64 }

// Passivated answers MaybePassivate (wire). After OK the actor answers Moved
// to everything.
type Passivated struct{ OK bool }
