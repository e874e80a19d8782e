package gateway_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

// party is a protocol as clients speak it and providers of its type do.
type party struct {
	wire

	kind domain.ProviderType
}

// parties are all five protocols.
func parties() map[string]party {
	all := map[string]party{}
	for name, kind := range map[string]domain.ProviderType{
		"chat": domain.TypeOpenAICompatible, "responses": domain.TypeCodex, "gemini": domain.TypeGemini, "gemini-cli": domain.TypeGeminiCLI,
	} {
		all[name] = party{wires()[name], kind}
	}
	stream := messageStart("$") + event("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`) +
		textDelta("Hel") + textDelta("lo") + event("content_block_stop", `{"type":"content_block_stop","index":0}`) + messageEnd()
	all["claude"] = party{wire{
		path: "/v1/messages", plain: "/v1/messages", body: streamBody, events: []string{stream}, document: message,
	}, domain.TypeClaude}
	return all
}

// eachPair runs a test for every client and every provider of another protocol.
func eachPair(t *testing.T, run func(t *testing.T, client, provider party)) {
	t.Helper()
	for c, client := range parties() {
		for p, provider := range parties() {
			if c != p {
				t.Run(c+" by "+p, func(t *testing.T) {
					t.Parallel()
					run(t, client, provider)
				})
			}
		}
	}
}

const pairModel = "claude-5" // that of streamBody

// requireStream holds an answer to be a whole stream of the client's protocol.
func requireStream(t *testing.T, a answer) {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.Contains(t, a.header.Get("Content-Type"), "text/event-stream")
	require.Contains(t, a.body, "lo")
	require.NotContains(t, a.body, `"error":{`)
}

// Streams of listed models are made from whole answers of providers of another
// protocol too, and a provider that fails is followed by the next.
func TestConvertedStreamsMadeFromWholeAnswers(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, client, provider party) {
		t.Helper()
		for _, failing := range []bool{false, true} {
			handlers := []http.HandlerFunc{says(200, "application/json", as(pairModel, provider.document))}
			if failing {
				handlers = append([]http.HandlerFunc{says(500, "application/json", `{"error":{"message":"down"}}`)}, handlers...)
			}
			w := newWorld(t, func(w *world) {
				converting(t, provider.kind)(w)
				listed(pairModel)(w)
			}, handlers...)
			requireStream(t, w.callTo("POST", as(pairModel, client.path), as(pairModel, client.body)))
			results := w.actor.wait(t, len(handlers))
			last := results[len(results)-1]
			require.Equal(t, domain.ClassOK, last.Class)
			require.True(t, last.Complete)
			require.Positive(t, last.Usage.Output)
			if failing {
				require.Equal(t, domain.ClassProviderError, results[0].Class)
			}
		}
	})
}

// A second provider of another protocol wins while the first is silent; where the
// second one fails, the first is waited for.
func TestConvertedStreamsThatRace(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, client, provider party) {
		t.Helper()
		_, silent := slow()
		w := newWorld(t, func(w *world) {
			converting(t, provider.kind)(w)
			racing(w)
		}, silent, streams(provider.stream(pairModel)))
		requireStream(t, w.callTo("POST", as(pairModel, client.path), as(pairModel, client.body)))
		loser, winner := byAttempt(t, w)
		require.True(t, loser.Lost)
		require.Equal(t, domain.ClassClientAbort, loser.Class, "nobody is to blame")
		require.True(t, winner.Complete && winner.Committed && !winner.Lost)

		late, first := slow()
		w = newWorld(t, func(w *world) {
			converting(t, provider.kind)(w)
			racing(w)
		}, first, func(rw http.ResponseWriter, r *http.Request) {
			says(500, "application/json", `{"error":{"message":"down"}}`)(rw, r)
			time.AfterFunc(20*time.Millisecond, func() {
				late <- provider.stream(pairModel)
				close(late)
			})
		})
		requireStream(t, w.callTo("POST", as(pairModel, client.path), as(pairModel, client.body)))
		winner, loser = byAttempt(t, w)
		require.Equal(t, domain.ClassProviderError, loser.Class)
		require.True(t, winner.Complete && winner.Committed)
	})
}
