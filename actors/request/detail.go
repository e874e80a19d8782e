package request

import (
	"sync"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	usualDetail = 4 << 10  // bytes that a new page begins with
	keptPage    = 64 << 10 // a larger one is not used again
)

// pages lends buffers for writing details out. A nil one makes a buffer each time.
// Safe for concurrent use.
type pages struct{ pool sync.Pool } // of *[]byte

// write calls f with an empty buffer and returns what f appended to it.
func (p *pages) write(f func(page []byte) []byte) string {
	if p == nil {
		return string(f(nil))
	}
	page, ok := p.pool.Get().(*[]byte)
	if !ok {
		page = new([]byte)
		*page = make([]byte, 0, usualDetail)
	}
	*page = f((*page)[:0])
	whole := string(*page)
	if cap(*page) <= keptPage {
		p.pool.Put(page)
	}
	return whole
}

// detail is the bulky part of the record. Its texts are parts of one string.
func (m *machine) detail(cost *domain.CostBreakdown) domain.RequestDetail {
	d := domain.RequestDetail{RequestID: m.req.ID}
	var chain, bill int // where they end
	whole := m.node.pages.write(func(page []byte) []byte {
		page = domain.AppendChain(page, m.record.chain.entries)
		chain = len(page)
		if m.record.served.provider != nil {
			page = cost.AppendJSON(page)
		}
		bill = len(page)
		return domain.AppendSpecial(page, m.record.special, &m.record.trace)
	})
	d.Chain, d.Cost, d.Special = whole[:chain], whole[chain:bill], whole[bill:]
	if last := m.record.last; last != nil && last.Class != domain.ClassOK {
		d.Error = clip(last.Excerpt, maxDetailError)
	}
	return d
}
