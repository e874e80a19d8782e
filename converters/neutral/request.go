package neutral

import "github.com/claude-code-hub/cch/converters/rawjson"

// Request is what a client asks for, in the union of what the four formats can
// say. Readers deliver it in normal form: neighbouring messages of one role are
// merged, empty text is dropped, leading system and developer messages are in
// System and later ones are system messages in their place, and tool results
// are in user messages.
//
// Strings may be views of the request body it was read from: the body must not
// change while the Request is in use.
type Request struct {
	Model  string
	Stream bool

	System   []Part // text parts
	Messages []Message

	Tools    []Tool
	Choice   Choice
	Parallel *bool // parallel tool calls allowed; nil is the format's default

	MaxTokens        int64 // 0 is unset
	Temperature      Number
	TopP             Number
	TopK             Number
	Seed             Number
	PresencePenalty  Number
	FrequencyPenalty Number
	Stop             []string

	Reasoning Reasoning
	Output    Output

	User      string
	Metadata  string // JSON object
	CacheKey  string
	Tier      Tier
	Verbosity string

	// WantUsage says that a Chat client asked for the usage chunk at the end of
	// a stream. Other formats always carry usage.
	WantUsage bool

	// Custom, Namespaces and LocalShell are how a Responses client declared its
	// tools; answers have to name them that way. See Client.
	Custom     map[string]bool
	Namespaces map[string][2]string
	LocalShell bool

	Needs Caps  // what a target must be able to carry
	Drops Drops // what reading alone already lost
	Size  int   // bytes of the body, a hint for buffers
}

// Number is a JSON number in its own digits; empty is unset.
type Number string

// Role is who speaks in a Message.
type Role uint8

// Roles. System messages appear only after the conversation has begun.
const (
	User Role = iota
	Assistant
	System
)

// Message is one turn of a role.
type Message struct {
	Role  Role
	Parts []Part
}

// PartKind tells which members of a Part count.
type PartKind uint8

// Kinds of parts.
const (
	Text   PartKind = iota // Text, Cache
	Image                  // Mime and Data, or URL; Detail
	Doc                    // Mime and Data, or Text, or URL; Title
	Audio                  // Mime and Data
	Video                  // Mime and Data, or URL
	Think                  // Text, Sig
	Call                   // ID, Name, Args, Custom, Sig
	Result                 // ID, Name, Parts, IsError
)

// Part is a piece of a message.
type Part struct {
	Kind    PartKind
	Custom  bool // of a call
	IsError bool // of a result
	Text    rawjson.Str

	Mime, Data string // Data is base64
	URL        string
	Detail     string // of an image
	Title      string // of a document

	ID   string // of a call, or the call a result answers
	Name string // of the tool; in results only where the client names it
	// Args are a call's arguments as JSON text; of a Custom call, the input as it
	// stands.
	Args string

	Sig   Sig
	Parts []Part // of a result

	Cache string // cache_control as JSON, "" if there is none
}

// IsMedia says that the part is not text.
func (p *Part) IsMedia() bool {
	switch p.Kind {
	case Image, Audio, Video:
		return true
	case Doc:
		return p.Text.Empty()
	default:
		return false
	}
}

// PlainText is the text of a text part or of a text document, the title first.
func (p *Part) PlainText() rawjson.Str {
	if p.Kind == Doc && p.Title != "" {
		return rawjson.Plain(p.Title + "\n\n" + p.Text.String())
	}
	return p.Text
}

// ToolKind tells functions from other tools.
type ToolKind uint8

// Kinds of tools.
const (
	Function  ToolKind = iota
	Custom             // freeform text in, by an optional grammar
	WebSearch          // hosted by the vendor
)

// Tool is one tool the model may use.
type Tool struct {
	Kind   ToolKind
	Name   string
	Desc   string
	Schema string // JSON Schema of a function's arguments; "" if none was given
	Strict *bool
	Cache  string // cache_control as JSON

	GrammarSyntax, Grammar string // of a custom tool

	Allowed, Blocked []string // domains of a web search
	Location         string   // JSON object, user_location of a web search
	MaxUses          int64
}

// ChoiceMode is how free the model is in using tools.
type ChoiceMode uint8

// Choice modes. The allowed ones carry a list of names.
const (
	ChoiceUnset ChoiceMode = iota
	ChoiceAuto
	ChoiceAny
	ChoiceNone
	ChoiceTool
	ChoiceAllowedAny
	ChoiceAllowedAuto
)

// Choice is a tool choice. Names are as the client wrote them.
type Choice struct {
	Mode  ChoiceMode
	Names []string
}

// OutputMode is the shape the answer's text has to take.
type OutputMode uint8

// Output modes.
const (
	OutputText OutputMode = iota
	OutputJSON
	OutputSchema
)

// Output asks for structured output.
type Output struct {
	Mode   OutputMode
	Name   string
	Schema string // JSON Schema
	Strict *bool
	Desc   string
}

// Tier is a service tier; empty is the vendor's default.
type Tier string

// Tiers.
const (
	TierStandard Tier = "standard"
	TierFlex     Tier = "flex"
	TierPriority Tier = "priority"
)

// Client is what the writer of an answer has to know of the client's request.
// It is small and may outlive the request's body.
type Client struct {
	Model     string // the name the client asked for, printed in every answer unless EchoModel
	EchoModel bool   // answers name the model that the upstream says has answered
	RequestID string // stands in for an answer id the upstream did not give
	Now       int64  // Unix seconds, for upstreams that give no time

	WantUsage  bool                 // Chat: the usage chunk is wanted
	Custom     map[string]bool      // Responses: tools declared as custom
	Namespaces map[string][2]string // Responses: flat name to namespace and name
	LocalShell bool                 // Responses: the local_shell tool was declared
	Envelope   bool                 // Gemini: answers in the Code Assist envelope
	Array      bool                 // Gemini: a stream is one JSON array
}

// ModelOf is the model that an answer names, given what the upstream calls it.
func (c *Client) ModelOf(answered string) string {
	if c.EchoModel && answered != "" {
		return answered
	}
	return c.Model
}

// NameOr is the schema's name, or a name for formats that demand one.
func (o *Output) NameOr(fallback string) string {
	if o.Name != "" {
		return o.Name
	}
	return fallback
}
