package gateway

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"github.com/claude-code-hub/cch/http/gateway/scan"
	"github.com/claude-code-hub/cch/internal/domain"
)

// opening is the part of a conversation that stays as it grows.
type opening struct {
	system, tools, user []scan.Text
	complete            bool // the user's first message was seen
}

// turn reads a message, whose texts are in the member called content. The first
// one from the user is part of the opening, and so are instructions before it.
func (o *opening) turn(c *scan.Cursor, content string) {
	if o.complete || c.Kind() != scan.Object {
		return // skipped by the cursor
	}
	var said []scan.Text
	role := "user" // Gemini lets it out
	for field := range c.Members() {
		switch string(field) {
		case "role":
			r, _ := c.Text()
			role = r.String()
		case content:
			said = texts(c, nil)
		}
	}
	switch role {
	case "user":
		o.user, o.complete = said, true
	case "system", "developer":
		o.system = append(o.system, said...)
	}
}

// toolNames reads the names of tools, wherever a protocol keeps them.
func (o *opening) toolNames(c *scan.Cursor) {
	for range c.Elements() {
		o.toolName(c)
	}
}

func (o *opening) toolName(c *scan.Cursor) {
	for field := range c.Members() {
		switch string(field) {
		case "name":
			if t, ok := c.Text(); ok {
				o.tools = append(o.tools, t)
			}
		case "function", "custom":
			o.toolName(c)
		case "functionDeclarations", "function_declarations":
			o.toolNames(c)
		}
	}
}

// texts reads content: a string, or the texts of blocks.
func texts(c *scan.Cursor, to []scan.Text) []scan.Text {
	if c.Kind() == scan.String {
		if t, ok := c.Text(); ok {
			to = append(to, t)
		}
		return to
	}
	for range c.Elements() {
		for field := range c.Members() {
			if string(field) == "text" {
				if t, ok := c.Text(); ok {
					to = append(to, t)
				}
			}
		}
	}
	return to
}

// fingerprint names the conversation after its opening: the same for each turn,
// and wherever clients move their cache marks. Empty without a user's text.
func (o *opening) fingerprint(key domain.KeyID, p domain.Protocol) string {
	if len(o.user) == 0 {
		return ""
	}
	h := sha256.New()
	var buf []byte
	add := func(text []byte) {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(text)))
		h.Write(size[:])
		h.Write(text)
	}
	add(strconv.AppendInt(nil, int64(key), 10))
	add([]byte(p))
	for _, part := range [...][]scan.Text{o.system, o.tools, o.user} {
		add(strconv.AppendInt(nil, int64(len(part)), 10))
		for _, t := range part {
			buf = t.AppendTo(buf[:0])
			add(buf)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
