package adminapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Node is a node of the cluster as the one that answers sees it.
type Node struct {
	ID        string // "" for a node by itself
	No        int
	Addr      string
	Version   string
	StartedAt time.Time
	Self      bool
	Active    bool // actors belong to it
	Silent    bool // nothing is heard of it
}

func (a *API) declareNodes() {
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "listClusterNodes", Method: http.MethodGet, Path: "/cluster/nodes", Tags: []string{"Cluster"},
		Summary:     "Nodes of the cluster, as the one that answers sees them",
		Description: "A node by itself lists itself alone.",
	}, a.listNodes)
}

type nodeBody struct {
	ID        *string    `json:"id"        doc:"this membership of the node; it changes when the node joins anew; null for a node by itself"`
	No        int        `json:"no"        doc:"number of the node, part of the ids of its requests; 0 for a node by itself"`
	Address   *string    `json:"address"   doc:"where other nodes reach it"`
	Version   string     `json:"version"`
	StartedAt *time.Time `json:"startedAt" doc:"when it joined"`
	Self      bool       `json:"self"      doc:"it is the one that answers"`
	State     string     `json:"state"     enum:"active,joining,silent" doc:"active = it has actors of its own; joining = it soon has; silent = it has a lease and nothing is heard of it"`
}

type nodesOutput struct {
	Body struct {
		Items []nodeBody `json:"items"`
	}
}

func (a *API) listNodes(context.Context, *struct{}) (*nodesOutput, error) {
	nodes := a.Nodes()
	out := new(nodesOutput)
	out.Body.Items = make([]nodeBody, len(nodes))
	for i := range nodes {
		n, b := &nodes[i], &out.Body.Items[i]
		*b = nodeBody{No: n.No, Version: n.Version, Self: n.Self, State: "joining"}
		if n.ID != "" {
			b.ID, b.Address, b.StartedAt = &n.ID, &n.Addr, &n.StartedAt
		}
		switch {
		case n.Silent:
			b.State = "silent"
		case n.Active:
			b.State = "active"
		}
	}
	return out, nil
}
