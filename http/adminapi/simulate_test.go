package adminapi_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/http/adminapi"
	"github.com/claude-code-hub/cch/http/gateway"
	"github.com/claude-code-hub/cch/internal/domain"
)

type simulation struct {
	Provider *struct {
		ID          int64
		Probability float64
	}
	Reason          string
	SelectionMethod *string
	ModelSent       *string
	Refusal         *struct {
		Code         string
		RetryAfterMs int64
	}
	Seed      string
	Draw      float64
	Providers []struct {
		ID          int64
		Eligible    bool
		Reason      *string
		Priority    int
		Converted   bool
		Probability float64
	}
	DecisionContext domain.DecisionContext
}

// reasons are why providers are out, by id; "" for those that are in.
func (s *simulation) reasons() map[int64]string {
	out := map[int64]string{}
	for _, p := range s.Providers {
		out[p.ID] = ""
		if p.Reason != nil {
			out[p.ID] = *p.Reason
		}
	}
	return out
}

func withCapabilities(o *adminapi.Options) {
	o.Lacking = func(needs neutral.Caps, _ neutral.Format) func(*domain.Provider, string) string {
		return func(*domain.Provider, string) string { return (needs & neutral.NeedVideo).First() }
	}
}

// supposing reads supposed requests as the gateway does.
func supposing(w *world) func(*adminapi.Options) {
	return func(o *adminapi.Options) {
		ids := domain.NewRequestIDs(1, 0)
		g := gateway.New(gateway.Options{Catalog: w.catalog, Now: w.clock, IDs: ids})
		o.Suppose = func(c *domain.Catalog, s *domain.Supposed) (adminapi.Supposition, error) {
			read, err := g.Suppose(c, s)
			if read == nil {
				return nil, err
			}
			return read, err
		}
	}
}

func (w *world) addProvider(name string, edit map[string]any) int64 {
	w.t.Helper()
	body := map[string]any{"name": name, "type": "claude", "url": "https://" + name + ".example", "key": "a-key"}
	maps.Copy(body, edit)
	var made struct{ ID int64 }
	w.admin(http.MethodPost, "/api/v1/providers", body).into(w.t, http.StatusCreated, &made)
	return made.ID
}

func (w *world) simulate(body map[string]any) (s simulation) {
	w.t.Helper()
	w.admin(http.MethodPost, "/api/v1/dispatch/simulate", body).into(w.t, http.StatusOK, &s)
	return s
}

// Twenty providers, each out for a reason of its own but for the two of the best
// tier that are left.
func TestSimulateExplainsTwentyProviders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withCapabilities)
	now := w.clock()
	w.admin(http.MethodPatch, "/api/v1/settings", map[string]any{"timezone": "UTC"}).into(t, http.StatusOK, &struct{}{})
	want := map[int64]string{}
	add := func(reason string, edit map[string]any) int64 {
		id := w.addProvider(fmt.Sprintf("p%02d", len(want)), edit)
		want[id] = reason
		return id
	}
	report := func(id int64, h domain.ProviderHealth) {
		h.ProviderID, h.At = domain.ProviderID(id), now
		w.actors.health[h.ProviderID] = h
	}
	one := add("", map[string]any{"weight": 30})
	two := add("", map[string]any{"weight": 10})
	add("disabled", map[string]any{"isEnabled": false})
	add("group_mismatch", map[string]any{"groups": []string{"vip"}})
	add("group_mismatch", map[string]any{"groups": []string{"gold"}})
	add("client_restriction", map[string]any{"allowedClients": []string{"codex-cli"}})
	add("client_restriction", map[string]any{"blockedClients": []string{"claude-cli"}})
	add("draining", map[string]any{"draining": true})
	add("schedule_inactive", map[string]any{"activeTimeStart": "01:00", "activeTimeEnd": "02:00"})
	add("format_type_mismatch", map[string]any{"type": "codex"})
	add("format_type_mismatch", map[string]any{"type": "gemini"})
	add("unconvertible:video", map[string]any{"type": "openai-compatible", "acceptFormats": "all"})
	add("model_not_allowed", map[string]any{"allowedModels": []string{"claude-opus-4-1"}})
	add("model_not_allowed", map[string]any{"allowedModels": []any{map[string]any{"matchType": "prefix", "pattern": "gpt-"}}})
	report(add("circuit_open", nil), domain.ProviderHealth{Breaker: domain.BreakerOpen, OpenUntil: now.Add(time.Hour)})
	report(add("cooling_down", nil), domain.ProviderHealth{Breaker: domain.BreakerClosed, CoolingUntil: now.Add(time.Minute)})
	report(add("busy", map[string]any{"limitConcurrentRequests": 1}), domain.ProviderHealth{Breaker: domain.BreakerClosed, InFlight: 1, RequestLimit: 1})
	add("lower_priority", map[string]any{"priority": 1})
	add("lower_priority", map[string]any{"priority": 7})
	add("lower_priority", map[string]any{"groupPriorities": map[string]int{"default": 3}, "groups": []string{"default"}})
	require.Len(t, want, 20)

	call := map[string]any{
		"format": "claude", "model": "claude-sonnet-4-5", "features": []string{"video"}, "seed": "42",
		"client": map[string]any{"userAgent": "claude-cli/2.1.197 (external, cli)"},
	}
	got := w.simulate(call)
	require.Equal(t, want, got.reasons())
	require.Equal(t, "initial_selection", got.Reason)
	require.Equal(t, "weighted_random", *got.SelectionMethod)
	require.Equal(t, "42", got.Seed)
	chosen := one
	if got.Draw >= 0.75 {
		chosen = two
	}
	require.Equal(t, chosen, got.Provider.ID, "drawn %v", got.Draw)
	for _, p := range got.Providers {
		require.InDelta(t, map[int64]float64{one: 0.75, two: 0.25}[p.ID], p.Probability, 1e-9)
	}
	require.Equal(t, 18, got.DecisionContext.AfterGroupFilter)
	require.Equal(t, got, w.simulate(call), "the same seed draws the same")

	call["edits"] = []any{map[string]any{"id": one, "isEnabled": false}, map[string]any{"id": two, "draining": true}}
	call["features"] = nil
	got = w.simulate(call)
	require.Equal(t, "disabled", got.reasons()[one])
	require.Equal(t, "draining", got.reasons()[two])
	var stored struct{ IsEnabled bool }
	w.admin(http.MethodGet, fmt.Sprintf("/api/v1/providers/%d", one), nil).into(t, http.StatusOK, &stored)
	require.True(t, stored.IsEnabled, "what is supposed is not stored")
}

func TestSimulateFollowsASession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withCapabilities)
	ann := w.person("ann", nil, nil)
	first := w.addProvider("first", nil)
	second := w.addProvider("second", map[string]any{"priority": 5, "modelRedirects": []any{
		map[string]any{"matchType": "exact", "source": "m", "target": "m-2"},
	}})
	w.actors.bound = map[domain.SessionKey]domain.ProviderID{{KeyID: domain.KeyID(ann.keyID), ID: "s-1"}: domain.ProviderID(second)}
	call := map[string]any{"format": "claude", "model": "m", "keyId": ann.keyID, "sessionId": "s-1"}
	got := w.simulate(call)
	require.Equal(t, "session_reuse", got.Reason)
	require.Equal(t, second, got.Provider.ID)
	require.Equal(t, "m-2", *got.ModelSent)
	require.Equal(t, map[int64]string{first: "session_bound", second: ""}, got.reasons())

	call["edits"] = []any{map[string]any{"id": second, "disableSessionReuse": true}}
	got = w.simulate(call)
	require.Equal(t, first, got.Provider.ID)
	require.Equal(t, "session_reuse_disabled", got.DecisionContext.BindingDroppedReason)
}

func TestSimulateRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withCapabilities)
	got := w.simulate(map[string]any{"format": "claude", "groups": []string{"nobody"}})
	require.Nil(t, got.Provider)
	require.Equal(t, "group_empty", got.Refusal.Code)
	require.EqualValues(t, 5000, got.Refusal.RetryAfterMs)

	id := w.addProvider("p", nil)
	simulate := func(body map[string]any) answer {
		return w.admin(http.MethodPost, "/api/v1/dispatch/simulate", body)
	}
	simulate(map[string]any{"format": "claude", "keyId": 99}).refused(t, http.StatusNotFound, "resource.not_found")
	p := simulate(map[string]any{"format": "claude", "seed": "x"}).refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, map[string]string{"seed": "invalid_format"}, p.fields())
	p = simulate(map[string]any{"format": "claude", "body": []any{}}).refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, map[string]string{"body": "invalid_type"}, p.fields())
	p = simulate(map[string]any{"format": "claude", "body": map[string]any{"system": strings.Repeat("x", 256<<10)}}).refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, map[string]string{"body": "too_long"}, p.fields())
	p = simulate(map[string]any{"format": "claude", "edits": []any{
		map[string]any{"id": 99}, map[string]any{"id": id, "activeTimeStart": "08:00"},
	}}).refused(t, http.StatusBadRequest, "request.validation_failed")
	require.Equal(t, map[string]string{"edits.0.id": "not_found", "edits.1.activeTimeEnd": "required"}, p.fields())
}
