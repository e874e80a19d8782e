package adminapi

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// demoBreaker opens soon and closes soon, so that both can be watched.
func demoBreaker() domain.BreakerSettings {
	b := domain.DefaultBreakerSettings()
	b.FailureThreshold, b.OpenDuration, b.HalfOpenSuccess = 5, 30*time.Second, 1
	return b
}

// makeDemo makes group, user and provider, and notes them in the settings. What
// was made is taken back when a later part fails.
func (a *API) makeDemo(ctx context.Context) (set domain.DemoSet, user *domain.User, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, a.deleteDemoSet(context.WithoutCancel(ctx), set))
		}
	}()
	group, err := makeNamed(func(name string) (domain.Group, error) {
		g, _, err := a.Stores.Groups.Create(ctx, domain.Group{
			Name: name, CostMultiplier: domain.MultiplierOne, Description: "Of the demo upstream alone",
		})
		return g, err
	})
	if err != nil {
		return set, nil, err
	}
	set.Group = group.ID
	made, err := makeNamed(func(name string) (domain.User, error) {
		u, _, err := a.Stores.Users.Create(ctx, domain.User{
			Name: name, Description: "Made for the demo upstream", Role: domain.RoleUser, Enabled: true,
			Limits: defaultLimits(), Groups: []string{group.Name}, CostMultiplier: domain.MultiplierOne,
		})
		return u, err
	})
	if err != nil {
		return set, nil, err
	}
	set.User = made.ID
	p := newProvider(domain.TypeClaude, domain.DemoURL, "demo-upstream")
	p.Name, p.Description = "Demo", "Built in: its answers are made up and nothing leaves this process"
	p.Groups, p.Routing.CostMultiplier, p.Breaker = []string{group.Name}, 0, demoBreaker()
	p.Conversion.AcceptAll = true // whichever agent a newcomer has
	provider, _, err := a.Stores.Providers.Create(ctx, p)
	if err != nil {
		return set, nil, err
	}
	set.Provider = provider.ID
	return set, &made, a.noteDemo(ctx, set)
}

// makeNamed makes something named demo, or demo-2 and so on where that is taken.
func makeNamed[T any](create func(name string) (T, error)) (T, error) {
	const tries = 20
	name := demoName
	for n := 2; ; n++ {
		v, err := create(name)
		if n > tries || !domain.IsKind(err, domain.KindConflict) {
			return v, err
		}
		name = demoName + "-" + strconv.Itoa(n)
	}
}

// noteDemo keeps which objects are the demo's.
func (a *API) noteDemo(ctx context.Context, set domain.DemoSet) error {
	_, version, err := a.Stores.Settings.Update(ctx, callerOf(ctx).userID(), func(s *domain.Settings) error {
		s.Setup.Demo = set
		return nil
	})
	if err == nil {
		a.settled(ctx, version)
	}
	return err
}

// dropDemo removes the demo with everything that came of it. It is noted as
// gone last: a removal that fails half-way can be asked for again.
func (a *API) dropDemo(ctx context.Context, set domain.DemoSet) error {
	if set.IsZero() {
		return nil
	}
	if err := a.deleteDemoSet(ctx, set); err != nil {
		return err
	}
	if err := a.purgeDemo(ctx, set); err != nil {
		return err
	}
	return a.noteDemo(ctx, domain.DemoSet{})
}

// deleteDemoSet deletes the objects that are there. A group that somebody else
// is in by now stays.
func (a *API) deleteDemoSet(ctx context.Context, set domain.DemoSet) error {
	var newest int64
	for _, part := range []struct {
		there  bool
		delete func() (int64, error)
	}{
		{set.User != 0, func() (int64, error) { return a.Stores.Users.Delete(ctx, set.User, 0) }},
		{set.Provider != 0, func() (int64, error) { return a.Stores.Providers.Delete(ctx, set.Provider, 0) }},
		{set.Group != 0, func() (int64, error) { return a.Stores.Groups.Delete(ctx, set.Group, 0) }},
	} {
		if !part.there {
			continue
		}
		version, err := part.delete()
		if err != nil && !domain.IsKind(err, domain.KindNotFound) && !domain.IsKind(err, domain.KindConflict) {
			return err
		}
		newest = max(newest, version)
	}
	if newest > 0 {
		a.settled(ctx, newest)
	}
	return nil
}

// replaceDemoKey gives the demo's user a new key in place of one of the name.
func (a *API) replaceDemoKey(ctx context.Context, user *domain.User, name string) (*createdKeyBody, error) {
	keys, err := a.Stores.Keys.ListByUser(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	for i := range keys {
		if keys[i].Name != name {
			continue
		}
		if _, err := a.Stores.Keys.Delete(ctx, keys[i].ID, 0); err != nil && !domain.IsKind(err, domain.KindNotFound) {
			return nil, err
		}
	}
	var wrong faults
	key := a.prepareKey(callerOf(ctx), user, &createKeyBody{Name: name}, &wrong)
	if err := wrong.err(); err != nil {
		return nil, err
	}
	key.key.UserID = user.ID
	return a.storeKey(ctx, key)
}
