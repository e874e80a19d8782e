package adminapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
)

// editTries is how often an update without If-Match starts over when somebody
// else was faster.
const editTries = 3

// VersionInput is the header of a guarded write.
type VersionInput struct {
	IfMatch string `header:"If-Match" maxLength:"32" doc:"the version the change is based on; a stale one is refused with 412"`
}

// version reads If-Match: 0 means any.
func (v VersionInput) version() (int, error) {
	text := strings.TrimSpace(strings.TrimPrefix(v.IfMatch, "W/"))
	if text == "" || text == "*" {
		return 0, nil
	}
	n, err := strconv.Atoi(strings.Trim(text, `"`))
	if err != nil || n < 1 {
		return 0, problem.Invalid(problem.InvalidParam{Path: []any{"If-Match"}, Code: "invalid_format", Message: `is not of the form "3"`})
	}
	return n, nil
}

func etag(version int) string { return `"` + strconv.Itoa(version) + `"` }

// output is the answer about one editable object.
type output[B any] struct {
	ETag string `header:"ETag"`
	Body B
}

// edit is one update of an object: read, change, write if nobody else did.
type edit[ID ~int64, T, B any] struct {
	repo    Repository[ID, T]
	version func(*T) int
	show    func(*T) B
	apply   func(ctx context.Context, v *T) error // checks and changes a copy
}

// run merges a change. With If-Match a change in between is a 412 that shows
// the object as it is; without, the change is merged into the newer object.
func (e edit[ID, T, B]) run(ctx context.Context, a *API, id ID, in VersionInput) (*output[B], error) {
	ifMatch, err := in.version()
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		current, err := e.repo.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		read := e.version(&current)
		if ifMatch != 0 && ifMatch != read {
			return nil, e.stale(&current)
		}
		next := current
		if err := e.apply(ctx, &next); err != nil {
			return nil, err
		}
		updated, version, err := e.repo.Update(ctx, next, read)
		switch {
		case err == nil:
			a.settled(ctx, version)
			return e.answer(&updated), nil
		case !domain.IsKind(err, domain.KindStaleVersion) || ifMatch == 0 && try == editTries:
			return nil, err
		}
	}
}

func (e edit[ID, T, B]) answer(v *T) *output[B] {
	return &output[B]{ETag: etag(e.version(v)), Body: e.show(v)}
}

func (e edit[ID, T, B]) stale(current *T) error {
	f := domain.NewFault(domain.KindStaleVersion, "", "The object was changed in the meantime.")
	return problem.Management(f).WithCurrent(e.show(current))
}

// remove deletes an object, guarded like an update.
func remove[ID ~int64, T any](ctx context.Context, a *API, repo Repository[ID, T], id ID, in VersionInput) (*struct{}, error) {
	ifMatch, err := in.version()
	if err != nil {
		return nil, err
	}
	version, err := repo.Delete(ctx, id, ifMatch)
	if err != nil {
		return nil, err
	}
	a.settled(ctx, version)
	return &struct{}{}, nil
}

// taken makes a conflict name the field whose value is in use.
func taken(err error, name string) error {
	f, ok := errors.AsType[*domain.Fault](err)
	if !ok || f.Kind != domain.KindConflict || !strings.HasSuffix(f.Detail, "already in use") {
		return err
	}
	p := problem.New(http.StatusConflict, "resource.conflict", "The "+name+" is already in use.")
	p.InvalidParams = []problem.InvalidParam{{Path: []any{name}, Code: "taken", Message: "is already in use"}}
	return p
}

// checkGroups trims names, drops doubles and refuses empty ones.
func (f *faults) checkGroups(groups []string) []string {
	seen := make(map[string]bool, len(groups))
	var out []string
	for i, g := range groups {
		g = strings.TrimSpace(g)
		switch {
		case g == "":
			f.add("too_short", "is empty", "groups", i)
		case utf8.RuneCountInString(g) > 200:
			f.add("too_long", "has more than 200 characters", "groups", i)
		case !seen[g]:
			seen[g] = true
			out = append(out, g)
		}
	}
	return out
}

// checkName trims a name and refuses a blank one.
func (f *faults) checkName(name *string) {
	*name = strings.TrimSpace(*name)
	if *name == "" {
		f.add("too_short", "is empty", "name")
	}
}
