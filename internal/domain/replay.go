package domain

import "time"

// Replay is an answer that may be given again to the same request.
type Replay struct {
	ID        string // of the request, by all that makes it the same
	Verifier  string // of its body alone
	KeyID     KeyID
	UserID    UserID
	RequestID RequestID // that was answered first
	Protocol  Protocol
	Model     string
	Status    int
	Header    map[string]string
	Body      []byte // as the client got it; shared, not to be changed
	ExpiresAt time.Time
}
