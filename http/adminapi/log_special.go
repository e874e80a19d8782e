package adminapi

import (
	"fmt"

	"github.com/claude-code-hub/cch/internal/domain"
)

// special decodes what the gateway did to the calls and found out about them, and
// hides which seller's price they were billed by, as the bill does. The trace is
// nil where there is none.
func (v logView) special(detail *domain.RequestDetail) ([]domain.SpecialSetting, *domain.RouteTrace, error) {
	list, trace, err := domain.DecodeSpecial(detail.Special)
	if err != nil {
		return nil, nil, fmt.Errorf("special settings of %s: %w", detail.RequestID, err)
	}
	for i := range list {
		if s := &list[i]; !v.full && s.Type == domain.SpecialPriceResolving {
			s.Source = ""
			if s.PriceFound != nil {
				s.Node = ""
			}
		}
	}
	return list, trace, nil
}
