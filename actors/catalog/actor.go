package catalog

import (
	"context"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// actor follows the store. At most one look at it is under way.
type actor struct {
	catalog *Catalog
	looking bool
	again   bool // told of a change while looking
	failing bool
}

type (
	look  struct{} // it is time to look at the version
	found struct { // the result of a look; no catalog = unchanged
		catalog *domain.Catalog
		err     error
	}
)

func (a *actor) Receive(c *kit.Context) {
	switch m := c.Message().(type) {
	case kit.Started:
		a.look(c)
		c.After(a.catalog.o.Every, look{})
	case look:
		a.look(c)
		c.After(a.catalog.o.Every, look{})
	case *protocol.ConfigChanged:
		if m.Version > a.catalog.Current().Version() {
			a.again = a.looking
			a.look(c)
		}
	case found:
		a.found(c, m)
	case kit.WorkFailed:
		a.looking = false // kit has logged it; the next look comes
	}
}

func (a *actor) look(c *kit.Context) {
	if a.looking {
		return
	}
	a.looking = true
	store, zone, have := a.catalog.o.Store, a.catalog.o.Zone, a.catalog.Current().Version()
	c.Go(loadDeadline, func(ctx context.Context) any {
		version, err := store.ConfigVersion(ctx)
		if err != nil || version == have {
			return found{err: err}
		}
		configuration, err := store.Configuration(ctx)
		if err != nil {
			return found{err: err}
		}
		configuration.Zone = zone
		return found{catalog: domain.NewCatalog(configuration)}
	})
}

func (a *actor) found(c *kit.Context, m found) {
	a.looking = false
	if m.err != nil && !a.failing {
		c.Logger().Error("configuration cannot be read, the last one stays in force", "error", m.err)
	}
	a.failing = m.err != nil
	if m.catalog != nil {
		a.catalog.swap(m.catalog)
		c.Logger().Debug("configuration changed", "version", m.catalog.Version())
	}
	if a.again {
		a.again = false
		a.look(c)
	}
}
