package domain

// DeclarationImport says how a document of configuration is taken over.
type DeclarationImport struct {
	DryRun  bool // say what would change, and change nothing
	Secrets bool // write credentials of what exists, too
}

// DeclarationReport says what a document changed, or would change.
type DeclarationReport struct {
	Changes []string // in the order in which they are made
	Made    int      // of them
}
