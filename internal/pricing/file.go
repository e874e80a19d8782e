package pricing

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// fileSchema is our own price list format.
const fileSchema = "ai-price-table/v1"

//go:embed seed.json
var seedFile []byte

// File is a price list: rates in USD per million tokens, fees in USD per unit.
type File struct {
	Schema     string     `json:"schema"`
	Version    string     `json:"version,omitempty"`
	AsOf       string     `json:"as_of,omitempty"` // date of the figures
	Currency   string     `json:"currency,omitempty"`
	VendorFees VendorFees `json:"vendor_fees,omitempty"`
	Models     []*Model   `json:"models"`
}

// VendorFees are the fees of models that list none of their own, by vendor.
type VendorFees map[string]*Fees

// UnmarshalJSON reads an object of fees; members that begin with an underscore
// are remarks.
func (v *VendorFees) UnmarshalJSON(data []byte) error {
	var vendors map[string]json.RawMessage
	if err := json.Unmarshal(data, &vendors); err != nil {
		return fmt.Errorf("read vendor fees: %w", err)
	}
	*v = VendorFees{}
	for vendor, raw := range vendors {
		if strings.HasPrefix(vendor, "_") {
			continue
		}
		var fees Fees
		if err := fees.UnmarshalJSON(raw); err != nil {
			return fmt.Errorf("fees of %.40q: %w", vendor, err)
		}
		(*v)[vendor] = &fees
	}
	return nil
}

// ErrFormat reports a text that is no price list, or none in US dollars.
var ErrFormat = errors.New("not a price list")

// ParseFile reads a list in our own format. Every entry must be valid.
func ParseFile(data []byte) (*File, error) {
	var f File
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if f.Schema != fileSchema {
		return nil, fmt.Errorf("%w: schema is %.40q, not %s", ErrFormat, f.Schema, fileSchema)
	}
	if f.Currency != "" && f.Currency != "USD" {
		return nil, fmt.Errorf("%w: prices are in %.10q, not USD", ErrFormat, f.Currency)
	}
	var errs []error
	for _, m := range f.Models {
		if m == nil {
			return nil, fmt.Errorf("%w: a model is null", ErrFormat)
		}
		if err := m.Validate(); err != nil {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &f, nil
}

// ParseModel reads one entry as it is typed in; name replaces its id.
func ParseModel(name string, data []byte) (*Model, error) {
	var m Model
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("%w for %.80q: %w", ErrModel, name, err)
	}
	m.ID = name
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return &m, nil
}

// Rows are the file's entries as rows of a source, valid ever since.
func (f *File) Rows(source Source) []*Row {
	rows := make([]*Row, 0, len(f.Models))
	for _, m := range f.Models {
		rows = append(rows, &Row{Source: source, Model: m})
	}
	return rows
}

// Seed reads the price list inside the binary, by which requests are billed
// until another one arrives.
func Seed() (*File, error) {
	f, err := ParseFile(seedFile)
	if err != nil {
		return nil, fmt.Errorf("read the embedded price list: %w", err)
	}
	return f, nil
}
