package quota

import (
	"context"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Ledger is where the rows of users are kept: the only truth of what they spent.
type Ledger interface {
	LedgerReader
	// Append has a row written with the next group and returns at once. done is
	// called exactly once, from another goroutine and in the order of a user's
	// rows: nil = committed, a *domain.LedgerDuplicateError, domain.ErrLedgerFenced
	// or domain.ErrLedgerRefused. Until the store takes rows it is not called.
	Append(row *domain.LedgerRow, done func(error))
}

// LedgerReader is the store behind a Ledger. Its methods block.
type LedgerReader interface {
	// Claim makes this activation the user's only writer and returns its epoch.
	// Rows that an earlier one has not appended by now never will be.
	Claim(ctx context.Context, user domain.UserID, node string, now time.Time) (epoch int64, err error)
	// After returns the user's rows with a higher number, in order.
	After(ctx context.Context, user domain.UserID, seq int64, limit int) ([]domain.LedgerRow, error)
	// LastSeq is the highest number of the user's rows; 0 = there are none.
	LastSeq(ctx context.Context, user domain.UserID) (int64, error)
	// Since returns the user's rows admitted after a time, in its order.
	Since(ctx context.Context, user domain.UserID, after time.Time) ([]domain.LedgerRow, error)
	// Sum is what the user (key 0) or one key was charged for requests admitted
	// after a time, zero = ever, by the rows up to number upto, 0 = all.
	Sum(ctx context.Context, user domain.UserID, key domain.KeyID, after time.Time, upto int64) (domain.Money, error)
}
