package pricing

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// toMillion turns a price per token into one per million.
const toMillion = 6

// LiteLLM names its token prices <base>[_above_<N>k_tokens][_priority|_flex|_batches].
// A base that begins like another one comes first.
//
//nolint:gochecknoglobals // read-only table
var litellmRates = []struct {
	base   string
	bucket Bucket
}{
	{"cache_creation_input_token_cost_above_1hr", CacheWrite1h},
	{"cache_creation_input_token_cost", CacheWrite5m},
	{"cache_read_input_token_cost", CacheRead},
	{"input_cost_per_audio_token", InputAudio},
	{"input_cost_per_image_token", InputImage},
	{"input_cost_per_token", Input},
	{"output_cost_per_audio_token", OutputAudio},
	{"output_cost_per_image_token", OutputImage},
	{"output_cost_per_reasoning_token", Reasoning},
	{"output_cost_per_token", Output},
}

//nolint:gochecknoglobals // read-only table
var litellmFees = []struct {
	name   string
	fee    Fee
	places int32
}{
	{"input_cost_per_request", FeeRequest, 0},
	{"output_cost_per_image", FeeImageOutput, 0},
	{"input_cost_per_image", FeeImageInput, 0},
	{"file_search_cost_per_1k_calls", FeeFileSearch, -3},
	{"code_interpreter_cost_per_session", FeeCodeInterpreter, 0},
}

// parseLiteLLM reads model_prices_and_context_window.json and its likes.
func parseLiteLLM(data []byte) (*Import, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var models map[string]any
	if err := d.Decode(&models); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	out := &Import{File: &File{Schema: fileSchema, Currency: "USD"}}
	for name, entry := range models {
		fields, ok := entry.(map[string]any)
		if !ok || name == "sample_spec" {
			continue
		}
		out.add(litellmModel(name, fields))
	}
	return out.finish()
}

// ParsePricesBase reads a prices-base list from its decoded TOML. Its top level
// merges resellers and never becomes a price; what single sellers ask does.
func ParsePricesBase(tree map[string]any) (*Import, error) {
	models, ok := tree["models"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: it has no table of models", ErrFormat)
	}
	out := &Import{File: &File{Schema: fileSchema, Currency: "USD"}}
	if meta, ok := tree["metadata"].(map[string]any); ok {
		out.File.Version = textOf(meta["version"])
	}
	for name, entry := range models {
		fields, ok := entry.(map[string]any)
		if !ok {
			continue
		}
		m := litellmModel(name, fields)
		m.Sheet = Sheet{}
		sellers, _ := fields["pricing"].(map[string]any)
		m.Nodes = make(map[string]*Node, len(sellers))
		for key, node := range sellers {
			if prices, ok := node.(map[string]any); ok {
				official, _ := prices["official"].(bool)
				n := &Node{Official: official || key == m.Vendor, Sheet: litellmSheet(prices)}
				if apart := amountOf(prices["reasoning_cost_per_token"]); apart.Valid {
					n.Rates[Reasoning] = shifted(apart, toMillion)
				}
				m.Nodes[key] = n
			}
		}
		out.add(m)
	}
	return out.finish()
}

func litellmModel(name string, fields map[string]any) *Model {
	m := &Model{
		ID:              name,
		Vendor:          textOf(fields["litellm_provider"]),
		Mode:            textOf(fields["mode"]),
		DisplayName:     textOf(fields["display_name"]),
		ContextTokens:   intOf(fields["max_input_tokens"]),
		MaxOutputTokens: intOf(fields["max_output_tokens"]),
		Sheet:           litellmSheet(fields),
	}
	return m
}

func litellmSheet(fields map[string]any) Sheet {
	var s Sheet
	for name, v := range fields {
		s.addLitellmRate(name, v)
	}
	for _, f := range litellmFees {
		s.Fees[f.fee] = shifted(amountOf(fields[f.name]), f.places)
	}
	if search, ok := fields["search_context_cost_per_query"].(map[string]any); ok {
		s.Fees[FeeWebSearch] = amountOf(search["search_context_size_medium"])
	}
	if extra, ok := fields["provider_specific_entry"].(map[string]any); ok {
		s.Multipliers.SpeedFast = amountOf(extra["fast"])
		s.Multipliers.GeoUS = amountOf(extra["us"])
	}
	if steps, ok := fields["tiered_pricing"].([]any); ok {
		s.addLitellmSteps(steps)
	}
	return s
}

// addLitellmRate files one field, if it is a token price.
func (s *Sheet) addLitellmRate(name string, v any) {
	for _, r := range litellmRates {
		suffix, ok := strings.CutPrefix(name, r.base)
		if !ok {
			continue
		}
		above, service, ok := litellmSuffix(suffix)
		if amount := amountOf(v); ok && amount.Valid {
			s.ratesAt(service, above)[r.bucket] = shifted(amount, toMillion)
		}
		return
	}
}

// litellmSuffix reads what follows the base of a field's name.
func litellmSuffix(suffix string) (above int64, service ServiceTier, ok bool) {
	if rest, cut := strings.CutPrefix(suffix, "_above_"); cut {
		thousands, after, found := strings.Cut(rest, "k_tokens")
		n, err := strconv.ParseInt(thousands, 10, 32)
		if !found || err != nil || n <= 0 {
			return 0, "", false
		}
		above, suffix = n*1000, after
	}
	switch suffix {
	case "":
		return above, ServiceStandard, true
	case "_priority":
		return above, ServicePriority, true
	case "_flex":
		return above, ServiceFlex, true
	case "_batches":
		return above, ServiceBatch, true
	}
	return 0, "", false
}

// addLitellmSteps reads prices by range of prompt length. The range that begins
// at nothing is the base.
func (s *Sheet) addLitellmSteps(steps []any) {
	for _, step := range steps {
		fields, ok := step.(map[string]any)
		if !ok {
			continue
		}
		span, ok := fields["range"].([]any)
		if !ok || len(span) == 0 {
			continue
		}
		above := intOf(span[0])
		for _, r := range litellmRates {
			if amount := amountOf(fields[r.base]); amount.Valid {
				s.ratesAt(ServiceStandard, above)[r.bucket] = shifted(amount, toMillion)
			}
		}
	}
}
