package gateway

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/http/gateway/scan"
	"github.com/claude-code-hub/cch/internal/domain"
)

// session is the conversation a request belongs to, and how that was found out.
type session struct {
	id     string
	source domain.SessionSource
}

// sessionHints are the places of a body where clients name their session.
type sessionHints struct {
	hasUserID bool      // metadata.user_id is there, of whatever type
	userID    scan.Text // metadata.user_id
	metadata  scan.Text // metadata.session_id
	other     scan.Text // session_id and its relatives at the top level
}

// member reads the top-level members that mean the same in every protocol.
func (s *sessionHints) member(c *scan.Cursor, name []byte) {
	switch string(name) {
	case "session_id", "sessionId", "conversation_id":
		s.other, _ = c.Text()
	case "conversation":
		if c.Kind() == scan.String {
			s.other, _ = c.Text()
			return
		}
		for field := range c.Members() {
			if string(field) == "id" {
				s.other, _ = c.Text()
			}
		}
	}
}

// sessionPlaces are where a client may name its session, best first.
func sessionPlaces() [7]func(x *exchange) string {
	header := func(name string) func(*exchange) string {
		return func(x *exchange) string { return x.r.Header.Get(name) }
	}
	return [...]func(*exchange) string{
		header("X-Claude-Code-Session-Id"),
		func(x *exchange) string { return sessionInUserID(x.head.hints.userID.String()) },
		func(x *exchange) string { return x.head.hints.metadata.String() },
		header("Session-Id"), // Codex; thread-id is the same
		header("X-Session-Id"),
		header("X-Session-Affinity"), // OpenCode
		func(x *exchange) string { return x.head.hints.other.String() },
	}
}

// findSession names the session of a request: as the client does, else after
// the opening of the conversation, else anew.
func findSession(x *exchange) session {
	for _, place := range sessionPlaces() {
		if id := strings.TrimSpace(place(x)); validSessionID(id) {
			return session{id: id, source: domain.SessionFromClient}
		}
	}
	if id := x.head.opening.fingerprint(x.key.ID, x.target.protocol); id != "" {
		return session{id: id, source: domain.SessionFromFingerprint}
	}
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	id := "sess_" + strconv.FormatInt(x.at.UnixMilli(), 36) + "_" + hex.EncodeToString(b[:])
	return session{id: id, source: domain.SessionGenerated}
}

func validSessionID(id string) bool {
	if id == "" || len(id) > 256 {
		return false
	}
	for i := range len(id) {
		b := id[i]
		letter := b|0x20 >= 'a' && b|0x20 <= 'z'
		if !letter && (b < '0' || b > ':') && b != '.' && b != '_' && b != '-' { // ':' follows '9'
			return false
		}
	}
	return true
}

// legacyUserID is how Claude Code before 2.1.78 packed the session into its
// user id.
var legacyUserID = regexp.MustCompile(`^user_(.+?)_account_(.*?)_session_(.+)$`)

// sessionInUserID finds the session id inside Claude Code's user id, a JSON
// document in newer versions.
func sessionInUserID(userID string) string {
	if strings.HasPrefix(userID, "{") {
		return gjson.Get(userID, "session_id").String()
	}
	if m := legacyUserID.FindStringSubmatch(userID); m != nil {
		return m[3]
	}
	return ""
}

// opening is the part of a conversation that stays as it grows.
type opening struct {
	system, tools, user []scan.Text
	complete            bool // the user's first message was seen
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
