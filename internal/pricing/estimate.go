package pricing

import (
	"slices"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	// tokensPerPage is what an image or a page of a PDF is taken to cost at most.
	tokensPerPage = 1600
	// bytesPerPage is how much of a PDF makes a page.
	bytesPerPage = 50_000
	// leastOutput is the output of the shortest answer worth reckoning with.
	leastOutput = 200
	// assumedOutput is taken where neither the request nor the model bounds the answer.
	assumedOutput = 32_000
)

// Without history a quarter of the upper bound and a cent are reserved.
const (
	firstShare = 4
	firstExtra = domain.NanoPerUSD / 100
)

// Demand is what a request may use, judged before it is sent.
type Demand struct {
	TextBytes int64 // text of the request; encoded media is not text
	Images    int64
	PDFBytes  int64 // decoded
	MaxOutput int64 // tokens the request allows; 0 = does not say
}

func (d *Demand) promptUpper() int64 {
	pages := max(d.Images, 0) + ceilDiv(d.PDFBytes, bytesPerPage)
	return ceilDiv(d.TextBytes, 2) + pages*tokensPerPage
}

// Bounds estimates the charge of a request: what it costs at least, if all of
// its prompt is cached and the answer short, and at most, if the prompt is
// billed at the dearest rate and the answer as long as it may be.
func (p *Price) Bounds(d Demand, terms Terms) (low, upper domain.Money) {
	tail := d.MaxOutput
	if limit := p.model.MaxOutputTokens; limit > 0 && (tail <= 0 || tail > limit) {
		tail = limit
	}
	if tail <= 0 {
		tail = assumedOutput
	}
	prompt := d.promptUpper()
	dear := p.card(prompt, &terms)
	bucket := dear.dearest
	if d.Images > 0 {
		bucket = dear.dearestOfImages
	}
	upper = dear.charge(bucket, prompt, tail, &terms)
	prompt = ceilDiv(d.TextBytes, 4)
	low = p.card(prompt, &terms).charge(CacheRead, prompt, min(leastOutput, tail), &terms)
	return min(low, upper), upper
}

// charge is what a request costs whose prompt is all of one bucket.
func (c *card) charge(b Bucket, prompt, output int64, terms *Terms) domain.Money {
	sum := c.rates[b].each.times(prompt, 0).plus(c.rates[Output].each.times(output, 0))
	if !terms.Failed {
		sum = sum.plus(c.rates[lineFees+line(FeeRequest)].each)
	}
	return terms.charge(terms.providerCost(sum)).nano()
}

// historySize is how many costs an expectation rests on.
const historySize = 50

// History remembers the last costs of one key and model. The zero value is empty.
type History struct {
	costs []domain.Money // a ring once it is full
	next  int
}

// RestoreHistory makes a history from stored costs, oldest first.
func RestoreHistory(costs []domain.Money) History {
	var h History
	for _, c := range costs {
		h.Add(c)
	}
	return h
}

// Add notes what a request cost.
func (h *History) Add(cost domain.Money) {
	if len(h.costs) < historySize {
		h.costs = append(h.costs, cost)
		return
	}
	h.costs[h.next] = cost
	h.next = (h.next + 1) % historySize
}

// Costs is a copy of what is remembered, oldest first, for storage.
func (h *History) Costs() []domain.Money {
	return append(slices.Clone(h.costs[h.next:]), h.costs[:h.next]...)
}

// P90 is the cost that nine of ten requests stayed at or below; false without history.
func (h *History) P90() (domain.Money, bool) {
	n := len(h.costs)
	if n == 0 {
		return 0, false
	}
	var sorted [historySize]domain.Money
	copy(sorted[:], h.costs)
	slices.Sort(sorted[:n])
	return sorted[(n*9+9)/10-1], true
}

// Expected is what to reserve for a request with the given bounds.
func (h *History) Expected(low, upper domain.Money) domain.Money {
	if p90, ok := h.P90(); ok {
		return min(max(p90, low), upper)
	}
	return min(upper, upper/firstShare+firstExtra)
}

func ceilDiv(n, by int64) int64 {
	if n <= 0 {
		return 0
	}
	return (n-1)/by + 1
}
