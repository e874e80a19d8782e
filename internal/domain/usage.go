package domain

// UsageSource says where the token counts of a request come from.
type UsageSource string

// The sources.
const (
	UsageUpstream  UsageSource = "upstream"  // reported, answer complete
	UsagePartial   UsageSource = "partial"   // reported until the answer broke off
	UsageEstimated UsageSource = "estimated" // worked out by us
)

// Usage are the token counts of a request in disjoint buckets.
type Usage struct {
	Input        int64
	Output       int64 // reasoning included
	CacheRead    int64
	CacheWrite5m int64
	CacheWrite1h int64
	Reasoning    int64
}

// IsZero tells whether nothing was counted.
func (u Usage) IsZero() bool { return u == Usage{} }
