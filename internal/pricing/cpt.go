package pricing

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// cptSchema is the format of the hub's public cloud list.
const cptSchema = "cchp.pricing-table/v1"

// maxThreshold is where a length stops being believable; lists contain some that
// were multiplied by a thousand once too often.
const maxThreshold = 100_000_000

type cptTable struct {
	Version  string            `json:"version"`
	Currency string            `json:"currency"`
	AsOf     string            `json:"refreshed_at"`
	Models   []json.RawMessage `json:"models"`
}

type cptModel struct {
	Slug            string       `json:"slug"`
	Name            string       `json:"model_name"`
	Vendor          string       `json:"vendor"`
	DisplayName     string       `json:"display_name"`
	Aliases         []string     `json:"aliases"`
	Type            string       `json:"model_type"`
	MaxInputTokens  json.Number  `json:"max_input_tokens"`
	MaxOutputTokens json.Number  `json:"max_output_tokens"`
	Pricing         []cptVariant `json:"pricing"`
}

// cptVariant is what one seller asks, in one region if it names one.
type cptVariant struct {
	Provider string               `json:"provider"`
	Official bool                 `json:"official"`
	Region   string               `json:"region"`
	Charges  map[string]cptCharge `json:"charges"`
	Tracks   []cptTrack           `json:"tracks"`
}

type cptCharge struct {
	Price    json.RawMessage `json:"price"`
	Unit     string          `json:"unit"`
	Currency string          `json:"currency"`
}

// cptTrack scales charges when all its triggers match: by the factor of the
// charge times the common one.
type cptTrack struct {
	Factor        json.RawMessage            `json:"factor"`
	ChargeFactors map[string]json.RawMessage `json:"charge_factors"`
	Triggers      []cptTrigger               `json:"triggers"`
}

type cptTrigger struct {
	Kind      string  `json:"kind"`
	Field     string  `json:"field"`
	Pattern   string  `json:"pattern"`
	Threshold float64 `json:"threshold"`
	Inclusive bool    `json:"inclusive"`
}

// cptBucket is the bucket of a charge per million tokens.
func cptBucket(name string) (Bucket, bool) {
	switch name {
	case "prompt":
		return Input, true
	case "completion":
		return Output, true
	case "cache_read":
		return CacheRead, true
	case "cache_write":
		return CacheWrite5m, true
	case "cache_write_1h":
		return CacheWrite1h, true
	case "image_input":
		return InputImage, true
	case "audio_input":
		return InputAudio, true
	case "image_output":
		return OutputImage, true
	case "audio_output":
		return OutputAudio, true
	case "reasoning":
		return Reasoning, true
	}
	return 0, false
}

// cptFee is the fee of a charge by its unit, and the places that turn the price
// into one per unit.
func cptFee(name, unit string) (f Fee, places int32, ok bool) {
	switch name + " " + unit {
	case "request per_request":
		return FeeRequest, 0, true
	case "web_search per_k_calls":
		return FeeWebSearch, -3, true
	case "file_search per_k_calls":
		return FeeFileSearch, -3, true
	case "image_output per_image":
		return FeeImageOutput, 0, true
	case "image_input per_image":
		return FeeImageInput, 0, true
	}
	return 0, 0, false
}

func parseCPT(data []byte) (*Import, error) {
	var table cptTable
	if err := json.Unmarshal(data, &table); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if table.Currency != "" && table.Currency != "USD" {
		return nil, fmt.Errorf("%w: prices are in %.10q, not USD", ErrFormat, table.Currency)
	}
	out := &Import{File: &File{Schema: fileSchema, Version: table.Version, AsOf: table.AsOf, Currency: "USD"}}
	for i, raw := range table.Models {
		var c cptModel
		if err := json.Unmarshal(raw, &c); err != nil {
			out.Skipped = append(out.Skipped, cmp.Or(c.Name, fmt.Sprintf("#%d", i+1)))
			continue
		}
		out.add(c.model())
	}
	return out.finish()
}

func (c *cptModel) model() *Model {
	m := &Model{
		ID:              c.Name,
		Vendor:          c.Vendor,
		Mode:            c.mode(),
		DisplayName:     c.DisplayName,
		ContextTokens:   intOf(c.MaxInputTokens),
		MaxOutputTokens: intOf(c.MaxOutputTokens),
		Nodes:           make(map[string]*Node, len(c.Pricing)),
	}
	for _, alias := range append(c.Aliases, c.Slug) {
		if alias != "" && alias != c.Name && !slices.Contains(m.Aliases, alias) {
			m.Aliases = append(m.Aliases, alias)
		}
	}
	for i := range c.Pricing {
		v := &c.Pricing[i]
		key := v.Provider
		if v.Region != "" {
			key += "@" + v.Region
		}
		if m.Nodes[key] == nil && key != "" {
			m.Nodes[key] = &Node{Official: v.Official, Sheet: v.sheet()}
		}
	}
	return m
}

func (c *cptModel) mode() string {
	switch c.Type {
	case "":
		return "chat"
	case "image":
		return "image_generation"
	}
	return c.Type
}

func (v *cptVariant) sheet() Sheet {
	var s Sheet
	var listed Rates
	for name, c := range v.Charges {
		amount, ok := c.amount()
		if !ok {
			continue
		}
		if b, ok := cptBucket(name); ok && c.Unit == "per_M_tokens" {
			listed[b] = amount
		} else if f, places, ok := cptFee(name, c.Unit); ok {
			s.Fees[f] = shifted(amount, places)
		}
	}
	s.Rates = listed
	seen := map[cptPlace]bool{} // the first track that matches is the one that counts
	for i := range v.Tracks {
		at, ok := v.Tracks[i].place()
		if ok && !seen[at] {
			seen[at] = true
			v.Tracks[i].apply(&s, &listed, at)
		}
	}
	return s
}

func (c *cptCharge) amount() (decimal.NullDecimal, bool) {
	if c.Currency != "" && c.Currency != "USD" {
		return decimal.NullDecimal{}, false
	}
	return factorOf(c.Price)
}

func factorOf(raw json.RawMessage) (decimal.NullDecimal, bool) {
	text, ok := scalar(raw)
	if !ok {
		return decimal.NullDecimal{}, false
	}
	d, err := parseAmount(text)
	return decimal.NullDecimal{Decimal: d, Valid: err == nil}, err == nil
}

// place is where the track's triggers put its charges; false if one of them is
// not known.
func (t *cptTrack) place() (at cptPlace, ok bool) {
	hinted := false
	for i := range t.Triggers {
		hinted = hinted || t.Triggers[i].Kind == "header_matches"
		if !at.narrow(&t.Triggers[i]) {
			return at, false
		}
	}
	return at, !hinted || at.above > 0
}

// apply files the scaled charges of a track.
func (t *cptTrack) apply(s *Sheet, listed *Rates, at cptPlace) {
	if at.trait != "" {
		if at.above == 0 && at.service == ServiceStandard {
			t.setMultiplier(s, at.trait)
		}
		return
	}
	rates := s.ratesAt(at.service, at.above)
	for b, amount := range listed {
		factor, ok := t.factor(Bucket(b))
		if !amount.Valid || !ok {
			continue
		}
		rates[b] = decimal.NewNullDecimal(amount.Decimal.Mul(factor).Normalize())
	}
}

// setMultiplier takes a track for fast or regional answers, whose factor has to
// be the same for all charges.
func (t *cptTrack) setMultiplier(s *Sheet, trait string) {
	factor, ok := t.factor(Input)
	if out, okOut := t.factor(Output); !ok || !okOut || !out.Equal(factor) {
		return
	}
	if trait == "fast" {
		s.Multipliers.SpeedFast = decimal.NewNullDecimal(factor)
		return
	}
	s.Multipliers.GeoUS = decimal.NewNullDecimal(factor)
}

// factor is by what the track scales a bucket.
func (t *cptTrack) factor(b Bucket) (decimal.Decimal, bool) {
	all := decimal.NewFromInt(1)
	if len(t.Factor) > 0 {
		f, ok := factorOf(t.Factor)
		if !ok {
			return decimal.Zero, false
		}
		all = f.Decimal
	}
	for name, raw := range t.ChargeFactors {
		if of, ok := cptBucket(name); ok && of == b {
			f, ok := factorOf(raw)
			return all.Mul(f.Decimal), ok
		}
	}
	return all, true
}

// cptPlace is where a track's charges belong.
type cptPlace struct {
	above   int64
	service ServiceTier
	trait   string // fast or us
}

// narrow adds a trigger; false if it is one we have no place for.
func (p *cptPlace) narrow(t *cptTrigger) bool {
	switch t.Kind {
	case "input_tokens_above":
		if t.Threshold <= 0 || t.Threshold > maxThreshold {
			return false
		}
		p.above = int64(t.Threshold)
		if t.Inclusive {
			p.above--
		}
		return p.above > 0
	case "endpoint_matches":
		p.service = ServiceBatch
		return strings.Contains(t.Pattern, "batch")
	case "header_matches":
		// The header that asks for a long context is no reason to pay for one;
		// its length is.
		return strings.Contains(t.Pattern, "context-1m")
	case "body_matches":
		return p.narrowBody(t.Field, strings.Trim(t.Pattern, "^$"))
	}
	return false
}

func (p *cptPlace) narrowBody(field, value string) bool {
	switch {
	case field == "service_tier" && ParseServiceTier(value) != ServiceStandard:
		p.service = ParseServiceTier(value)
	case field == "speed" && value == "fast":
		p.trait = "fast"
	case field == "inference_geo" && value == "us":
		p.trait = "us"
	default:
		return false
	}
	return true
}
