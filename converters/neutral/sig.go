package neutral

import (
	"encoding/base64"
	"strings"
)

// Vendor is who made a signature and can read it again.
type Vendor uint8

// Vendors. NoVendor is the absence of a usable signature.
const (
	NoVendor Vendor = iota
	Anthropic
	OpenAI
	Google
)

// Sig is an opaque token of a vendor that has to travel back to it unchanged.
// Of OpenAI, ID is the reasoning item's id. Redacted tells Anthropic's redacted
// thinking from signed thinking.
type Sig struct {
	Vendor   Vendor
	Redacted bool
	ID       string
	Payload  string
}

// Zero says that there is no signature.
func (s Sig) Zero() bool { return s.Vendor == NoVendor }

// Carriers are strings that bring a signature home through a client of another
// vendor: gwr1.<vendor>.<kind>.<payload>.
const (
	CarrierPrefix = "gwr1."
	// Marker stands on thinking without a signature, so that the gateway knows
	// its own when it comes back.
	Marker = "gwr1.none.text."
	// EncodedCarrier is how base64 of any carrier begins.
	EncodedCarrier = "Z3dyMS"
)

// IsCarrier says that a token was made by the gateway.
func IsCarrier(token string) bool { return strings.HasPrefix(token, CarrierPrefix) }

// Carrier packs a signature for a client that keeps the thinking text itself.
// The absence of a signature packs to the marker.
func (s Sig) Carrier() string {
	switch {
	case s.Vendor == Anthropic && s.Redacted:
		return "gwr1.anthropic.redacted." + s.Payload
	case s.Vendor == Anthropic:
		return "gwr1.anthropic.thinking." + s.Payload
	case s.Vendor == OpenAI:
		return "gwr1.openai." + s.ID + "." + s.Payload
	case s.Vendor == Google:
		return "gwr1.google.call." + s.Payload
	default:
		return Marker
	}
}

// CarrierWithText packs a signature together with the thinking text it is bound
// to, for a client that throws the text away.
func (s Sig) CarrierWithText(text string) string {
	if s.Vendor == Anthropic && !s.Redacted {
		return "gwr1.anthropic.thinking-text." + base64.RawURLEncoding.EncodeToString([]byte(text)) + "." + s.Payload
	}
	return s.Carrier()
}

// ParseCarrier unpacks a carrier. text is set only if it rode along. A marker
// and anything malformed unpack to no signature.
func ParseCarrier(token string) (sig Sig, text string) {
	part := strings.SplitN(token, ".", 4)
	if len(part) < 4 || part[3] == "" || !IsCarrier(token) {
		return Sig{}, ""
	}
	payload := part[3]
	switch part[1] + "." + part[2] {
	case "anthropic.thinking":
		return Sig{Vendor: Anthropic, Payload: payload}, ""
	case "anthropic.redacted":
		return Sig{Vendor: Anthropic, Redacted: true, Payload: payload}, ""
	case "google.call":
		return Sig{Vendor: Google, Payload: payload}, ""
	case "anthropic.thinking-text":
		encoded, signature, _ := strings.Cut(payload, ".")
		raw, err := base64.RawURLEncoding.DecodeString(encoded)
		if err != nil || signature == "" {
			return Sig{}, ""
		}
		return Sig{Vendor: Anthropic, Payload: signature}, string(raw)
	}
	if part[1] == "openai" {
		return Sig{Vendor: OpenAI, ID: part[2], Payload: payload}, ""
	}
	return Sig{}, ""
}
