package domain

import "time"

// RecomputeQuery says which bills are to be worked out again.
type RecomputeQuery struct {
	From, To time.Time // of admission; To is exclusive
	Models   []string  // as billed; empty = all
	DryRun   bool      // say what would change, and change nothing
}

// RecomputeReport is what came of it, or would come.
type RecomputeReport struct {
	Rows      int   // looked at
	Unchanged int   // cost what they did cost
	Adjusted  int   // cost something else
	Unpriced  int   // their models have no price now
	Skipped   int   // their breakdown is gone, or the upstream's own figure is what they cost
	Charge    Money // sum of the differences
	Cost      Money // the same, of the providers
}
