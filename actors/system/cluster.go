package system

import (
	"context"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/provider"
	"github.com/claude-code-hub/cch/actors/quota"
	"github.com/claude-code-hub/cch/actors/session"
)

// Cluster is this node's membership of a cluster.
type Cluster interface {
	kit.Placement
	// Serve has the node take messages for the actors of directories, and news.
	Serve(dirs map[string]*kit.Directory, hear func(news []byte))
	// Leave ends the node's actors, calls save and has others take over.
	Leave(ctx context.Context, save func(context.Context) error) error
	// ProcessLives tells whether a program, named as in Options.Node, may still use
	// the leases it has.
	ProcessLives(process string) bool
	// Size is how many nodes there are, at least one.
	Size() int
}

// leaveWithin bounds giving the actors of this node away.
const leaveWithin = 4 * time.Second

// serveCluster lets other nodes in, once everything is there that they may ask.
func (s *System) serveCluster() {
	if s.cluster == nil {
		return
	}
	s.cluster.Serve(map[string]*kit.Directory{
		provider.KindName: s.providers, session.KindName: s.sessions, quota.KindName: s.quotas,
	}, s.Heard)
}

// leaveCluster gives the actors of this node away while there is still somebody
// to settle with.
func (s *System) leaveCluster(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, leaveWithin)
	defer cancel()
	return s.cluster.Leave(ctx, s.snapshots.Flush)
}

// nodes is how requests learn how many nodes there are; nil = one.
func nodes(c Cluster) func() int {
	if c == nil {
		return nil
	}
	return c.Size
}
