package recorder

import (
	"context"
	"fmt"
	"sync"

	"github.com/claude-code-hub/cch/actors/protocol"
)

// progress knows up to which position nothing is left to do: all rows are in
// the store (or buried) and all settlements are acknowledged.
type progress struct {
	mu    sync.Mutex
	tail  int64 // position after the last journaled record
	rows  int64 // position up to which rows are done
	debts []*debt
	paid  chan struct{} // a debt was paid
}

// debt is a record whose settlements are not all acknowledged. Its fields
// belong to the settler, but for begin and paid.
type debt struct {
	begin   int64 // position before the record
	paid    bool
	taken   bool // by the settler
	settles []protocol.QuotaSettle
	left    int
}

func newProgress(at int64) *progress {
	return &progress{tail: at, rows: at, paid: make(chan struct{}, 1)}
}

// journaled notes a record, in the order of the journal, and returns what it
// owes, or nil.
func (p *progress) journaled(end int64, settles []protocol.QuotaSettle) *debt {
	p.mu.Lock()
	defer p.mu.Unlock()
	begin := p.tail
	p.tail = end
	if len(settles) == 0 {
		return nil
	}
	d := &debt{begin: begin, settles: settles, left: len(settles)}
	p.debts = append(p.debts, d)
	return d
}

// rowsDone notes that the rows of all records up to a position are done.
func (p *progress) rowsDone(position int64) {
	p.mu.Lock()
	p.rows = max(p.rows, position)
	p.mu.Unlock()
}

// pay notes that a record's settlements are all acknowledged.
func (p *progress) pay(d *debt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d.paid = true
	n := 0
	for n < len(p.debts) && p.debts[n].paid {
		p.debts[n] = nil
		n++
	}
	p.debts = p.debts[n:]
	select {
	case p.paid <- struct{}{}:
	default:
	}
}

// await returns once nothing is owed, or when ctx ends.
func (p *progress) await(ctx context.Context) error {
	for p.unsettled() > 0 {
		select {
		case <-p.paid:
		case <-ctx.Done():
			return fmt.Errorf("await %d settlements: %w", p.unsettled(), ctx.Err())
		}
	}
	return nil
}

// done is the position up to which nothing is left to do. A row may be done
// before its record was noted, when it is read back just after it was written.
func (p *progress) done() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.debts) > 0 {
		return min(p.rows, p.debts[0].begin)
	}
	return min(p.rows, p.tail)
}

func (p *progress) unsettled() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.debts)
}
