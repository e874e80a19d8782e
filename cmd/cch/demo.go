package main

import (
	"context"
	"net/http"
	"time"

	"github.com/claude-code-hub/cch/internal/demo"
	"github.com/claude-code-hub/cch/internal/domain"
)

// demoPace is the time between the words of a streamed demo answer, about that
// of a fast model.
const demoPace = 25 * time.Millisecond

// buildDemo makes the demo upstream, which nothing calls until an administrator
// asks for a provider that stands for it.
func (a *App) buildDemo(context.Context, Options) error {
	if a.cfg.Setup.DemoUpstream == "on" {
		a.demo = demo.NewServer(demoPace)
	}
	return nil
}

// schemes are the provider URLs that lead to no network.
func (a *App) schemes() map[string]http.RoundTripper {
	if a.demo == nil {
		return nil
	}
	return map[string]http.RoundTripper{domain.DemoScheme: demo.Transport{Handler: a.demo}}
}
