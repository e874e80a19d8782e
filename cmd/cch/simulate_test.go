package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// A simulation with a request's id as its seed says what that request did.
func TestSimulationsAndRequestsAgree(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	up := testkit.NewUpstream(t, "up")
	for i := range 20 {
		p.AddProvider(t, up, []testkit.M{
			{"weight": 1 + 7*i%100},
			{"costMultiplier": 0.5, "modelRedirects": []testkit.M{{"matchType": "prefix", "source": "claude-", "target": "renamed"}}},
			{"priority": 1},
			{"isEnabled": false},
			{"blockedClients": []string{"*"}},
			{"draining": true},
			{"groups": []string{"vip"}},
			{"allowedModels": []string{"another"}},
		}[i%8])
	}
	user := p.AddUser(t, "ann", nil)
	_, key := p.Admin(t, http.MethodPost, "/users/"+itoa(user)+"/keys", testkit.M{"name": "first"})
	secret := key.Get("secret").String()

	for i := range 8 {
		session := fmt.Sprint("s-", i)
		for turn, want := range []string{"initial_selection", "session_reuse"} {
			status, header, body := p.Messages(t, secret, testkit.Prompt(true, "hello"), "X-Claude-Code-Session-Id", session)
			require.Equal(t, http.StatusOK, status, body)
			row := p.AwaitLogs(t, "sessionId="+session, turn+1)[0]
			require.Equal(t, header.Get("X-Request-Id"), row.Get("requestId").String())
			first := p.Detail(t, row.Get("id").String()).Get(`decisionChain.#(reason=="` + want + `")`)
			call := testkit.M{
				"format": "claude", "model": row.Get("model").String(), "keyId": key.Get("id").Int(),
				"client": testkit.M{"userAgent": "Go-http-client/1.1"}, "seed": row.Get("requestId").String(),
			}
			if turn > 0 {
				call["sessionId"] = session
			}
			status, said := p.Admin(t, http.MethodPost, "/dispatch/simulate", call)
			require.Equal(t, http.StatusOK, status, said.Raw)
			require.True(t, first.Exists(), want)
			require.Equal(t, want, said.Get("reason").String())
			require.Equal(t, row.Get("providerId").Int(), said.Get("provider.id").Int())
			require.Equal(t, row.Get("modelSent").String(), said.Get("modelSent").String())
			require.Equal(t, first.Get("selectionMethod").String(), said.Get("selectionMethod").String())
			require.Equal(t, withoutSession(first.Get("decisionContext")), withoutSession(said.Get("decisionContext")))
			require.Len(t, said.Get("providers").Array(), 20)
		}
	}
}

// What filters and overrides do to a request they do to a supposed one: it goes to
// the same provider, under the same model, and the record says the same of it.
func TestSimulationsAndRequestsAreChangedAlike(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	up := testkit.NewUpstream(t, "up")
	p.AddProvider(t, up, testkit.M{"allowedModels": []string{"asked"}})
	second := p.AddProvider(t, up, testkit.M{
		"allowedModels": []string{"written"}, "overrides": testkit.M{"maxTokens": 50, "context1m": "force_enable"},
		"modelRedirects": []testkit.M{{"matchType": "exact", "source": "written", "target": "sent"}},
	})
	filter := func(name string, f testkit.M) {
		f["name"], f["mode"] = name, "simple"
		status, made := p.Admin(t, http.MethodPost, "/request-filters", f)
		require.Equal(t, http.StatusCreated, status, made.Raw)
	}
	filter("renames", testkit.M{"scope": "body", "action": "json_path", "target": "model", "replacement": "written"})
	filter("bound", testkit.M{"scope": "body", "action": "text_replace", "matchType": "contains", "target": "hello", "replacement": "bye", "binding": "providers", "providerIds": []int64{second}})
	filter("last", testkit.M{"scope": "header", "action": "set", "target": "X-Last", "replacement": "1", "phase": "final"})
	filter("nowhere", testkit.M{"scope": "body", "action": "json_path", "target": "messages.x", "replacement": 1})
	user := p.AddUser(t, "ann", nil)
	_, key := p.Admin(t, http.MethodPost, "/users/"+itoa(user)+"/keys", testkit.M{"name": "first", "cacheTtl": "1h"})

	const sent = `{"model":"asked","max_tokens":900,"metadata":{"user_id":"u"},"messages":[{"role":"user","content":"hello"}]}`
	status, header, body := p.Messages(t, key.Get("secret").String(), sent)
	require.Equal(t, http.StatusOK, status, body)
	id := header.Get("X-Request-Id")
	p.AwaitLogs(t, "requestId="+id, 1)
	row := p.Detail(t, id)

	call := testkit.M{"format": "claude", "model": "asked", "keyId": key.Get("id").Int(), "client": testkit.M{"userAgent": "Go-http-client/1.1"}, "seed": id}
	_, bare := p.Admin(t, http.MethodPost, "/dispatch/simulate", call)
	call["body"] = json.RawMessage(sent)
	_, full := p.Admin(t, http.MethodPost, "/dispatch/simulate", call)
	for _, said := range []gjson.Result{bare, full} {
		require.Equal(t, second, row.Get("providerId").Int())
		require.Equal(t, second, said.Get("provider.id").Int(), said.Raw)
		require.Equal(t, "sent", row.Get("modelSent").String())
		require.Equal(t, "sent", said.Get("modelSent").String())
		require.JSONEq(t, `["renames","bound","last","nowhere"]`, said.Get("filters.#.name").Raw)
		require.JSONEq(t, `[["context1m","maxTokens","cacheTtl"]]`, said.Get(`providers.#(id==`+itoa(second)+`)#.overrides`).Raw)
		require.Equal(t, said.Get("filters.1.id").Raw, said.Get("provider.filterIds.0").Raw)
	}
	require.Equal(t, "null", bare.Get("changes").Raw)
	require.JSONEq(t, row.Get("specialSettings").Raw, full.Get("changes.special").Raw)
	require.JSONEq(t, `[{"path":"model","before":"asked","after":"sent"},{"path":"max_tokens","before":900,"after":50},{"path":"messages[0].content","before":"hello","after":"bye"}]`,
		full.Get("changes.edits").Raw)
	require.NotContains(t, full.Raw, "upstream-key-of-")
	require.Len(t, up.Calls(), 1, "nobody is called")
}

// withoutSession is a decision context without what depends on when it was made.
func withoutSession(context gjson.Result) map[string]any {
	m, _ := context.Value().(map[string]any)
	delete(m, "sessionId")
	delete(m, "sessionAge")
	return m
}
