package domain

import "time"

// ConnectionTest asks whether a provider answers. It holds a credential: it
// goes to the tester and nowhere else.
type ConnectionTest struct {
	Provider Provider // type, URL, key and transport are used
	Model    string   // empty = the type's usual small model
	Expect   string   // text the answer should hold; empty = "pong"
	Slow     time.Duration
	Timeout  time.Duration
}

// ConnectionStatus sums up a connectivity test.
type ConnectionStatus string

// The statuses.
const (
	ConnectionGreen  ConnectionStatus = "green"
	ConnectionYellow ConnectionStatus = "yellow" // reachable and authenticated, but slow, limited or odd
	ConnectionRed    ConnectionStatus = "red"
)

// ConnectionReport is what a connectivity test found. Texts are redacted.
type ConnectionReport struct {
	Status     ConnectionStatus
	SubStatus  string // success, slow_latency, auth_error, rate_limit, invalid_request, client_error, server_error, network_error, content_mismatch
	HTTPStatus int    // 0 = no answer
	Latency    time.Duration
	FirstByte  time.Duration
	Model      string // as the upstream names it
	Content    string
	Usage      Usage
	Error      string
	RawSample  string // at most 4 KiB
	UsedProxy  bool
	Attempts   []ConnectionAttempt
}

// ConnectionAttempt is one call of a connectivity test.
type ConnectionAttempt struct {
	Preset     string
	URL        string // without query and user-info
	HTTPStatus int
	SubStatus  string
	Error      string
}
