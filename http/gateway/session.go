package gateway

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
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

	hasCacheKey bool
	cacheKey    scan.Text // OpenAI: prompt_cache_key
	previous    scan.Text // Responses: previous_response_id
	envelope    scan.Text // Gemini CLI: request.session_id
	prompt      scan.Text // Gemini CLI: user_prompt_id
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

// codexPrevious begins the name of a session of which only the answer before
// this turn is known.
const codexPrevious = "codex_prev_"

// sessionPlaces are where a client may name its session, best first.
func sessionPlaces() [11]func(x *exchange) string {
	header := func(name string) func(*exchange) string {
		return func(x *exchange) string { return x.r.Header.Get(name) }
	}
	return [...]func(*exchange) string{
		header("X-Claude-Code-Session-Id"),
		func(x *exchange) string { return sessionInUserID(x.head.hints.userID.String()) },
		func(x *exchange) string { return x.head.hints.metadata.String() },
		func(x *exchange) string { return codexHeader(x.r.Header) },
		header("X-Session-Id"),
		header("X-Session-Affinity"), // OpenCode
		func(x *exchange) string { return sessionInCacheKey(x.head.hints.cacheKey.String()) },
		func(x *exchange) string { return x.threads.session(x.key.ID, x.previous()) },
		func(x *exchange) string { return x.head.hints.other.String() },
		func(x *exchange) string { return x.head.hints.envelope.String() },
		func(x *exchange) string { return sessionInPrompt(x.head.hints.prompt.String()) },
	}
}

// previous is the answer of the Responses API that the call goes on from, or
// that it is about.
func (x *exchange) previous() string {
	const prefix = "/v1/responses/"
	if path := x.target.path; x.target.handling == resource && len(path) > len(prefix) && strings.EqualFold(path[:len(prefix)], prefix) {
		id, _, _ := strings.Cut(path[len(prefix):], "/")
		return id
	}
	return x.head.hints.previous.String()
}

// codexHeader is the session id of Codex, which has had three names and is sent
// under two of them.
func codexHeader(h http.Header) string {
	for _, name := range [...]string{"Session-Id", "Thread-Id", "Session_id"} {
		if v := strings.TrimSpace(h.Get(name)); v != "" {
			return v
		}
	}
	return ""
}

// sessionInCacheKey takes a key for a session id if it is long enough to be one.
func sessionInCacheKey(key string) string {
	if len(key) < minCacheKey {
		return ""
	}
	return key
}

// sessionInPrompt is the session in a user_prompt_id of the Gemini CLI, which
// counts the session's prompts behind a separator.
func sessionInPrompt(id string) string {
	session, _, found := strings.Cut(id, "########")
	if !found {
		return ""
	}
	return session
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

// sessionInUserID finds the session id inside Claude Code's user id, a JSON
// document in newer versions.
func sessionInUserID(userID string) string {
	if strings.HasPrefix(userID, "{") {
		return gjson.Get(userID, "session_id").String()
	}
	return sessionInLegacyUserID(userID)
}

// sessionInLegacyUserID takes apart how Claude Code before 2.1.78 packed the
// session into its user id: user_<hash>_account_<id, or nothing>_session_<id>.
func sessionInLegacyUserID(userID string) string {
	rest, ok := strings.CutPrefix(userID, "user_")
	user, rest, named := strings.Cut(rest, "_account_")
	_, session, packed := strings.Cut(rest, "_session_")
	if !ok || !named || !packed || user == "" {
		return ""
	}
	return session
}
