package gateway_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

// places is where resources are, told over a channel.
type places chan domain.ResourceKey

func (p places) Keep(key domain.ResourceKey, _ domain.ProviderID) { p <- key }

func (places) Find(context.Context, domain.ResourceKey) (domain.ProviderID, error) { return 0, nil }

// Where an answer is, is known as soon as its client can know its id: it may go
// on from it, or cancel it, while it is made.
func TestAnAnswerIsBoundWhenItBegins(t *testing.T) {
	t.Parallel()
	p := wires()["responses"]
	kept, next := make(places, 4), make(chan string)
	w := newWorld(t, func(w *world) { w.opts.Bindings = kept }, paced(next))
	call := w.request(t.Context(), as("m", strings.Replace(p.body, `"store":false,`, "", 1)))
	call.URL.Path, call.URL.RawQuery = p.path, ""
	b := w.begin(t, call)
	next <- as("m", p.events[0]+p.events[1])
	b.expect(as("m", p.events[0]+p.events[1]))
	select {
	case key := <-kept:
		require.Equal(t, domain.ResourceKey{KeyID: 11, ID: "resp_1"}, key)
	case <-time.After(5 * time.Second):
		t.Fatal("nothing was kept while the answer is made")
	}
	next <- as("m", p.events[2]+p.events[3])
	close(next)
	b.expect(as("m", p.events[2]+p.events[3]))
	require.True(t, w.actor.only(t).Complete)
	require.Empty(t, kept, "once is enough")

	w = newWorld(t, func(w *world) { w.opts.Bindings = kept }, streams(p.stream("m")))
	require.Equal(t, 200, w.callTo("POST", p.path, as("m", p.body)).status)
	w.actor.wait(t, 1)
	require.Empty(t, kept, "what is not stored upstream is nowhere")
}
