package pricing

import (
	"github.com/shopspring/decimal"
)

// Bucket names the tokens that share a rate. Buckets are disjoint.
type Bucket int

// The buckets, input side first.
const (
	Input Bucket = iota
	CacheRead
	CacheWrite5m // also writes of vendors without a lifetime
	CacheWrite1h
	InputImage
	InputAudio
	Output // reasoning inside, unless it has a rate of its own
	OutputImage
	OutputAudio
	Reasoning
	bucketCount
)

//nolint:gochecknoglobals // read-only table
var bucketNames = []string{
	"input", "cache_read", "cache_write_5m", "cache_write_1h", "input_image", "input_audio",
	"output", "output_image", "output_audio", "reasoning",
}

// String is the bucket's name in files and breakdowns.
func (b Bucket) String() string { return bucketNames[b] }

// side is the bucket by whose ratio a tier scales this one.
func (b Bucket) side() Bucket {
	if b < Output {
		return Input
	}
	return Output
}

// Rates are prices in USD per million tokens, by Bucket. An invalid entry is
// not listed, which is not the same as free.
type Rates [bucketCount]decimal.NullDecimal

// IsZero tells whether no rate is listed.
func (r *Rates) IsZero() bool { return !anySet(r[:]) }

// UnmarshalJSON reads an object of decimal strings or numbers.
func (r *Rates) UnmarshalJSON(data []byte) error {
	*r = Rates{}
	return unmarshalAmounts(data, bucketNames, r[:])
}

// MarshalJSON writes the listed rates as decimal strings.
func (r Rates) MarshalJSON() ([]byte, error) { return marshalAmounts(bucketNames, r[:]), nil }

// Fee names a price per unit other than tokens.
type Fee int

// The fees. Fetched pages and images read are listed by some vendors but not
// countable in an answer; they are kept and never charged.
const (
	FeeRequest         Fee = iota // once per successful attempt
	FeeWebSearch                  // see SearchUnit
	FeeFileSearch                 // per call
	FeeCodeInterpreter            // per session
	FeeImageOutput                // per image, where no image tokens are reported
	FeeWebFetch
	FeeImageInput
	feeCount
)

//nolint:gochecknoglobals // read-only table
var feeNames = []string{
	"request", "web_search_call", "file_search_call", "code_interpreter_session",
	"image_output_each", "web_fetch_call", "image_input_each",
}

// String is the fee's name in files and breakdowns.
func (f Fee) String() string { return feeNames[f] }

// Fees are prices in USD per unit, by Fee. An invalid entry is not listed.
type Fees [feeCount]decimal.NullDecimal

// IsZero tells whether no fee is listed.
func (f *Fees) IsZero() bool { return !anySet(f[:]) }

// UnmarshalJSON reads an object of decimal strings or numbers.
func (f *Fees) UnmarshalJSON(data []byte) error {
	*f = Fees{}
	return unmarshalAmounts(data, feeNames, f[:])
}

// MarshalJSON writes the listed fees as decimal strings.
func (f Fees) MarshalJSON() ([]byte, error) { return marshalAmounts(feeNames, f[:]), nil }

// Multipliers scale every token bucket of an answer with a certain trait.
type Multipliers struct {
	SpeedFast decimal.NullDecimal // answered in fast mode
	GeoUS     decimal.NullDecimal // inference kept in the United States
}

//nolint:gochecknoglobals // read-only table
var multiplierNames = []string{"speed_fast", "geo_us"}

// IsZero tells whether none is listed.
func (m *Multipliers) IsZero() bool { return !m.SpeedFast.Valid && !m.GeoUS.Valid }

// UnmarshalJSON reads an object of decimal strings or numbers.
func (m *Multipliers) UnmarshalJSON(data []byte) error {
	var all [2]decimal.NullDecimal
	err := unmarshalAmounts(data, multiplierNames, all[:])
	m.SpeedFast, m.GeoUS = all[0], all[1]
	return err
}

// MarshalJSON writes the listed multipliers as decimal strings.
func (m Multipliers) MarshalJSON() ([]byte, error) {
	return marshalAmounts(multiplierNames, []decimal.NullDecimal{m.SpeedFast, m.GeoUS}), nil
}

// ServiceTier is a class of service that a vendor sells at its own rates.
type ServiceTier string

// The service tiers; the empty one is the standard.
const (
	ServiceStandard ServiceTier = ""
	ServicePriority ServiceTier = "priority"
	ServiceFlex     ServiceTier = "flex"
	ServiceBatch    ServiceTier = "batch"
)

// ParseServiceTier reads the tier as requests and answers name it. What is not
// known costs the standard rate.
func ParseServiceTier(name string) ServiceTier {
	switch t := ServiceTier(name); t {
	case ServicePriority, ServiceFlex, ServiceBatch:
		return t
	default:
		return ServiceStandard
	}
}

// Tier is a step by length: its rates apply to every token of a request whose
// whole prompt is longer than AboveInputTokens.
type Tier struct {
	AboveInputTokens int64 `json:"above_input_tokens"`
	Rates            Rates `json:"rates"`
}

// ServiceSheet are the rates of one service tier.
type ServiceSheet struct {
	Rates Rates  `json:"rates"`
	Tiers []Tier `json:"tiers,omitempty"` // ascending
}

// SearchUnit is what one web search fee pays for.
type SearchUnit string

// The units.
const (
	SearchPerCall   SearchUnit = "call"
	SearchPerQuery  SearchUnit = "query"
	SearchPerPrompt SearchUnit = "prompt" // once per answer that searched at all
)

// Sheet is all that one seller asks for one model.
type Sheet struct {
	Rates         Rates                         `json:"rates,omitzero"`
	Tiers         []Tier                        `json:"tiers,omitempty"` // ascending
	ServiceTiers  map[ServiceTier]*ServiceSheet `json:"service_tiers,omitempty"`
	Multipliers   Multipliers                   `json:"multipliers,omitzero"`
	Fees          Fees                          `json:"fees,omitzero"`
	WebSearchUnit SearchUnit                    `json:"web_search_unit,omitempty"` // empty = call
}

// HasPrice tells whether the sheet lists anything to charge.
func (s *Sheet) HasPrice() bool { return !s.Rates.IsZero() || !s.Fees.IsZero() }

// richness orders sheets by how much they list.
func (s *Sheet) richness() int {
	n := countSet(s.Rates[:]) + countSet(s.Fees[:]) + len(s.ServiceTiers)
	for i := range s.Tiers {
		n += countSet(s.Tiers[i].Rates[:])
	}
	return n
}
