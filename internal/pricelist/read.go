package pricelist

import (
	"fmt"

	"github.com/pelletier/go-toml/v2"

	"github.com/claude-code-hub/cch/internal/pricing"
)

// Read reads a list of any format, which it tells by the content.
func Read(data []byte) (*pricing.Import, pricing.Format, error) {
	format, err := pricing.Detect(data)
	if err != nil {
		return nil, "", err
	}
	if format != pricing.FormatPricesBase {
		list, err := pricing.ParseJSON(data)
		return list, format, err
	}
	if !shallow(data) {
		return nil, format, fmt.Errorf("%w: it is nested too deeply", pricing.ErrFormat)
	}
	var tree map[string]any
	if err := toml.Unmarshal(data, &tree); err != nil {
		return nil, format, fmt.Errorf("%w: it is neither JSON nor TOML: %w", pricing.ErrFormat, err)
	}
	list, err := pricing.ParsePricesBase(tree)
	return list, format, err
}
