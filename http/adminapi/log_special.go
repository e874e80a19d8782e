package adminapi

import (
	"encoding/json"

	"github.com/claude-code-hub/cch/internal/domain"
)

// special decodes what the gateway did to the calls and found out about them, and
// hides which seller's price they were billed by, as the bill does.
func (v logView) special(raw string) ([]domain.SpecialSetting, error) {
	list := []domain.SpecialSetting{}
	if raw == "" {
		return list, nil
	}
	if err := json.Unmarshal([]byte(raw), &list); err != nil {
		return nil, err
	}
	for i := range list {
		if s := &list[i]; !v.full && s.Type == domain.SpecialPriceResolving {
			s.Source = ""
			if s.PriceFound != nil {
				s.Node = ""
			}
		}
	}
	return list, nil
}
