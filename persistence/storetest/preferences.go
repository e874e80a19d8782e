package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func testPreferences(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	r := s.Preferences()
	ann, _, err := s.Users().Create(ctx, user("ann"))
	require.NoError(t, err)
	put := func(of domain.UserID, name, value string) domain.Preference {
		t.Helper()
		p, err := r.Put(ctx, of, domain.Preference{Name: name, Value: value})
		require.NoError(t, err)
		return p
	}
	all := func(of domain.UserID) map[string]string {
		t.Helper()
		list, err := r.List(ctx, of)
		require.NoError(t, err)
		got := map[string]string{}
		for _, p := range list {
			got[p.Name] = p.Value
		}
		return got
	}
	require.Empty(t, all(ann.ID))
	long := `"` + strings.Repeat("x", domain.MaxPreferenceBytes-2) + `"`
	put(ann.ID, "logs.columns", `["model"]`)
	stored := put(ann.ID, "logs.columns", long)
	put(ann.ID, "a-b_c", `{"ü":"\u0000"}`)
	put(domain.AdminTokenUserID, "logs.columns", `1`)
	require.Equal(t, map[string]string{"logs.columns": long, "a-b_c": `{"ü":"\u0000"}`}, all(ann.ID))
	require.Equal(t, map[string]string{"logs.columns": "1"}, all(domain.AdminTokenUserID))
	got, err := r.Get(ctx, ann.ID, "logs.columns")
	require.NoError(t, err)
	require.Equal(t, stored, got)
	require.False(t, got.UpdatedAt.IsZero())
	_, err = r.Get(ctx, domain.AdminTokenUserID, "a-b_c")
	requireFault(t, err, domain.KindNotFound)

	for i := len(all(ann.ID)); i < domain.MaxPreferences; i++ {
		put(ann.ID, fmt.Sprint("view.", i), "true")
	}
	_, err = r.Put(ctx, ann.ID, domain.Preference{Name: "one-more", Value: "true"})
	requireFault(t, err, domain.KindConflict)
	put(ann.ID, "logs.columns", "[]")
	require.NoError(t, r.Delete(ctx, ann.ID, "a-b_c"))
	require.NoError(t, r.Delete(ctx, ann.ID, "a-b_c"))
	put(ann.ID, "one-more", "true")
	require.Len(t, all(ann.ID), domain.MaxPreferences)

	_, err = s.Users().Delete(ctx, ann.ID, 0)
	require.NoError(t, err)
	require.Empty(t, all(ann.ID), "gone with the user")
	require.Len(t, all(domain.AdminTokenUserID), 1)
}
