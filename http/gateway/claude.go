package gateway

import (
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/http/gateway/scan"
)

// claude is the Anthropic Messages API.
func claude() *dialect {
	return &dialect{
		format:      neutral.Claude,
		member:      claudeMember,
		ping:        "event: ping\ndata: {\"type\": \"ping\"}\n\n",
		answerModel: claudeAnswerModel,
	}
}

func claudeMember(c *scan.Cursor, name []byte, h *head) {
	switch string(name) {
	case "model":
		h.model, _ = c.Text()
	case "stream":
		h.stream, _ = c.Bool()
	case "system":
		h.opening.system = claudeTexts(c, h.opening.system)
	case "tools":
		for range c.Elements() {
			for field := range c.Members() {
				if string(field) == "name" {
					if t, ok := c.Text(); ok {
						h.opening.tools = append(h.opening.tools, t)
					}
				}
			}
		}
	case "messages":
		for i := range c.Elements() {
			claudeMessage(c, h)
			h.messages = i + 1
		}
	case "metadata":
		claudeMetadata(c, h)
	default:
		h.hints.member(c, name)
	}
}

// claudeMessage reads a message; the texts of the first one from the user are
// part of the conversation's opening.
func claudeMessage(c *scan.Cursor, h *head) {
	if h.opening.complete {
		return // skipped by the cursor
	}
	var texts []scan.Text
	fromUser := false
	for field := range c.Members() {
		switch string(field) {
		case "role":
			role, _ := c.Text()
			fromUser = role.String() == "user"
		case "content":
			texts = claudeTexts(c, nil)
		}
	}
	if fromUser {
		h.opening.user, h.opening.complete = texts, true
	}
}

// claudeTexts reads content: a string, or the texts of blocks.
func claudeTexts(c *scan.Cursor, to []scan.Text) []scan.Text {
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

func claudeMetadata(c *scan.Cursor, h *head) {
	h.metadata.found = true
	if c.Kind() != scan.Object {
		return
	}
	h.metadata.object, h.metadata.empty, h.metadata.at = true, true, c.Pos()+1
	for field := range c.Members() {
		h.metadata.empty = false
		switch string(field) {
		case "user_id":
			h.hints.hasUserID = true
			h.hints.userID, _ = c.Text()
		case "session_id":
			h.hints.metadata, _ = c.Text()
		}
	}
}

func claudeAnswerModel(doc []byte) (from, to int, ok bool) {
	m := gjson.GetBytes(doc, "message.model")
	if !m.Exists() {
		m = gjson.GetBytes(doc, "model")
	}
	if m.Type != gjson.String || m.Index == 0 {
		return 0, 0, false
	}
	return m.Index, m.Index + len(m.Raw), true
}
