package adminapi

import (
	"context"
	"net/netip"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Level is who may call an operation.
type Level string

// The levels, each including those above it.
const (
	LevelPublic Level = "P" // anybody
	LevelSelf   Level = "S" // any principal, for its own data
	LevelGlobal Level = "G" // any principal; for everybody's sums if a setting says so, else its own
	LevelUser   Level = "U" // a web session that may change its own things
	LevelAdmin  Level = "A"
)

func (l Level) rank() int {
	switch l {
	case LevelPublic:
		return 0
	case LevelSelf, LevelGlobal:
		return 1
	case LevelUser:
		return 2
	case LevelAdmin:
	}
	return 3 // an operation that declares nothing is the administrator's
}

// principal is who makes a call. User and key are those of the catalog at the
// time; both are nil behind ADMIN_TOKEN.
type principal struct {
	level   Level
	user    *domain.User
	key     *domain.Key
	session *domain.AuthSession // nil for bearer credentials
}

func (p *principal) admin() bool { return p.level == LevelAdmin }

func (p *principal) userID() domain.UserID {
	if p.user == nil {
		return domain.AdminTokenUserID
	}
	return p.user.ID
}

func (p *principal) name() string {
	if p.user == nil {
		return "Admin Token"
	}
	return p.user.Name
}

// owns tells whether an object of the user is the principal's to see.
func (p *principal) owns(user domain.UserID) bool { return p.admin() || p.userID() == user }

// caller is what an operation may know of the request besides its input.
type caller struct {
	*principal // nil on public operations

	ip        netip.Addr
	userAgent string
	host      string
	https     bool
	origin    string // Origin header
	fetchSite string // Sec-Fetch-Site header
}

type callerKey struct{}

func callerOf(ctx context.Context) *caller {
	c, ok := ctx.Value(callerKey{}).(*caller)
	if !ok { // every operation runs behind the guard
		panic("adminapi: operation outside of the guard")
	}
	return c
}
