package claude_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/converters/claude"
)

// nested wraps a text in protobuf fields, the innermost number last; beside each
// stand fields that mean nothing here.
func nested(text string, numbers ...byte) string {
	if len(numbers) == 0 {
		return text
	}
	inner := nested(text, numbers[1:]...)
	length := string(rune(len(inner)))
	if len(inner) > 127 {
		length = string([]byte{byte(len(inner)) | 0x80, byte(len(inner) >> 7)})
	}
	return "\x38\x08" + // field 7, a number
		"\x45abcd" + // field 8, four bytes
		"\x49abcdefgh" + // field 9, eight bytes
		"\x52\x02xy" + // field 10, two bytes
		string(numbers[0]<<3|2) + length + inner + "\x52\x01z"
}

func TestSignedModel(t *testing.T) {
	t.Parallel()
	encode := func(raw string) string { return base64.StdEncoding.EncodeToString([]byte(raw)) }
	for name, c := range map[string]struct{ signature, want string }{
		"named":            {encode(nested("claude-opus-4-8", 2, 1, 6)), "claude-opus-4-8"},
		"no padding":       {strings.TrimRight(encode(nested("claude-x", 2, 1, 6)), "="), "claude-x"},
		"long":             {encode(nested("claude-x", 2, 1, 6) + strings.Repeat("\x52\x02xy", 5000)), "claude-x"},
		"encrypted rest":   {encode("\x12\x90\x4e" + nested("claude-x", 1, 6) + strings.Repeat("e", 9000)), "claude-x"},
		"elsewhere":        {encode(nested("claude-opus-4-8", 2, 1, 5)), ""},
		"not printable":    {encode(nested("claude\nopus", 2, 1, 6)), ""},
		"too long":         {encode(nested(strings.Repeat("m", 129), 6)), ""},
		"empty":            {encode(nested("", 2, 1, 6)), ""},
		"a number instead": {encode("\x12\x04\x0a\x02\x30\x01"), ""},
		"cut":              {encode(nested("claude-opus-4-8", 2, 1, 6))[:20], ""},
		"cut in the name":  {encode("\x12\x20\x0a\x1e\x32\x0fclaude-o"), ""},
		"broken number":    {encode("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), ""},
		"group":            {encode("\x13\x12\x01a"), ""},
		"no base64":        {"gwr1.{}", ""},
		"nothing":          {"", ""},
	} {
		require.Equal(t, c.want, claude.SignedModel(c.signature), name)
	}
}

func FuzzSignedModel(f *testing.F) {
	f.Add("EgEKAQ==")
	f.Add(base64.StdEncoding.EncodeToString([]byte(nested("claude-opus-4-8", 2, 1, 6))))
	f.Fuzz(func(t *testing.T, signature string) {
		require.LessOrEqual(t, len(claude.SignedModel(signature)), 128)
	})
}
