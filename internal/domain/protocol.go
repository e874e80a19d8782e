package domain

import "slices"

// Protocol is a wire format spoken by clients and providers.
type Protocol string

// The protocols, named as in the API, the log and the dashboard.
const (
	ProtocolClaude    Protocol = "claude"
	ProtocolChat      Protocol = "chat"
	ProtocolResponses Protocol = "responses"
	ProtocolGemini    Protocol = "gemini"
	ProtocolGeminiCLI Protocol = "gemini-cli"
)

// ProviderType says which protocol a provider speaks and how it is addressed.
type ProviderType string

// The provider types.
const (
	TypeClaude           ProviderType = "claude"
	TypeClaudeAuth       ProviderType = "claude-auth"
	TypeCodex            ProviderType = "codex"
	TypeOpenAICompatible ProviderType = "openai-compatible"
	TypeGemini           ProviderType = "gemini"
	TypeGeminiCLI        ProviderType = "gemini-cli"
)

// ProviderTypes lists every type, for validation and documentation.
func ProviderTypes() []ProviderType {
	return []ProviderType{TypeClaude, TypeClaudeAuth, TypeCodex, TypeOpenAICompatible, TypeGemini, TypeGeminiCLI}
}

// Protocol is the wire format the type speaks natively.
func (t ProviderType) Protocol() Protocol {
	switch t {
	case TypeClaude, TypeClaudeAuth:
		return ProtocolClaude
	case TypeCodex:
		return ProtocolResponses
	case TypeOpenAICompatible:
		return ProtocolChat
	case TypeGemini:
		return ProtocolGemini
	case TypeGeminiCLI:
		return ProtocolGeminiCLI
	}
	return ""
}

// Valid tells whether t is a known type.
func (t ProviderType) Valid() bool { return slices.Contains(ProviderTypes(), t) }

// CallClass sorts endpoints by what the data plane does with them.
type CallClass string

// The call classes.
const (
	CallGenerate CallClass = "generate" // a model call: all limits, billed
	CallCount    CallClass = "count"    // token counting: free, no breaker
	CallResource CallClass = "resource" // anything else passed through: free, no breaker
)
