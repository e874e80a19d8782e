package adminapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type webSession struct {
	ID        string
	Kind      string
	UserID    int64
	UserName  *string
	IsCurrent bool
}

func (b browser) sessions() []webSession {
	b.w.t.Helper()
	var list struct{ Items []webSession }
	b.get("/api/v1/auth/sessions").into(b.w.t, http.StatusOK, &list)
	return list.Items
}

func TestWebSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.person("ann", nil, map[string]any{"canLoginWebUi": true})
	bob := w.person("bob", nil, map[string]any{"canLoginWebUi": true})
	laptop := w.signIn(ann.secret)
	w.advance(time.Minute)
	phone := w.signIn(ann.secret)
	other := w.signIn(bob.secret)
	admin := w.signIn(adminToken)

	mine := phone.sessions()
	require.Len(t, mine, 2, "users see their own")
	require.True(t, mine[0].IsCurrent, "newest first")
	require.False(t, mine[1].IsCurrent)
	require.Equal(t, ann.userID, mine[0].UserID)
	require.Equal(t, "ann", *mine[0].UserName)
	all := admin.sessions()
	require.Len(t, all, 4)

	theirs := other.sessions()[0]
	phone.do(http.MethodDelete, "/api/v1/auth/sessions/"+theirs.ID, nil).refused(t, http.StatusNotFound, "resource.not_found")
	require.Equal(t, http.StatusNoContent, phone.do(http.MethodDelete, "/api/v1/auth/sessions/"+mine[1].ID, nil).status)
	laptop.get("/api/v1/auth/me").refused(t, http.StatusUnauthorized, "auth.invalid")
	require.Len(t, phone.sessions(), 1)

	require.Equal(t, http.StatusNoContent, admin.do(http.MethodDelete, "/api/v1/auth/sessions", nil).status)
	require.Len(t, admin.sessions(), 1, "but this one")
	other.get("/api/v1/auth/me").refused(t, http.StatusUnauthorized, "auth.invalid")

	w.signIn(ann.secret)
	require.Equal(t, http.StatusNoContent, w.admin(http.MethodDelete, "/api/v1/auth/sessions", nil).status)
	admin.get("/api/v1/auth/me").refused(t, http.StatusUnauthorized, "auth.invalid")
}
