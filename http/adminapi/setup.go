package adminapi

import (
	"context"
	"net/http"
	"regexp"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
)

// maxCountedRequests bounds the count of requests: the first run asks whether
// there are any.
const maxCountedRequests = 1000

func (a *API) declareSetup() {
	tags := []string{"First run"}
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "setupState", Method: http.MethodGet, Path: "/setup/state", Tags: tags,
		Summary: "How far this installation is set up",
	}, a.getSetup)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "updateSetup", Method: http.MethodPatch, Path: "/setup/state", Tags: tags,
		Summary: "Tick steps of the first run off, or put its checklist away",
	}, a.updateSetup)
}

type setupOutput struct{ Body setupBody }

type setupBody struct {
	Providers        int               `json:"providers"`
	Requests         int               `json:"requests"         doc:"at most 1000 are counted"`
	Keys             int               `json:"keys"`
	Demo             string            `json:"demo"             enum:"off,ready,running" doc:"running: traffic is being generated"`
	DemoAvailable    bool              `json:"demoAvailable"    doc:"false: DEMO_UPSTREAM is off"`
	DemoMode         *string           `json:"demoMode"         doc:"how the demo upstream behaves"`
	AdminTokenSource string            `json:"adminTokenSource" enum:"env,generated"`
	Steps            map[string]string `json:"steps"            doc:"done or open; upstream, key and request follow from what there is"`
	Dismissed        bool              `json:"dismissed"`
}

// The states of a step.
const (
	stepDone = "done"
	stepOpen = "open"
)

func (a *API) getSetup(ctx context.Context, _ *struct{}) (*setupOutput, error) {
	s, err := a.Stores.Settings.Get(ctx)
	if err != nil {
		return nil, err
	}
	return a.showSetup(ctx, &s.Setup)
}

func (a *API) showSetup(ctx context.Context, s *domain.Setup) (*setupOutput, error) {
	keys, err := a.Stores.Keys.List(ctx)
	if err != nil {
		return nil, err
	}
	requests, err := a.Stores.Logs.CountUpTo(ctx, maxCountedRequests)
	if err != nil {
		return nil, err
	}
	b := setupBody{
		Providers: len(a.Catalog.Current().Providers()), Requests: requests, Keys: len(keys),
		Demo: "off", DemoAvailable: a.Demo != nil, AdminTokenSource: "env", Dismissed: s.Dismissed,
	}
	if a.TokenGenerated {
		b.AdminTokenSource = "generated"
	}
	if a.Demo != nil && !s.Demo.IsZero() {
		b.Demo, b.DemoMode = "ready", optional(a.Demo.Mode())
		if a.Demo.TrafficRuns() {
			b.Demo = "running"
		}
	}
	b.Steps = map[string]string{
		"token": stepOpen, "upstream": step(b.Providers > 0), "key": step(b.Keys > 0),
		"request": step(b.Requests > 0), "route": stepOpen,
	}
	for _, name := range s.Done {
		b.Steps[name] = stepDone
	}
	return &setupOutput{Body: b}, nil
}

func step(done bool) string {
	if done {
		return stepDone
	}
	return stepOpen
}

type updateSetupInput struct {
	Body struct {
		Steps     map[string]string `json:"steps,omitempty"     maxProperties:"20" doc:"a name and done or open"`
		Dismissed field[bool]       `json:"dismissed,omitzero"`
	}
}

var stepName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_-]{0,31}$`)

func (a *API) updateSetup(ctx context.Context, in *updateSetupInput) (*setupOutput, error) {
	var wrong faults
	for name, state := range in.Body.Steps {
		if !stepName.MatchString(name) {
			wrong.add("invalid_format", "is not the name of a step", "steps", name)
		}
		if state != stepDone && state != stepOpen {
			wrong.add("invalid_choice", "is neither done nor open", "steps", name)
		}
	}
	if err := wrong.err(); err != nil {
		return nil, err
	}
	s, version, err := a.Stores.Settings.Update(ctx, callerOf(ctx).userID(), func(s *domain.Settings) error {
		in.Body.Dismissed.to(&s.Setup.Dismissed, false)
		s.Setup.Done = mergeSteps(s.Setup.Done, in.Body.Steps)
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.settled(ctx, version)
	return a.showSetup(ctx, &s.Setup)
}

// mergeSteps is the sorted list of done steps after changes.
func mergeSteps(done []string, changes map[string]string) []string {
	kept := slices.DeleteFunc(slices.Clone(done), func(name string) bool { return changes[name] != "" })
	for name, state := range changes {
		if state == stepDone {
			kept = append(kept, name)
		}
	}
	slices.Sort(kept)
	if len(kept) == 0 {
		return nil // the default, which is not stored
	}
	return kept
}
