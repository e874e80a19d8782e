package storetest

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/persistence/store"
)

func testTables(t *testing.T, open Open) {
	t.Helper()
	ctx := t.Context()
	from, to := open(t), open(t)
	created := user("ann")
	created.Groups = []string{"team"}
	ann, _, err := from.Users().Create(ctx, created)
	require.NoError(t, err)
	main, _, err := from.Providers().Create(ctx, ProviderWithSecrets())
	require.NoError(t, err)
	_, _, err = to.Users().Create(ctx, user("bob"))
	require.NoError(t, err)

	tables, err := from.Tables(ctx)
	require.NoError(t, err)
	target, err := to.Tables(ctx)
	require.NoError(t, err)
	before := contents(t, from, tables)
	require.NoError(t, to.Fill(ctx, func(f *store.Filling) error {
		if err := f.Clear(ctx, target); err != nil {
			return err
		}
		for i, table := range tables {
			added, err := f.Add(ctx, target[i], names(table), before[table.Name])
			require.NoError(t, err)
			require.Len(t, before[table.Name], added)
		}
		return f.Renumber(ctx, target)
	}))
	require.Equal(t, before, contents(t, to, target))

	users, err := to.Users().List(ctx)
	require.NoError(t, err)
	require.Len(t, users, 1)
	require.Equal(t, ann, users[0])
	got, err := to.Providers().Get(ctx, main.ID)
	require.NoError(t, err)
	require.Equal(t, main.Key, got.Key)
	next, _, err := to.Users().Create(ctx, user("cid"))
	require.NoError(t, err, "the engine numbers on behind what was filled in")
	require.Greater(t, next.ID, ann.ID)
}

// A failure in mid-way leaves everything as it was, and who is there stays.
func testTablesUndone(t *testing.T, open Open) {
	t.Helper()
	ctx := t.Context()
	s := open(t)
	_, _, err := s.Users().Create(ctx, user("ann"))
	require.NoError(t, err)
	tables, err := s.Tables(ctx)
	require.NoError(t, err)
	before := contents(t, s, tables)
	require.Error(t, s.Fill(ctx, func(f *store.Filling) error {
		require.NoError(t, f.Clear(ctx, tables))
		_, err := f.Add(ctx, tables[0], []string{"no such column"}, [][]any{{"x"}})
		return err
	}))
	require.Equal(t, before, contents(t, s, tables))
	require.NoError(t, s.Fill(ctx, func(f *store.Filling) error {
		for _, table := range tables {
			added, err := f.Add(ctx, table, names(table), before[table.Name])
			require.NoError(t, err)
			require.Zero(t, added, table.Name)
		}
		return nil
	}))
	require.Equal(t, before, contents(t, s, tables))
}

func names(t store.Table) []string {
	out := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		out[i] = c.Name
	}
	return out
}

func contents(t *testing.T, s *store.Store, tables []store.Table) map[string][][]any {
	t.Helper()
	out := make(map[string][][]any)
	require.NoError(t, s.Read(t.Context(), func(r *store.Reading) error {
		for _, table := range tables {
			err := r.ReadTable(t.Context(), table, func(rows [][]any) error {
				out[table.Name] = append(out[table.Name], slices.Clone(rows)...)
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	}))
	return out
}
