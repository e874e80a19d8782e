package main

import (
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

// withoutSession is a decision context without what depends on when it was made.
func withoutSession(context gjson.Result) map[string]any {
	m, _ := context.Value().(map[string]any)
	delete(m, "sessionId")
	delete(m, "sessionAge")
	return m
}
