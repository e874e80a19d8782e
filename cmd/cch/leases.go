package main

import (
	"context"
	"fmt"

	"github.com/claude-code-hub/cch/actors/maintenance"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/telemetry"
	"github.com/claude-code-hub/cch/persistence/lease"
)

// leadership is whether this hub does the chores.
type leadership interface {
	maintenance.Leader
	Holds() bool
}

// buildLeases takes what hubs that share a database have apart: a number, and,
// one of them, the chores. It is called while the folder of the data is locked.
func (a *App) buildLeases(ctx context.Context) error {
	if a.cfg.Storage.Embedded() {
		a.leader = lease.Alone{}
		return nil
	}
	hub, err := lease.Identity(a.cfg.Storage.Directory())
	if err != nil {
		return err
	}
	if a.number, err = lease.TakeNumber(ctx, a.store.Leases(), hub, a.logger); err != nil {
		return fmt.Errorf("number this node: %w", err)
	}
	a.onClose("number of the node", a.number.Close)
	leader := lease.Keep(ctx, lease.Options{Store: a.store.Leases(), Name: "leader", Holder: hub, Logger: a.logger})
	a.leader = leader
	a.onClose("leadership", leader.Close)
	return nil
}

// requestIDs gives ids to requests.
func (a *App) requestIDs(newest domain.RequestID) *domain.RequestIDs {
	if a.number == nil {
		return domain.NewRequestIDs(0, newest)
	}
	return a.number.IDs(newest)
}

// lost is which open requests are nobody's any more; nil = all.
func (a *App) lost() func(context.Context) (func(domain.RequestID) bool, error) {
	if a.number == nil {
		return nil
	}
	return a.number.Lost
}

func (a *App) leaseReadings() []telemetry.Reading {
	leads := 0
	if a.leader.Holds() {
		leads = 1
	}
	return []telemetry.Reading{gauge("cch_leader", "1 on the one node that does the chores.", leads)}
}
