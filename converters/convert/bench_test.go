package convert_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
)

// deltas is a stream of a format whose text comes in pieces of five bytes: what
// comes before them, one of them, and what comes after.
func deltas(f neutral.Format) (head, one, tail string) {
	switch f {
	case neutral.Claude:
		return "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"usage\":{\"input_tokens\":9}}}\n\n" +
				"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
			"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hello\"}}\n\n",
			"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n" +
				"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":5}}\n\n" +
				"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
	case neutral.Chat:
		chunk := func(rest string) string {
			return "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000123,\"model\":\"up\",\"choices\":[{\"index\":0,\"delta\":" + rest + "}]}\n\n"
		}
		return chunk(`{"role":"assistant","content":""},"finish_reason":null`), chunk(`{"content":"hello"},"finish_reason":null`),
			chunk(`{},"finish_reason":"stop"`) + "data: [DONE]\n\n"
	case neutral.Responses:
		event := func(kind, rest string) string {
			return "event: " + kind + "\ndata: {\"type\":\"" + kind + "\",\"sequence_number\":1," + rest + "}\n\n"
		}
		return event("response.created", `"response":{"id":"resp_1","created_at":1}`) +
				event("response.content_part.added", `"item_id":"msg_1","output_index":0,"content_index":0,"part":{"type":"output_text"}`),
			event("response.output_text.delta", `"item_id":"msg_1","output_index":0,"content_index":0,"delta":"hello","logprobs":[]`),
			event("response.completed", `"response":{"status":"completed","output":[],"usage":{"input_tokens":1,"output_tokens":2}}`)
	default:
		chunk := func(rest string) string {
			return "data: {\"candidates\":[{\"content\":{\"parts\":[" + rest + ",\"index\":0}],\"modelVersion\":\"up\",\"responseId\":\"r\"}\r\n\r\n"
		}
		return chunk(`{"text":"Hi"}],"role":"model"}`), chunk(`{"text":"hello"}],"role":"model"}`), chunk(`{"text":""}],"role":"model"},"finishReason":"STOP"`)
	}
}

// BenchmarkDelta converts one text delta, every pair of formats.
func BenchmarkDelta(b *testing.B) {
	for _, from := range formats() {
		for _, to := range formats() {
			if from == to {
				continue
			}
			b.Run(fmt.Sprintf("%s-to-%s", from, to), func(b *testing.B) {
				head, one, _ := deltas(from)
				piece := []byte(one)
				x := &convert.Exchange{From: from, To: to, Client: neutral.Client{Model: "m", RequestID: "r"}}
				s := x.Stream()
				s.Feed([]byte(head))
				b.SetBytes(int64(len(piece)))
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					if len(s.Feed(piece)) == 0 {
						b.Fatal("a delta vanished")
					}
					if n++; n == 100_000 { // answers end; a writer may keep their text
						s = x.Stream()
						s.Feed([]byte(head))
						n = 0
					}
				}
			})
		}
	}
}

// BenchmarkStream converts a megabyte of small deltas as it comes from the
// network, in pieces of 4 KiB.
func BenchmarkStream(b *testing.B) {
	for _, from := range formats() {
		for _, to := range formats() {
			if from == to {
				continue
			}
			b.Run(fmt.Sprintf("%s-to-%s", from, to), func(b *testing.B) {
				head, one, tail := deltas(from)
				stream := []byte(head + strings.Repeat(one, 1<<20/len(one)) + tail)
				x := &convert.Exchange{From: from, To: to, Client: neutral.Client{Model: "m", RequestID: "r"}}
				b.SetBytes(int64(len(stream)))
				b.ReportAllocs()
				for b.Loop() {
					s := x.Stream()
					for rest := stream; len(rest) > 0; {
						n := min(4096, len(rest))
						s.Feed(rest[:n])
						rest = rest[n:]
					}
					s.Finish()
					if s.Err() != nil {
						b.Fatal(s.Err())
					}
				}
			})
		}
	}
}

// bigRequest is a request of about a megabyte: a long history of tools, text
// and an image.
func bigRequest(tb testing.TB, f neutral.Format) []byte {
	tb.Helper()
	var m bytes.Buffer
	m.WriteString(`{"model":"m","max_tokens":4096,"stream":true,"tools":[{"name":"ls","input_schema":{"type":"object","properties":{"p":{"type":"string"}}}}],"messages":[`)
	m.WriteString(`{"role":"user","content":[{"type":"text","text":"go"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"` + strings.Repeat("iVBORw0K", 16<<10) + `"}}]}`)
	for i := 0; m.Len() < 1<<20; i++ {
		fmt.Fprintf(&m, `,{"role":"assistant","content":[{"type":"text","text":"step %d"},{"type":"tool_use","id":"t%d","name":"ls","input":{"p":"/%d"}}]}`, i, i, i)
		fmt.Fprintf(&m, `,{"role":"user","content":[{"type":"tool_result","tool_use_id":"t%d","content":"%s"}]}`, i, strings.Repeat(`line of a file: \"x\"\n`, 50))
	}
	m.WriteString("]}")
	if f == neutral.Claude {
		return m.Bytes()
	}
	r, err := convert.Decode(neutral.Claude, m.Bytes(), convert.Path{})
	require.NoError(tb, err)
	out, err := convert.Encode(r, &neutral.Target{Format: f})
	require.NoError(tb, err)
	return out.Body
}

// BenchmarkRequest converts a request of a megabyte.
func BenchmarkRequest(b *testing.B) {
	for _, from := range formats() {
		body := bigRequest(b, from)
		for _, to := range formats() {
			if from == to {
				continue
			}
			b.Run(fmt.Sprintf("%s-to-%s", from, to), func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				for b.Loop() {
					r, err := convert.Decode(from, body, convert.Path{Model: "m", Stream: true})
					if err != nil {
						b.Fatal(err)
					}
					if _, err := convert.Encode(r, &neutral.Target{Format: to}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
