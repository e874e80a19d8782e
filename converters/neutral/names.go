package neutral

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Namer prints tool names within a format's rules and remembers them for the
// way back. The zero value must not be used: see NewNamer.
type Namer struct {
	limit       int
	letterFirst bool
	back        map[string]string // printed to original, where they differ
}

// NewNamer returns a Namer for names of at most limit characters.
func NewNamer(limit int, letterFirst bool) *Namer {
	return &Namer{limit: limit, letterFirst: letterFirst}
}

// Print is the name to send for a tool: the name itself if the format takes it,
// else a cleaned, shortened one with a hash of the original.
func (n *Namer) Print(name string) string {
	if n.valid(name) {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	clean := strings.Map(func(r rune) rune {
		if nameChar(r) {
			return r
		}
		return '_'
	}, name)
	clean = clean[:min(len(clean), n.limit-9)]
	if n.letterFirst && (clean == "" || !letter(rune(clean[0]))) {
		clean = "_" + clean[:min(len(clean), n.limit-10)]
	}
	printed := clean + "_" + hex.EncodeToString(sum[:4])
	if n.back == nil {
		n.back = map[string]string{}
	}
	n.back[printed] = strings.Clone(name) // answers outlive the request's body
	return printed
}

// Names maps printed names back to the client's, where they differ.
func (n *Namer) Names() map[string]string { return n.back }

func (n *Namer) valid(name string) bool {
	if name == "" || len(name) > n.limit || n.letterFirst && !letter(rune(name[0])) {
		return false
	}
	return strings.IndexFunc(name, func(r rune) bool { return !nameChar(r) }) < 0
}

func letter(r rune) bool {
	return r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func nameChar(r rune) bool {
	return letter(r) || r == '-' || r >= '0' && r <= '9'
}

// CallID is a call id within every format's rules: the id itself, or a hash of
// it. Calls and results pass through it alike.
func CallID(id string) string {
	if id != "" && len(id) <= 64 && strings.IndexFunc(id, func(r rune) bool { return !nameChar(r) }) < 0 {
		return id
	}
	return "call_" + digest(id)
}

// digest is the first 24 hex digits of the SHA-256 of s.
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:12])
}

// OpenAIUser is a user id within OpenAI's 64 characters, longer ones hashed.
func OpenAIUser(id string) string {
	if len(id) <= 64 {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

// BaseID is the part of an answer's id that all formats share: without the
// vendor's prefix and with other characters than letters, digits and _ made _.
// An upstream that gives no id gets one from the request's.
func BaseID(upstream, requestID string) string {
	for _, prefix := range []string{"msg_", "chatcmpl-", "resp_", "gen-"} {
		if rest, ok := strings.CutPrefix(upstream, prefix); ok {
			upstream = rest
			break
		}
	}
	if upstream == "" {
		return digest(requestID)
	}
	return strings.Map(func(r rune) rune {
		if r == '-' || !nameChar(r) {
			return '_'
		}
		return r
	}, upstream)
}
