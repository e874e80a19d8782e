package neutral

import "unsafe"

// Format is a wire format by its stable id.
type Format string

// The formats. GeminiCLI is Gemini inside the Code Assist envelope.
const (
	Claude    Format = "claude"
	Chat      Format = "chat"
	Responses Format = "responses"
	Gemini    Format = "gemini"
	GeminiCLI Format = "gemini-cli"
)

// View is b as a string without a copy. The string is valid only as long as
// nobody changes b: clone what outlives it.
func View(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // G103: a read-only view, see above
}
