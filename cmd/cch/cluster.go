package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/claude-code-hub/cch/actors/cluster"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/http/adminapi"
	"github.com/claude-code-hub/cch/http/server"
	"github.com/claude-code-hub/cch/internal/telemetry"
)

// joinCluster makes the process a node of a cluster, if it is to be one.
func (a *App) joinCluster(ctx context.Context, process string) error {
	if !a.cfg.Cluster.On() {
		return nil
	}
	leases, err := a.store.ClusterNodes()
	if err != nil {
		return fmt.Errorf("CLUSTER_MODE: %w", err)
	}
	a.onClose("leases of nodes", leases.Close)
	a.cluster, err = cluster.Join(ctx, cluster.Options{
		Addr: a.cfg.Cluster.Addr, Hosts: a.cfg.Cluster.Hosts, Secret: a.cfg.Cluster.Secret.Reveal(),
		Process: process, Version: version, Leases: leases, Wire: protocol.Wire(), Logger: a.logger, Now: time.Now,
	})
	if err != nil {
		return fmt.Errorf("join the cluster: %w", err)
	}
	a.onClose("cluster", a.cluster.Close)
	return nil
}

// nodes lists the nodes of the cluster, or this one.
func (a *App) nodes() []adminapi.Node {
	if a.cluster == nil {
		return []adminapi.Node{{Version: version, Self: true, Active: true}}
	}
	members := a.cluster.Members()
	list := make([]adminapi.Node, len(members))
	for i, m := range members {
		list[i] = adminapi.Node{
			ID: m.SystemID, No: m.No, Addr: m.Addr, Version: m.Version, StartedAt: m.StartedAt,
			Self: m.Self, Active: m.Active, Silent: m.Silent,
		}
	}
	return list
}

// clusterComponent is the cluster to the health check. Without its lease a node
// goes on by itself.
func (a *App) clusterComponent() server.Component {
	c := server.Component{Name: "cluster", Timeout: time.Second}
	if a.cluster != nil {
		c.Check = func(context.Context) error {
			if !a.cluster.Holds() {
				return errors.New("this node has no lease and decides by itself")
			}
			return nil
		}
	}
	return c
}

func (a *App) clusterReadings() []telemetry.Reading {
	if a.cluster == nil {
		return nil
	}
	s, held := a.cluster.Stats(), 0
	if a.cluster.Holds() {
		held = 1
	}
	return []telemetry.Reading{
		gauge("cch_cluster_nodes", "Nodes that have actors, as this one sees it.", a.cluster.Size()),
		gauge("cch_cluster_lease_held", "1 while this node has its lease.", held),
		gauge("cch_cluster_asks_waiting", "Asks that wait for answers of other nodes.", s.Waiting),
		counter("cch_cluster_messages_total", "Messages to actors of other nodes.", s.Sent),
		counter("cch_cluster_answers_total", "Asks that other nodes answered.", s.Answered),
		counter("cch_cluster_misdirected_total", "Asks that went to a node that no longer had the actor.", s.Misdirected),
		counter("cch_cluster_unowned_total", "Messages to actors that no node could be asked for.", s.Unowned),
		counter("cch_cluster_lost_total", "Asks whose node went away before it answered.", s.Lost),
		counter("cch_cluster_saturated_total", "Asks not sent as too many waited for their node.", s.Saturated),
		counter("cch_cluster_missed_beats_total", "Times the lease of this node was not renewed.", s.Missed),
		counter("cch_cluster_rejoins_total", "Times this node lost its lease and joined anew.", s.Rejoined),
		counter("cch_cluster_turns_total", "Times actors moved between nodes.", s.Turns),
	}
}
