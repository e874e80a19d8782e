package gate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/http/gate"
	"github.com/claude-code-hub/cch/internal/domain"
)

// run feeds frames of a real format through tap and gate; the last ruling counts.
func run(g *gate.Gate, f neutral.Format, frames ...string) gate.Ruling {
	tap := neutral.NewTap(f, false)
	ruling := gate.Hold
	for _, data := range frames {
		ruling = g.Frame(tap.Frame([]byte(data)), nil, len(data))
	}
	return ruling
}

const (
	start      = `{"type":"message_start","message":{"id":"msg_1","model":"m","usage":{"input_tokens":3,"output_tokens":1}}}`
	textBlock  = `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`
	toolBlock  = `{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"ls","input":{}}}`
	blockStop  = `{"type":"content_block_stop","index":0}`
	endTurn    = `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":0}}`
	stop       = `{"type":"message_stop"}`
	ping       = `{"type":"ping"}`
	errorFrame = `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`
)

func TestClaudeCells(t *testing.T) {
	t.Parallel()
	delta := func(body string) string { return `{"type":"content_block_delta","index":0,"delta":` + body + `}` }
	finish := func(reason string) string {
		return `{"type":"message_delta","delta":{"stop_reason":"` + reason + `"}}`
	}
	cases := map[string]struct {
		frames []string
		want   gate.Ruling
		failed domain.FailureKind
	}{
		"opening alone is held":          {[]string{start, ping, textBlock}, gate.Hold, ""},
		"text":                           {[]string{start, textBlock, delta(`{"type":"text_delta","text":"H"}`)}, gate.Open, ""},
		"empty text is held":             {[]string{start, textBlock, delta(`{"type":"text_delta","text":""}`)}, gate.Hold, ""},
		"thinking":                       {[]string{start, delta(`{"type":"thinking_delta","thinking":"hm"}`)}, gate.Open, ""},
		"signature is held":              {[]string{start, delta(`{"type":"signature_delta","signature":"abc"}`)}, gate.Hold, ""},
		"tool arguments":                 {[]string{start, toolBlock, delta(`{"type":"input_json_delta","partial_json":"{"}`)}, gate.Open, ""},
		"tool without arguments":         {[]string{start, toolBlock, blockStop}, gate.Open, ""},
		"text block stop is held":        {[]string{start, textBlock, blockStop}, gate.Hold, ""},
		"redacted thinking":              {[]string{start, `{"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"x"}}`}, gate.Open, ""},
		"server tool result":             {[]string{start, `{"type":"content_block_start","index":0,"content_block":{"type":"web_search_tool_result","content":[]}}`}, gate.Open, ""},
		"max_tokens":                     {[]string{start, finish("max_tokens")}, gate.Open, ""},
		"refusal":                        {[]string{start, finish("refusal")}, gate.Open, ""},
		"plain end is empty":             {[]string{start, endTurn}, gate.Refuse, domain.FailEmpty},
		"message_stop is empty":          {[]string{start, stop}, gate.Refuse, domain.FailEmpty},
		"end after an open call is fine": {[]string{start, toolBlock, endTurn}, gate.Open, ""},
		"error":                          {[]string{start, errorFrame}, gate.Refuse, domain.FailGate},
		"bare error object":              {[]string{`{"error":{"message":"no"}}`}, gate.Refuse, domain.FailGate},
		"no JSON":                        {[]string{`<html>`}, gate.Refuse, domain.FailGate},
		"unknown events are held":        {[]string{start, `{"type":"brand_new"}`}, gate.Hold, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := gate.New(domain.GateEnforce)
			require.Equal(t, c.want, run(g, neutral.Claude, c.frames...))
			require.Equal(t, c.failed, g.Failure())
		})
	}
}

func TestEndWithoutContentIsEmpty(t *testing.T) {
	t.Parallel()
	g := gate.New(domain.GateEnforce)
	run(g, neutral.Claude, start, textBlock)
	require.Equal(t, gate.Refuse, g.End())
	require.Equal(t, domain.FailEmpty, g.Failure())

	g = gate.New(domain.GateEnforce)
	require.Equal(t, gate.Refuse, g.End(), "not a single frame")
}

func TestRulingStands(t *testing.T) {
	t.Parallel()
	g := gate.New(domain.GateEnforce)
	require.Equal(t, gate.Open, g.Frame(neutral.Content, nil, 10))
	require.Equal(t, gate.Open, g.Frame(neutral.Failure, nil, 10))
	require.Equal(t, gate.Open, g.End())

	g = gate.New(domain.GateEnforce)
	require.Equal(t, gate.Refuse, g.Frame(neutral.Failure, nil, 10))
	require.Equal(t, gate.Refuse, g.Frame(neutral.Content, nil, 10))
}

func TestHoldingIsBounded(t *testing.T) {
	t.Parallel()
	g := gate.New(domain.GateEnforce)
	for range gate.MaxFrames {
		require.Equal(t, gate.Hold, g.Frame(neutral.Neutral, nil, 1))
	}
	require.Equal(t, gate.Refuse, g.Frame(neutral.Neutral, nil, 1))

	g = gate.New(domain.GateEnforce)
	require.Equal(t, gate.Hold, g.Frame(neutral.Neutral, nil, gate.MaxBytes))
	require.Equal(t, gate.Refuse, g.Frame(neutral.Neutral, nil, 1))

	g = gate.New(domain.GateEnforce)
	require.Equal(t, gate.Hold, g.Partial(gate.MaxBytes))
	require.Equal(t, gate.Refuse, g.Partial(gate.MaxBytes+1))
	require.Equal(t, domain.FailGate, g.Failure())

	g = gate.New(domain.GateEnforce)
	for range 3 * gate.MaxFrames {
		require.Equal(t, gate.Hold, g.Frame(neutral.Echo, nil, gate.MaxBytes), "echoes of the request are free")
	}
}

func TestOtherModesLetEverythingThrough(t *testing.T) {
	t.Parallel()
	off, shadow := gate.New(domain.GateOff), gate.New(domain.GateShadow)
	require.Equal(t, gate.Open, run(off, neutral.Claude, start, errorFrame))
	require.Equal(t, gate.Open, run(shadow, neutral.Claude, start, errorFrame))
	require.Nil(t, off.Audit(0))
	require.Equal(t, "error", shadow.Audit(0).Verdict, "shadow tells what enforcing would have done")
}

func TestAudit(t *testing.T) {
	t.Parallel()
	g := gate.New(domain.GateEnforce)
	g.Frame(neutral.Neutral, []byte("message_start"), 100)
	g.Frame(neutral.Content, []byte("content_block_delta"), 50)
	require.Equal(t, &domain.StreamGateAudit{
		FrameIndex: 1, EventName: "content_block_delta", BufferedBytes: 150, GateWaitMs: 40, Verdict: "content",
	}, g.Audit(40*time.Millisecond))
}

func TestJudge(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		body, contentType string
		failed            domain.FailureKind
		status            int
	}{
		"answer":             {`{"type":"message","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","usage":{"output_tokens":0}}`, "", "", 0},
		"tool call":          {`{"type":"message","content":[{"type":"tool_use","id":"t","name":"ls","input":{}}],"stop_reason":"tool_use"}`, "", "", 0},
		"nothing":            {"", "", domain.FailEmpty, 520},
		"white space":        {" \n", "", domain.FailEmpty, 520},
		"no content":         {`{"type":"message","content":[],"stop_reason":"end_turn"}`, "", domain.FailEmpty, 520},
		"error object":       {`{"error":{"message":"Rate limit reached"}}`, "", domain.FailFake200, 429},
		"error type":         {`{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, "", domain.FailFake200, 503},
		"error text":         {`{"error":"model does not exist"}`, "", domain.FailFake200, 404},
		"page by its start":  {"\n<!DOCTYPE html><title>504 Gateway Time-out</title>", "", domain.FailFake200, 504},
		"page by its type":   {"<div>hello</div>", "text/html; charset=utf-8", domain.FailFake200, 502},
		"plain text":         {"upstream said no", "text/plain", domain.FailFake200, 502},
		"truncated document": {`{"type":"message","content":[{"ty`, "", domain.FailFake200, 502},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := neutral.NewTap(neutral.Claude, false).Body([]byte(c.body))
			failed, status := gate.Judge(v, []byte(c.body), c.contentType)
			require.Equal(t, c.failed, failed)
			require.Equal(t, c.status, status)
		})
	}
}

func TestInferStatusOrder(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"Too Many Requests":                    429,
		"invalid request: rate limit exceeded": 429,
		"Insufficient Balance":                 402,
		"Invalid API key":                      401,
		"403 Forbidden":                        403,
		"prompt too large":                     413,
		"Unsupported Media Type":               415,
		"version conflict":                     409,
		"Unprocessable entity":                 422,
		"request timeout":                      408,
		"unavailable for legal reasons":        451,
		"Service Unavailable":                  503,
		"upstream timed out":                   504,
		"Internal Server Error":                500,
		"invalid_request_error":                400,
		"gibberish":                            502,
	} {
		require.Equal(t, want, gate.InferStatus(text), text)
	}
}
