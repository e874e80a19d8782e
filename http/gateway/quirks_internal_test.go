package gateway

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQuirksAreReadOutOfRefusals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]quirk{
		`Invalid JSON payload received. Unknown name "id" at 'contents[1].parts[0].function_call': Cannot find field.`:    noCallIDs,
		"messages.1.content.0: Invalid `signature` in `thinking` block":                                                   noForeignThinking,
		"messages.1.content.0.thinking.signature: Field required":                                                         noForeignThinking,
		"`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified":                     noForeignThinking,
		"Expected `thinking` or `redacted_thinking`, but found `tool_use`":                                                noForeignThinking,
		"The encrypted content gAAA... could not be verified. Reason: Encrypted content could not be decrypted or parsed": noForeignThinking,
		"Corrupted thought signature.":                                                                        noForeignThinking,
		"messages.3.content.1.text.signature: Extra inputs are not permitted":                                 noForeignThinking,
		"messages.1: a final assistant message must start with a thinking block":                              noForeignThinking,
		"thinking.enabled.budget_tokens: Input should be greater than or equal to 1024":                       noSmallBudget,
		"thinking cannot be disabled while reasoning_effort is set":                                           noEffort,
		"thinking cannot be disabled with output_config.effort high":                                          noEffort,
		"system.0: x-anthropic-billing-header is a reserved keyword and may not be used in the system prompt": noBilling,
		"thinking cannot be disabled for this model":                                                          0,
		"max_tokens must be greater than thinking.budget_tokens":                                              0,
		"Unknown parameter: 'stream_options'":                                                                 noStreamOptions,
		"Instructions are required":                                                                           wantsInstructions,
		"max_tokens: must be at least 1":                                                                      0,
		`Unknown name "temperature" at 'generationConfig'`:                                                    0,
	} {
		require.Equal(t, want, quirkIn(400, text), text)
		if want != noBilling {
			require.Zero(t, quirkIn(403, text), text)
		}
	}
	require.Equal(t, noBilling, quirkIn(403, "X-Anthropic-Billing-Header not allowed"))
	require.Zero(t, quirkIn(500, "x-anthropic-billing-header"))
}

func TestOpenAIsOwnHosts(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"https://api.openai.com/v1": true, "https://x.openai.azure.com": true, "https://API.OPENAI.com": true,
		"https://relay.example/api.openai.com": false, "https://api.openai.com.evil.example": false, "http://127.0.0.1:1": false, "demo:": false,
	} {
		require.Equal(t, want, isOpenAI(address), address)
	}
}
