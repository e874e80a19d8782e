package gateway

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"

	"github.com/claude-code-hub/cch/http/gateway/scan"
)

// maxBoundaries is how many ends of messages are looked at, the last ones.
const maxBoundaries = 64

// fingerprint names the beginning of a conversation up to the end of a message.
type fingerprint [16]byte

func (f fingerprint) String() string { return hex.EncodeToString(f[:]) }

// boundary is the end of a message.
type boundary struct {
	at    fingerprint
	depth int // messages up to here
	bytes int // of their texts and what comes before them
}

// prefix fingerprints a conversation message by message. Instructions and tools
// come first, wherever they stand in the body. What clients move or make up anew
// from turn to turn has no part: cache marks, ids of tool calls, and whether a
// text stands alone or in a list.
type prefix struct {
	sum  hash.Hash
	size int
	ends []boundary
}

// prefixOf are the last ends of messages of a body, which is known to be valid,
// the deepest last.
func prefixOf(body []byte) []boundary {
	p := prefix{sum: sha256.New()}
	var system, tools, turns []byte
	parts(scan.New(body), &system, &tools, &turns)
	for _, part := range [...][]byte{system, tools} {
		p.mark('|')
		if len(part) > 0 {
			p.value(scan.New(part))
		}
	}
	if len(turns) == 0 {
		return nil
	}
	c := scan.New(turns)
	if c.Kind() == scan.String { // a prompt alone
		p.value(c)
		p.end(1)
		return p.ends
	}
	for i := range c.Elements() {
		p.value(c)
		p.end(i + 1)
	}
	return p.ends[max(0, len(p.ends)-maxBoundaries):]
}

// parts finds what makes a conversation up, in any protocol.
func parts(c *scan.Cursor, system, tools, turns *[]byte) {
	for name := range c.Members() {
		switch string(name) {
		case "system", "instructions", "systemInstruction", "system_instruction":
			*system = c.Raw()
		case "tools":
			*tools = c.Raw()
		case "messages", "input", "contents":
			*turns = c.Raw()
		case "request": // the envelope of Gemini's CLI
			if c.Kind() == scan.Object {
				parts(c, system, tools, turns)
			}
		}
	}
}

func (p *prefix) end(depth int) {
	p.mark(';')
	var f fingerprint
	copy(f[:], p.sum.Sum(nil))
	p.ends = append(p.ends, boundary{at: f, depth: depth, bytes: p.size})
}

// value takes in a value.
func (p *prefix) value(c *scan.Cursor) {
	switch c.Kind() {
	case scan.Object:
		for name := range c.Members() {
			p.member(c, name)
		}
	case scan.Array:
		for range c.Elements() {
			p.value(c)
		}
	case scan.String:
		t, _ := c.Text()
		p.text(t.Bytes())
	default:
		p.mark('v')
		p.text(c.Raw())
	}
}

func (p *prefix) member(c *scan.Cursor, name []byte) {
	switch string(name) {
	case "cache_control", "id", "tool_use_id", "tool_call_id", "call_id":
		return // skipped by the cursor
	case "text", "content", "parts": // as if it stood alone
	case "type":
		t, _ := c.Text()
		switch string(t.Bytes()) {
		case "text", "input_text", "output_text", "message":
			return
		}
		p.mark('m')
		p.text(t.Bytes())
		return
	default:
		p.mark('m')
		p.text(name)
	}
	p.value(c)
}

func (p *prefix) mark(b byte) { p.sum.Write([]byte{b}) }

func (p *prefix) text(b []byte) {
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(b)))
	p.sum.Write(size[:])
	p.sum.Write(b)
	p.size += len(b)
}
