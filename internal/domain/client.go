package domain

// ClientFacts are what a request shows of the program that sent it.
type ClientFacts struct {
	UserAgent string
	App       string // header x-app
	Beta      bool   // it has a header anthropic-beta
	UserID    bool   // its body has metadata.user_id, a text
	Counting  bool   // a token count, which carries no metadata
}
