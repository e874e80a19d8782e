package domain

// UsableModel is a model that somebody may use, by some protocols.
type UsableModel struct {
	Name      string
	Protocols []Protocol
}
