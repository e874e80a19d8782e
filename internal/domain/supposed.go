package domain

// Supposed is a request that is only thought of, as its client would send it.
// Nothing of it is changed.
type Supposed struct {
	Key       *Key  // nil = nobody's
	User      *User // nil = nobody
	Protocol  Protocol
	Class     CallClass
	Model     string // where the body names none
	SessionID string // empty = the client names none
	Header    map[string][]string
	Body      []byte // a JSON object; nil = nothing is known of it
}

// SupposedCall is the first call that a supposed request would lead to.
type SupposedCall struct {
	Provider   *Provider
	Model      string // to send
	Redirected bool   // it is not the client's
	Converted  bool   // the provider speaks another protocol
}

// Foreseen is what would become of a supposed request before it is sent.
type Foreseen struct {
	Special []SpecialSetting  // as the record would tell it
	Edits   []ParameterChange // of the body; nil where it is put into another format
	Drops   []string          // codes of what another format cannot say
	Refused string            // why nothing would be sent; empty = it would
}
