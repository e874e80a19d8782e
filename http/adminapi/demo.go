package adminapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
)

// Names of what the demo makes.
const (
	demoName       = "demo"
	demoKeyName    = "Demo key"
	demoTrafficKey = "Demo traffic"
)

func (a *API) declareDemo() {
	tags := []string{"First run"}
	gone := []int{http.StatusNotFound, http.StatusConflict}
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "startDemo", Method: http.MethodPost, Path: "/setup/demo", Tags: tags, Errors: gone,
		Summary:       "Make a provider that stands for the built-in demo upstream, with group, user and key",
		Description:   "Made again it keeps what there is and gives a new key.",
		DefaultStatus: http.StatusCreated,
	}, a.startDemo)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "removeDemo", Method: http.MethodDelete, Path: "/setup/demo", Tags: tags, Errors: gone,
		Summary: "Remove the demo with all its requests and sessions", DefaultStatus: http.StatusNoContent,
	}, a.removeDemo)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "setDemoBehaviour", Method: http.MethodPut, Path: "/setup/demo/behaviour", Tags: tags, Errors: gone,
		Summary: "Make the demo upstream misbehave",
	}, a.setDemoBehaviour)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "setDemoTraffic", Method: http.MethodPost, Path: "/setup/demo/traffic", Tags: tags, Errors: gone,
		Summary: "Generate some traffic for five minutes, or stop it",
	}, a.setDemoTraffic)
}

type demoOutput struct {
	Body struct {
		ProviderID int64           `json:"providerId"`
		UserID     int64           `json:"userId"`
		Group      string          `json:"group"`
		Key        *createdKeyBody `json:"key"`
	}
}

// startDemo makes what is missing of the demo. The key is always new, as the
// secret of an old one cannot be shown again.
func (a *API) startDemo(ctx context.Context, _ *struct{}) (*demoOutput, error) {
	if a.Demo == nil {
		return nil, noDemo()
	}
	a.demoMu.Lock()
	defer a.demoMu.Unlock()
	settings, err := a.Stores.Settings.Get(ctx)
	if err != nil {
		return nil, err
	}
	set := settings.Setup.Demo
	user, complete := a.wholeDemo(&set)
	if !complete {
		if err := a.dropDemo(ctx, set); err != nil {
			return nil, err
		}
		if set, user, err = a.makeDemo(ctx); err != nil {
			return nil, err
		}
	}
	key, err := a.replaceDemoKey(ctx, user, demoKeyName)
	if err != nil {
		return nil, err
	}
	out := &demoOutput{}
	out.Body.ProviderID, out.Body.UserID, out.Body.Group, out.Body.Key = int64(set.Provider), int64(set.User), user.Groups[0], key
	return out, nil
}

// wholeDemo tells whether everything the demo needs is still there.
func (a *API) wholeDemo(set *domain.DemoSet) (user *domain.User, ok bool) {
	c := a.Catalog.Current()
	user, provider := c.User(set.User), c.Provider(set.Provider)
	return user, user != nil && len(user.Groups) > 0 && provider != nil && provider.IsDemo()
}

func (a *API) removeDemo(ctx context.Context, _ *struct{}) (*struct{}, error) {
	if a.Demo == nil {
		return nil, noDemo()
	}
	a.demoMu.Lock()
	defer a.demoMu.Unlock()
	settings, err := a.Stores.Settings.Get(ctx)
	if err != nil {
		return nil, err
	}
	a.Demo.StopTraffic()
	a.Demo.SetMode("healthy") // also ends calls that hang
	if err := a.dropDemo(ctx, settings.Setup.Demo); err != nil {
		return nil, err
	}
	return &struct{}{}, nil
}

type demoBehaviourInput struct {
	Body struct {
		Mode string `json:"mode" enum:"healthy,slow_first_byte,429,500,529,reset,hang,cut,fake_200,empty,rate_limited,errors,cut_stream" doc:"rate_limited, errors and cut_stream are plain words for 429, 500 and cut"`
	}
}

func (a *API) setDemoBehaviour(ctx context.Context, in *demoBehaviourInput) (*setupOutput, error) {
	s, err := a.runningDemo(ctx)
	if err != nil {
		return nil, err
	}
	mode := in.Body.Mode
	switch mode {
	case "rate_limited":
		mode = "429"
	case "errors":
		mode = "500"
	case "cut_stream":
		mode = "cut"
	}
	a.Demo.SetMode(mode)
	return a.showSetup(ctx, s)
}

type demoTrafficInput struct {
	Body struct {
		Running bool `json:"running"`
	}
}

func (a *API) setDemoTraffic(ctx context.Context, in *demoTrafficInput) (*setupOutput, error) {
	a.demoMu.Lock()
	defer a.demoMu.Unlock()
	s, err := a.runningDemo(ctx)
	if err != nil {
		return nil, err
	}
	a.Demo.StopTraffic()
	if in.Body.Running {
		user, complete := a.wholeDemo(&s.Demo)
		if !complete {
			return nil, demoIncomplete()
		}
		key, err := a.replaceDemoKey(ctx, user, demoTrafficKey)
		if err != nil {
			return nil, err
		}
		a.Demo.StartTraffic(domain.Secret(key.Secret))
	}
	return a.showSetup(ctx, s)
}

// runningDemo finds the demo, which must have been made.
func (a *API) runningDemo(ctx context.Context) (*domain.Setup, error) {
	if a.Demo == nil {
		return nil, noDemo()
	}
	s, err := a.Stores.Settings.Get(ctx)
	switch {
	case err != nil:
		return nil, err
	case s.Setup.Demo.IsZero():
		return nil, demoIncomplete()
	}
	return &s.Setup, nil
}

func noDemo() error {
	return problem.New(http.StatusNotFound, problem.ErrorNotFound, "The demo upstream is switched off (DEMO_UPSTREAM).")
}

func demoIncomplete() error {
	return problem.New(http.StatusConflict, "resource.conflict", "There is no demo, or a part of it was removed. Make it first.")
}

// purgePatience is how long a removal waits for requests that still run.
const (
	purgePatience = 3 * time.Second
	purgeLook     = 50 * time.Millisecond
)

// purgeDemo takes the demo's requests out of the log. Nobody can make new ones
// any more; those that still run are waited for.
func (a *API) purgeDemo(ctx context.Context, set domain.DemoSet) error {
	patience, cancel := context.WithTimeout(ctx, purgePatience)
	defer cancel()
	look := time.NewTicker(purgeLook)
	defer look.Stop()
	for {
		if err := a.FlushLogs(patience, set.User); err != nil {
			return demoBusy()
		}
		running, err := a.Stores.Logs.Purge(ctx, set.User, set.Provider)
		if err != nil {
			return err
		}
		if running == 0 {
			break
		}
		select {
		case <-look.C:
		case <-patience.Done():
			return demoBusy()
		}
	}
	if err := a.Stores.Sessions.Purge(ctx, set.User); err != nil {
		return err
	}
	return a.Stores.BreakerEvents.Purge(ctx, set.Provider)
}

func demoBusy() error {
	return problem.New(http.StatusConflict, "resource.conflict", "Requests of the demo are still running. Try again in a moment.")
}
