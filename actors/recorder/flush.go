package recorder

import (
	"context"
	"fmt"
	"time"
)

// flushLook is how often Flush looks whether the worker got there.
const flushLook = 10 * time.Millisecond

// Flush returns once every row recorded before is readable in the store, or
// when ctx ends. It hurries nobody.
func (r *Recorder) Flush(ctx context.Context) error {
	target := r.progress.end()
	ticker := time.NewTicker(flushLook)
	defer ticker.Stop()
	for r.progress.written() < target {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("await pending request logs: %w", ctx.Err())
		}
	}
	return nil
}

// end is the position after the last journaled record.
func (p *progress) end() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tail
}

// written is the position up to which rows are done.
func (p *progress) written() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rows
}
