package system

import (
	"slices"
	"strings"

	"github.com/claude-code-hub/cch/actors/maintenance"
	"github.com/claude-code-hub/cch/internal/domain"
)

// Chores are what this node does by the clock, by name.
func (s *System) Chores() []domain.Chore {
	var list []domain.Chore
	for name, f := range s.chores.All() {
		list = append(list, domain.Chore{
			Name: name, Every: f.Every, Within: f.Within, Running: f.Running, Runs: f.Runs, Failures: f.Failures,
			Removed: f.Removed, Left: f.Left, LastAt: f.LastAt, Took: f.Took, Error: f.Error,
		})
	}
	slices.SortFunc(list, func(a, b domain.Chore) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// RunChore has a chore done as soon as the one that is being done has ended. An
// unknown one fails with domain.KindNotFound, one that runs with
// domain.KindConflict. It does not wait.
func (s *System) RunChore(name string) error {
	f, ok := s.chores.All()[name]
	switch {
	case !ok:
		return domain.NotFound("job", name)
	case f.Running:
		return domain.NewFault(domain.KindConflict, "", "this job is running")
	}
	s.keeping.Tell(maintenance.RunNow{Name: name})
	return nil
}
