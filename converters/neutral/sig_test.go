package neutral_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/converters/neutral"
)

func TestCarriersComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		token := rapid.StringMatching(`[A-Za-z0-9+/=._-]{1,40}`)
		sig := rapid.SampledFrom([]neutral.Sig{
			{Vendor: neutral.Anthropic}, {Vendor: neutral.Anthropic, Redacted: true}, {Vendor: neutral.OpenAI, ID: "rs_1"}, {Vendor: neutral.Google},
		}).Draw(t, "vendor")
		sig.Payload = token.Draw(t, "payload")
		got, text := neutral.ParseCarrier(sig.Carrier())
		require.Equal(t, sig, got, "whatever dots the payload holds")
		require.Empty(t, text)

		thought := rapid.String().Draw(t, "text")
		got, text = neutral.ParseCarrier(sig.CarrierWithText(thought))
		require.Equal(t, sig, got)
		if sig.Vendor == neutral.Anthropic && !sig.Redacted {
			require.Equal(t, thought, text)
		}
	})
}

func TestBrokenCarriersAreNone(t *testing.T) {
	t.Parallel()
	for _, token := range []string{
		"", "EqQB", "gwr1.", "gwr1.none.text.", "gwr1.none.text.x", "gwr1.anthropic.thinking.", "gwr1.anthropic.new.x",
		"gwr1.anthropic.thinking-text.!!.S", "gwr1.anthropic.thinking-text.QQ", "gwr1.openai.rs_1", "gwr2.google.call.x",
	} {
		sig, text := neutral.ParseCarrier(token)
		require.True(t, sig.Zero(), token)
		require.Empty(t, text)
	}
	require.Equal(t, neutral.Marker, neutral.Sig{}.Carrier())
	require.True(t, neutral.IsCarrier(neutral.Marker))
}
