package routing

import (
	"cmp"
	"encoding/json"
	"regexp"
	"strings"
	"unicode/utf8"
)

const maxPublicMessage = 240

// What must not reach a client: names of vendors, and anything that names a
// host, an account or a credential.
var (
	vendorName = regexp.MustCompile(`(?i)\b(anthropic|open-?ai|google|azure|aws|amazon|bedrock|vertex|deepseek|` +
		`openrouter|cloudflare|nginx|aliyun|alibaba|volcengine|moonshot|zhipu|minimax|siliconflow|mistral|xai|groq|together)\b`)
	emailText = regexp.MustCompile(`[\w.+-]+@[\w-]+\.[\w.-]+`)
	urlText   = regexp.MustCompile(`(?i)\b(?:https?|wss?|socks5h?)://\S+`)
	jwtText   = regexp.MustCompile(`\beyJ[\w-]+\.[\w-]+\.[\w-]*`)
	keyText   = regexp.MustCompile(`\b(?:sk|pk|rk|key|AIza|ya29)[-_.]?[\w-]{12,}`)
	idText    = regexp.MustCompile(`(?i)\b(?:req|org|proj|acct|user|msg|resp|chatcmpl|cch_session)[-_][\w-]{6,}|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{24,}\b`)
	ipText    = regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b|\[?(?:[0-9a-fA-F]{0,4}:){3,7}[0-9a-fA-F]{0,4}\]?(?::\d+)?`)
	hostText  = regexp.MustCompile(`(?i)\b(?:[a-z0-9-]+\.)+(?:com|net|org|io|ai|dev|app|cn|cc|co|xyz|top|site|cloud|internal|local)\b(?::\d+)?`)
	spaces    = regexp.MustCompile(`\s+`)
)

// PublicMessage is what of an upstream's error text may be shown to a client, else
// a general text for the status.
func PublicMessage(excerpt string, status int) string {
	return cmp.Or(publicMessage(excerpt), genericMessage(status))
}

// publicMessage is what of an upstream's error text may be shown to a client,
// or nothing if it cannot be shown safely.
func publicMessage(excerpt string) string {
	msg := errorText(excerpt)
	if strings.ContainsAny(msg, "{}<>") || vendorName.MatchString(msg) {
		return ""
	}
	for _, re := range []*regexp.Regexp{urlText, emailText, jwtText, keyText, idText, ipText, hostText} {
		msg = re.ReplaceAllString(msg, "")
	}
	msg = strings.TrimSpace(spaces.ReplaceAllString(msg, " "))
	if len(msg) > maxPublicMessage {
		cut := maxPublicMessage
		for cut > 0 && !utf8.RuneStart(msg[cut]) {
			cut--
		}
		msg = msg[:cut]
	}
	return msg
}

// errorText reads the message out of the error shapes upstreams use:
// {"error":{"message"}}, {"error":"…"}, {"message"}, {"detail"}, also as the
// only element of an array. Text that is no JSON is its own message.
func errorText(excerpt string) string {
	excerpt = strings.TrimSpace(excerpt)
	if !strings.HasPrefix(excerpt, "{") && !strings.HasPrefix(excerpt, "[") {
		return excerpt
	}
	raw := json.RawMessage(excerpt)
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil && len(list) > 0 {
		raw = list[0]
	}
	var body struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
		Detail  string          `json:"detail"`
	}
	if json.Unmarshal(raw, &body) != nil {
		return ""
	}
	var inner struct {
		Message string `json:"message"`
	}
	var text string
	switch {
	case json.Unmarshal(body.Error, &inner) == nil && inner.Message != "":
		return inner.Message
	case json.Unmarshal(body.Error, &text) == nil && text != "":
		return text
	case body.Message != "":
		return body.Message
	}
	return body.Detail
}
