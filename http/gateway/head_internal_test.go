package gateway

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAForgottenHeadHoldsNothingOfTheBody reads a body of each protocol that has
// everything a head takes down.
func TestAForgottenHeadHoldsNothingOfTheBody(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dialect *dialect
		body    string
	}{
		"claude": {&claude, `{"model":"m","stream":true,"speed":"fast","service_tier":"auto","system":"s","tools":[{"name":"f"}],` +
			`"metadata":{"user_id":"u","session_id":"x"},"session_id":"y","messages":[{"role":"user","content":"hi"}]}`},
		"chat": {&chat, `{"model":"m","stream":true,"stream_options":{"include_usage":true},"service_tier":"flex","prompt_cache_key":"k",` +
			`"messages":[{"role":"system","content":"s"},{"role":"user","content":"hi"}]}`},
		"responses":  {&responses, `{"model":"m","stream":true,"instructions":"s","previous_response_id":"r","input":"hi","prompt_cache_key":"k"}`},
		"gemini-cli": {&geminiCLI, `{"model":"m","user_prompt_id":"p","request":{"session_id":"s","contents":[{"parts":[{"text":"hi"}]}]}}`},
	} {
		var h head
		require.NoError(t, readHead(c.dialect, []byte(c.body), &h), name)
		require.Positive(t, views(reflect.ValueOf(h)), name)
		before := h
		h.forget()
		require.Zero(t, views(reflect.ValueOf(h)), name)
		require.Equal(t, before.stream, h.stream)
		require.Equal(t, before.messages, h.messages)
		require.Equal(t, before.end, h.end)
		require.Equal(t, before.demand(), h.demand())
	}
}

// views counts the bytes that a value refers to.
func views(v reflect.Value) (n int) {
	switch v.Kind() {
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return v.Cap()
		}
		for i := range v.Len() {
			n += views(v.Index(i))
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			n += views(field)
		}
	default:
	}
	return n
}
