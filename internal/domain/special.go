package domain

import "encoding/json"

// specialRouteTrace marks the element of the stored list that is no setting but
// the trace of the route, which is as rare as they are and bound to them.
const specialRouteTrace SpecialType = "route_trace"

// storedSpecial is an element of the list as it is stored.
type storedSpecial struct {
	SpecialSetting
	*RouteTrace
}

// DecodeSpecial reads what AppendSpecial wrote. The list is never nil; the trace
// is, where there is none.
func DecodeSpecial(stored string) (list []SpecialSetting, trace *RouteTrace, err error) {
	list = []SpecialSetting{}
	if stored == "" {
		return list, nil, nil
	}
	var all []storedSpecial
	if err := json.Unmarshal([]byte(stored), &all); err != nil {
		return nil, nil, err
	}
	for i := range all {
		if all[i].Type == specialRouteTrace {
			trace = all[i].RouteTrace
			continue
		}
		list = append(list, all[i].SpecialSetting)
	}
	return list, trace, nil
}

// ServiceFound is which service a call was billed as, and by whose word.
type ServiceFound struct {
	Requested string        `json:"requestedServiceTier,omitempty"` // of the provider, overrides and filters included
	Actual    string        `json:"actualServiceTier,omitempty"`    // as the provider says; empty = it does not
	Preferred ServiceSource `json:"billingSourcePreference,omitempty"`
	By        ServiceSource `json:"resolvedFrom,omitempty"`
	Priority  bool          `json:"effectivePriority,omitempty"`
}

// Where a model was read that made an answer.
const (
	SignedModelFound  = "signature"
	SignedModelAbsent = "fallback_no_signature_with_thinking" // asked to think, it signed nothing that can be read
)

// ModelSigned is what the signature of a thinking model says of who thought.
type ModelSigned struct {
	Asked string `json:"requestedModel,omitempty"` // of the provider
	Found string `json:"extractedModel,omitempty"` // empty = the signature names none
	Any   bool   `json:"signatureFound,omitempty"`
}

// PriceFound is how the price of a call was found, where that is not plain.
type PriceFound struct {
	Named    string `json:"modelName,omitempty"`                  // by what it is billed
	Model    string `json:"resolvedModelName,omitempty"`          // in the price list
	Node     string `json:"resolvedPricingProviderKey,omitempty"` // the seller's key; empty = the model's own rates
	LongFrom int64  `json:"thresholdTokens,omitempty"`            // prompts beyond it are dearer
	Scope    string `json:"pricingScope,omitempty"`               // of what is dearer: request
}
