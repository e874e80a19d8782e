package provider

import (
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// quirksKept is how long quirks are believed in before the usual is tried again.
const quirksKept = 24 * time.Hour

// quirks are what the provider refused, so that every request but the first is
// made right at once. They belong to the upstream at one address.
type quirks struct {
	set   domain.Quirks
	url   string
	until time.Time
}

// at forgets all that was found at another address.
func (q *quirks) at(url string) {
	if q.url != url {
		*q = quirks{url: url}
	}
}

func (q *quirks) known(now time.Time) domain.Quirks {
	if now.Before(q.until) {
		return q.set
	}
	return 0
}

func (q *quirks) learn(set domain.Quirks, now time.Time) {
	if set != 0 {
		q.set, q.until = q.known(now)|set, now.Add(quirksKept)
	}
}

type quirksRecord struct {
	Set   uint8  `msgpack:"set"`
	URL   string `msgpack:"url"`
	Until int64  `msgpack:"until"`
}

func (q *quirks) record() quirksRecord {
	return quirksRecord{Set: uint8(q.set), URL: q.url, Until: toMs(q.until)}
}

// restore takes in a record unless something was learnt since.
func (q *quirks) restore(r quirksRecord) {
	if q.set == 0 {
		*q = quirks{set: domain.Quirks(r.Set), url: r.URL, until: fromMs(r.Until)}
	}
}
