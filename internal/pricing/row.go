package pricing

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// vendorAnthropic is the vendor whose cache ratios are the rule for its models.
const vendorAnthropic = "anthropic"

// Source says where a row comes from; later ones win.
type Source string

// The sources, the weakest first.
const (
	SourceSeed   Source = "seed"   // in the binary
	SourceCloud  Source = "cloud"  // synced
	SourceManual Source = "manual" // typed or uploaded
)

func (s Source) rank() int {
	switch s {
	case SourceManual:
		return 2
	case SourceCloud:
		return 1
	case SourceSeed:
	}
	return 0
}

// Model is what a price list says of one model. Once it is part of a Table it
// must not change.
type Model struct {
	ID              string   `json:"id"`
	Vendor          string   `json:"vendor,omitempty"`
	Mode            string   `json:"mode,omitempty"` // chat, image_generation, …
	DisplayName     string   `json:"display_name,omitempty"`
	Aliases         []string `json:"aliases,omitempty"`
	ContextTokens   int64    `json:"context_tokens,omitempty"`    // advisory; 0 = unknown
	MaxOutputTokens int64    `json:"max_output_tokens,omitempty"` // advisory, for estimates; 0 = unknown
	Sheet
	// Nodes are the sheets of single sellers, by their key. Where one applies,
	// nothing of the model's own sheet does.
	Nodes        map[string]*Node `json:"nodes,omitempty"`
	Capabilities json.RawMessage  `json:"capabilities,omitempty"`
}

// Node is what one seller asks for a model.
type Node struct {
	Official bool `json:"official,omitempty"` // the model's own vendor
	Sheet
}

// Priced tells whether the model can be billed at all.
func (m *Model) Priced() bool {
	if m.HasPrice() {
		return true
	}
	for _, n := range m.Nodes {
		if n.HasPrice() {
			return true
		}
	}
	return false
}

// Row is one entry of the price history. Rows are never changed: a new price is
// a new row, so that every bill can be worked out again.
type Row struct {
	ID        int64 // price id; 0 = not stored
	Source    Source
	ValidFrom time.Time // inclusive; zero = ever since
	ValidTo   time.Time // exclusive; zero = still
	*Model
}

func (r *Row) validAt(at time.Time) bool {
	return !at.Before(r.ValidFrom) && (r.ValidTo.IsZero() || at.Before(r.ValidTo))
}

// ErrModel reports a model entry that cannot be taken.
var ErrModel = errors.New("invalid price")

// Validate says everything that is wrong with an entry and puts its tiers in
// order.
func (m *Model) Validate() error {
	var errs []error
	if m.ID == "" || len(m.ID) > 200 {
		errs = append(errs, errors.New("id: give 1 to 200 characters"))
	}
	if !m.Priced() {
		errs = append(errs, errors.New("rates: give at least one rate or fee"))
	}
	errs = append(errs, m.validate(""))
	for key, n := range m.Nodes {
		if n == nil {
			errs = append(errs, fmt.Errorf("nodes.%s: is null", key))
			continue
		}
		errs = append(errs, n.validate("nodes."+key+"."))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%w for %.80q: %w", ErrModel, m.ID, err)
	}
	return nil
}

func (s *Sheet) validate(at string) error {
	errs := []error{orderTiers(at, s.Tiers)}
	for tier, sheet := range s.ServiceTiers {
		path := at + "service_tiers." + string(tier)
		switch {
		case tier == ServiceStandard || ParseServiceTier(string(tier)) != tier:
			errs = append(errs, fmt.Errorf("%s: not one of priority, flex, batch", path))
		case sheet == nil:
			errs = append(errs, fmt.Errorf("%s: is null", path))
		default:
			errs = append(errs, orderTiers(path+".", sheet.Tiers))
		}
	}
	switch s.WebSearchUnit {
	case "", SearchPerCall, SearchPerQuery, SearchPerPrompt:
	default:
		errs = append(errs, fmt.Errorf("%sweb_search_unit: not one of call, query, prompt", at))
	}
	return errors.Join(errs...)
}

// orderTiers sorts tiers by length and refuses two of the same.
func orderTiers(at string, tiers []Tier) error {
	slices.SortFunc(tiers, func(a, b Tier) int { return int(a.AboveInputTokens - b.AboveInputTokens) })
	for i, t := range tiers {
		if t.AboveInputTokens <= 0 {
			return fmt.Errorf("%stiers: above_input_tokens must be positive", at)
		}
		if i > 0 && tiers[i-1].AboveInputTokens == t.AboveInputTokens {
			return fmt.Errorf("%stiers: two above %d tokens", at, t.AboveInputTokens)
		}
	}
	return nil
}
