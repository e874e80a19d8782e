package adminapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/http/adminapi"
)

func (w *world) nodes() []adminapi.Node { return w.cluster }

func TestNodesOfTheCluster(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cluster = []adminapi.Node{
		{ID: "a:1/x", No: 1, Addr: "a:1", Version: "1", StartedAt: time.UnixMilli(1_800_000_000_000).UTC(), Self: true, Active: true},
		{ID: "b:1/y", No: 2, Addr: "b:1", Version: "1", Active: true, Silent: true},
		{ID: "c:1/z", No: 3, Addr: "c:1", Version: "2"},
	}
	var page struct {
		Items []struct {
			ID, Address    *string
			No             int
			Version, State string
			Self           bool
			StartedAt      *time.Time
		}
	}
	w.admin(http.MethodGet, "/api/v1/cluster/nodes", nil).into(t, http.StatusOK, &page)
	require.Len(t, page.Items, 3)
	require.Equal(t, []string{"active", "silent", "joining"}, []string{page.Items[0].State, page.Items[1].State, page.Items[2].State})
	require.True(t, page.Items[0].Self)
	require.Equal(t, "b:1", *page.Items[1].Address)
	require.Equal(t, 3, page.Items[2].No)

	w.cluster = []adminapi.Node{{Version: "1", Self: true, Active: true}}
	w.admin(http.MethodGet, "/api/v1/cluster/nodes", nil).into(t, http.StatusOK, &page)
	require.Len(t, page.Items, 1)
	require.Nil(t, page.Items[0].ID)
	require.Nil(t, page.Items[0].StartedAt)
}
