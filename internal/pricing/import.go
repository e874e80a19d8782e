package pricing

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// Format is a kind of price list.
type Format string

// The formats. A prices-base list is TOML and decoded by whoever has a decoder.
const (
	FormatOwn        Format = "ai-price-table/v1"
	FormatCPT        Format = cptSchema
	FormatLiteLLM    Format = "litellm"
	FormatPricesBase Format = "prices-base"
)

// Detect tells the format of a price list by its content; what is not JSON is
// taken for TOML.
func Detect(data []byte) (Format, error) {
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return "", fmt.Errorf("%w: it is empty", ErrFormat)
	}
	if data[0] != '{' {
		return FormatPricesBase, nil
	}
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return "", fmt.Errorf("%w: %w", ErrFormat, err)
	}
	switch head.Schema {
	case fileSchema:
		return FormatOwn, nil
	case cptSchema:
		return FormatCPT, nil
	case "":
		return FormatLiteLLM, nil
	}
	return "", fmt.Errorf("%w: unknown schema %.40q", ErrFormat, head.Schema)
}

// Import is a foreign price list in our terms.
type Import struct {
	File *File
	// Skipped are the models without a usable price, by name.
	Skipped []string
}

// ParseJSON reads a price list in any of the JSON formats. Foreign lists are
// taken as far as they can be understood, our own only as a whole.
func ParseJSON(data []byte) (*Import, error) {
	format, err := Detect(data)
	if err != nil {
		return nil, err
	}
	switch format {
	case FormatOwn:
		f, err := ParseFile(data)
		return &Import{File: f}, err
	case FormatCPT:
		return parseCPT(data)
	case FormatLiteLLM:
		return parseLiteLLM(data)
	case FormatPricesBase:
	}
	return nil, fmt.Errorf("%w: it is no JSON", ErrFormat)
}

// add takes a model over if it can be billed.
func (i *Import) add(m *Model) {
	m.dropEmpty()
	if m.Validate() != nil {
		i.Skipped = append(i.Skipped, m.ID)
		return
	}
	i.File.Models = append(i.File.Models, m)
}

// finish brings the list into order. Of two models with one name the one with
// an official price stays, else the first.
func (i *Import) finish() (*Import, error) {
	slices.SortStableFunc(i.File.Models, func(a, b *Model) int {
		if c := strings.Compare(a.ID, b.ID); c != 0 {
			return c
		}
		return boolToInt(b.hasOfficial()) - boolToInt(a.hasOfficial())
	})
	i.File.Models = slices.CompactFunc(i.File.Models, func(a, b *Model) bool { return a.ID == b.ID })
	slices.Sort(i.Skipped)
	if len(i.File.Models) == 0 {
		return nil, fmt.Errorf("%w: no model has a price", ErrFormat)
	}
	return i, nil
}

func (m *Model) hasOfficial() bool {
	for _, n := range m.Nodes {
		if n.Official {
			return true
		}
	}
	return false
}

// dropEmpty removes nodes, tiers and service tiers that list nothing.
func (m *Model) dropEmpty() {
	m.Sheet.dropEmpty()
	for key, n := range m.Nodes {
		n.dropEmpty()
		if !n.HasPrice() {
			delete(m.Nodes, key)
		}
	}
}

func (s *Sheet) dropEmpty() {
	empty := func(t Tier) bool { return t.Rates.IsZero() }
	s.Tiers = slices.DeleteFunc(s.Tiers, empty)
	for name, service := range s.ServiceTiers {
		service.Tiers = slices.DeleteFunc(service.Tiers, empty)
		if service.Rates.IsZero() && len(service.Tiers) == 0 {
			delete(s.ServiceTiers, name)
		}
	}
}

// service is the sheet's service tier of that name, made if there is none.
func (s *Sheet) service(name ServiceTier) *ServiceSheet {
	if s.ServiceTiers == nil {
		s.ServiceTiers = map[ServiceTier]*ServiceSheet{}
	}
	if s.ServiceTiers[name] == nil {
		s.ServiceTiers[name] = &ServiceSheet{}
	}
	return s.ServiceTiers[name]
}

// ratesAt are the rates of a service tier above a length, made if there are none.
func (s *Sheet) ratesAt(name ServiceTier, above int64) *Rates {
	rates, tiers := &s.Rates, &s.Tiers
	if name != ServiceStandard {
		service := s.service(name)
		rates, tiers = &service.Rates, &service.Tiers
	}
	if above == 0 {
		return rates
	}
	for i := range *tiers {
		if (*tiers)[i].AboveInputTokens == above {
			return &(*tiers)[i].Rates
		}
	}
	*tiers = append(*tiers, Tier{AboveInputTokens: above})
	return &(*tiers)[len(*tiers)-1].Rates
}

// textOf is the decimal text of a number in a decoded tree, as JSON or TOML
// decoders leave it.
func textOf(v any) string {
	switch n := v.(type) {
	case json.Number:
		return n.String()
	case string:
		return strings.TrimSpace(n)
	case float64:
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return ""
		}
		return strconv.FormatFloat(n, 'g', -1, 64)
	case int64:
		return strconv.FormatInt(n, 10)
	}
	return ""
}

// amountOf is a price in a decoded tree; what is none is not listed.
func amountOf(v any) decimal.NullDecimal {
	d, err := parseAmount(textOf(v))
	return decimal.NullDecimal{Decimal: d, Valid: err == nil}
}

// shifted is a listed price times ten to the places.
func shifted(a decimal.NullDecimal, places int32) decimal.NullDecimal {
	if a.Valid {
		a.Decimal = a.Decimal.Shift(places).Normalize()
	}
	return a
}

func intOf(v any) int64 {
	d, err := parseAmount(textOf(v))
	if err != nil {
		return 0
	}
	return d.IntPart()
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
