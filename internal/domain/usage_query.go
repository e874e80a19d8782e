package domain

import "time"

// LatencyBuckets is the number of buckets of a histogram of the times that
// requests waited for their first token; see [LatencyBounds].
const LatencyBuckets = 12

// LatencyBounds are the upper bounds, inclusive, of all buckets but the last,
// which has none.
func LatencyBounds() [LatencyBuckets - 1]time.Duration {
	return [...]time.Duration{
		250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second,
		15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute,
	}
}

// UsageBy is what usage is summed up by.
type UsageBy string

// What usage can be summed up by; the zero value is by nothing.
const (
	ByUser     UsageBy = "user"
	ByKey      UsageBy = "key"
	ByProvider UsageBy = "provider"
	ByModel    UsageBy = "model"
)

// UsageBucket is the length of time that a sum is about.
type UsageBucket string

// Buckets; the zero value is the whole range.
const (
	HourBucket UsageBucket = "hour" // of UTC
	DayBucket  UsageBucket = "day"  // of the zone
)

// UsageQuery asks what was used from From, inclusive, to To. Zero ids and empty
// lists stand for all.
type UsageQuery struct {
	From, To time.Time
	Zone     *time.Location // whose calendar days are
	By       UsageBy
	Split    UsageBy // each group by models or by providers, too
	Bucket   UsageBucket
	User     UserID
	Key      KeyID
	Provider ProviderID
	Model    string
	// Users and Providers are lists of which one has to match; at most
	// [MaxUsageList] each.
	Users     []UserID
	Providers []ProviderID
	Latency   bool // the histogram is wanted, too: it costs as much as all the rest
}

// MaxUsageList bounds the lists of a [UsageQuery].
const MaxUsageList = 5000

// UsageGroup is the usage of one group in one bucket.
type UsageGroup struct {
	// ID is the user, key or provider, 0 = none. Model is the model; empty =
	// those beyond the fifty that a day tells apart. Provider is that of a group
	// split by providers.
	ID       int64
	Model    string
	Provider ProviderID
	At       time.Time // begin of the bucket; zero without buckets
	UsageFigures
}

// UsageFigures are sums over requests that were admitted in a time.
type UsageFigures struct {
	Requests  int64
	Successes int64 // of those that count for the rate of their provider
	Failures  int64
	Tokens    Usage
	Cost      Money // what users were charged
	Paid      Money // what providers charge
	Duration  time.Duration
	TTFT      time.Duration         // to the first token
	TTFTs     int64                 // how many have one
	Latency   [LatencyBuckets]int64 // of those, if it was asked for
}

// Add adds other figures.
func (f *UsageFigures) Add(o *UsageFigures) {
	f.Requests += o.Requests
	f.Successes += o.Successes
	f.Failures += o.Failures
	f.Tokens.Input += o.Tokens.Input
	f.Tokens.Output += o.Tokens.Output
	f.Tokens.CacheRead += o.Tokens.CacheRead
	f.Tokens.CacheWrite5m += o.Tokens.CacheWrite5m
	f.Tokens.CacheWrite1h += o.Tokens.CacheWrite1h
	f.Tokens.Reasoning += o.Tokens.Reasoning
	f.Cost += o.Cost
	f.Paid += o.Paid
	f.Duration += o.Duration
	f.TTFT += o.TTFT
	f.TTFTs += o.TTFTs
	for i, n := range o.Latency {
		f.Latency[i] += n
	}
}

// InputTokens are all tokens that went in, cached ones too.
func (f *UsageFigures) InputTokens() int64 {
	return f.Tokens.Input + f.Tokens.CacheRead + f.Tokens.CacheWrite5m + f.Tokens.CacheWrite1h
}

// TotalTokens are all tokens that went in and came out.
func (f *UsageFigures) TotalTokens() int64 { return f.InputTokens() + f.Tokens.Output }

// Percentile is how long p of 100 requests wait for their first token at most,
// as far as the histogram tells: inside a bucket requests are taken to be spread evenly, and
// those of the last to take its lower bound. 0 without requests that had one.
func (f *UsageFigures) Percentile(p float64) time.Duration {
	total := int64(0)
	for _, n := range f.Latency {
		total += n
	}
	if total == 0 {
		return 0
	}
	wanted, below := p/100*float64(total), int64(0)
	bounds := LatencyBounds()
	lower := time.Duration(0)
	for i, upper := range bounds {
		n := f.Latency[i]
		if n > 0 && float64(below+n) >= wanted {
			share := max(0, wanted-float64(below)) / float64(n)
			return lower + time.Duration(share*float64(upper-lower))
		}
		below, lower = below+n, upper
	}
	return lower
}
