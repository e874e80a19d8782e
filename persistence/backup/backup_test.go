package backup_test

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/backup"
	"github.com/claude-code-hub/cch/persistence/store"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

// engines opens fresh stores of both engines.
func engines(t *testing.T) map[string]func(t testing.TB) *store.Store {
	t.Helper()
	return map[string]func(t testing.TB) *store.Store{
		"sqlite": func(t testing.TB) *store.Store {
			t.Helper()
			s, err := store.Open(t.Context(), store.Options{DataDir: t.TempDir(), Sealer: storetest.Sealer{}, AutoMigrate: true})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			return s
		},
		"postgres": storetest.Postgres(t),
	}
}

// fill gives a store some of everything: users, providers, spent money, a log.
func fill(t testing.TB, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	user, _, err := s.Users().Create(ctx, domain.User{
		Name: "änn's \"quotes\"", Role: domain.RoleUser, Enabled: true, CostMultiplier: domain.MultiplierOne, Groups: []string{"team"},
	})
	require.NoError(t, err)
	_, _, err = s.Providers().Create(ctx, storetest.ProviderWithSecrets())
	require.NoError(t, err)
	epoch, err := s.Ledger().Claim(ctx, user.ID, "node", time.UnixMilli(1_700_000_000_000))
	require.NoError(t, err)
	for n := range 3 {
		row := storetest.LedgerRow(n+1, epoch)
		row.UserID = user.ID
		refused, err := s.Ledger().Append(ctx, []domain.LedgerRow{row})
		require.NoError(t, err)
		require.Equal(t, []error{nil}, refused)
	}
	require.NoError(t, s.Snapshots().Save(ctx, []domain.Snapshot{{Kind: "quota", ID: "1", Epoch: 1, Data: []byte{0, 1, 255}}}))
	log := &domain.RequestLog{
		ID: domain.FirstRequestIDAt(time.Now()), CreatedAt: time.Now(), UserID: user.ID, KeyID: 1, SessionID: "s",
		Result: domain.ResultRecord{Outcome: domain.OutcomeSuccess, StatusCode: 200},
	}
	require.NoError(t, s.RequestLogs().WriteBatch(ctx, domain.LogBatch{Finished: []domain.FinishedLog{{Log: log, Detail: &domain.RequestDetail{}}}}))
}

func write(t testing.TB, s *store.Store, mode backup.Mode) (string, backup.Manifest) {
	t.Helper()
	var b bytes.Buffer
	m, err := backup.Write(t.Context(), s, &b, backup.Options{Mode: mode, Version: "v1", Now: time.Now()})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "archive")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
	return path, m
}

func open(t testing.TB, path string) *backup.Archive {
	t.Helper()
	a, err := backup.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	return a
}

// entries are the tables of a store as an archive would have them.
func entries(t testing.TB, s *store.Store, mode backup.Mode) []backup.Entry {
	t.Helper()
	_, m := write(t, s, mode)
	return m.Tables
}

func TestArchivesGoFromAnyEngineToAny(t *testing.T) {
	t.Parallel()
	all := engines(t)
	for from, openFrom := range all {
		for to, openTo := range all {
			t.Run(from+" to "+to, func(t *testing.T) {
				t.Parallel()
				source, target := openFrom(t), openTo(t)
				fill(t, source)
				path, m := write(t, source, backup.Full)
				require.Equal(t, backup.Full, m.Mode)
				done, err := backup.Restore(t.Context(), target, open(t, path), backup.Replace, nil)
				require.NoError(t, err)
				require.Len(t, done, len(m.Tables))
				for _, r := range done {
					require.Equal(t, r.Rows, r.Added, r.Table)
				}
				require.Equal(t, m.Tables, entries(t, target, backup.Full))
			})
		}
	}
}

func TestCopiesAreIdenticalThereAndBack(t *testing.T) {
	t.Parallel()
	all := engines(t)
	first, server, last := all["sqlite"](t), all["postgres"](t), all["sqlite"](t)
	fill(t, first)
	there, err := backup.Copy(t.Context(), first, server)
	require.NoError(t, err)
	back, err := backup.Copy(t.Context(), server, last)
	require.NoError(t, err)
	require.Equal(t, there, back)
	rows := 0
	for _, c := range there {
		require.Equal(t, c.From, c.To, c.Table)
		rows += c.Rows
	}
	require.Greater(t, rows, 8)
	_, err = backup.Copy(t.Context(), first, server)
	require.ErrorIs(t, err, backup.ErrNotEmpty)
}

func TestModesHoldWhatTheyName(t *testing.T) {
	t.Parallel()
	s := engines(t)["sqlite"](t)
	fill(t, s)
	for mode, want := range map[backup.Mode]map[string]bool{
		backup.Full:   {"users": true, "usage_ledger": true, "sessions": true, "request_logs": true},
		backup.NoLogs: {"users": true, "usage_ledger": true, "sessions": true, "request_logs": false},
		backup.Ledger: {"users": false, "usage_ledger": true, "sessions": false, "request_logs": false},
		backup.Config: {"users": true, "usage_ledger": false, "sessions": false, "request_logs": false},
	} {
		held := map[string]bool{}
		for _, e := range entries(t, s, mode) {
			held[e.Name] = true
		}
		for table, is := range want {
			require.Equal(t, is, held[table], "%s in %s", table, mode)
		}
		require.False(t, held["auth_sessions"], "nobody signs in with an archive")
	}
	_, err := backup.Write(t.Context(), s, &bytes.Buffer{}, backup.Options{Mode: "some"})
	require.ErrorContains(t, err, "some")
}

func TestMergeAddsWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := engines(t)["sqlite"](t)
	fill(t, s)
	path, _ := write(t, s, backup.Config)
	users, err := s.Users().List(t.Context())
	require.NoError(t, err)
	changed := users[0]
	changed.Description = "changed since"
	_, _, err = s.Users().Update(t.Context(), changed, 0)
	require.NoError(t, err)

	done, err := backup.Restore(t.Context(), s, open(t, path), backup.Merge, nil)
	require.NoError(t, err)
	for _, r := range done {
		require.Zero(t, r.Added, r.Table)
	}
	users, err = s.Users().List(t.Context())
	require.NoError(t, err)
	require.Equal(t, "changed since", users[0].Description)

	_, err = backup.Restore(t.Context(), s, open(t, path), backup.Replace, nil)
	require.NoError(t, err)
	users, err = s.Users().List(t.Context())
	require.NoError(t, err)
	require.Empty(t, users[0].Description)
}

func TestARestoreNumbersTheConfiguration(t *testing.T) {
	t.Parallel()
	s := engines(t)["sqlite"](t)
	fill(t, s)
	before, err := s.ConfigVersion(t.Context())
	require.NoError(t, err)
	path, _ := write(t, s, backup.Config)
	_, err = backup.Restore(t.Context(), s, open(t, path), backup.Replace, nil)
	require.NoError(t, err)
	after, err := s.ConfigVersion(t.Context())
	require.NoError(t, err)
	require.Greater(t, after, before, "running catalogs look again")
}

func TestDamagedAndForeignArchivesChangeNothing(t *testing.T) {
	t.Parallel()
	s := engines(t)["sqlite"](t)
	fill(t, s)
	path, m := write(t, s, backup.Full)
	before := entries(t, s, backup.Full)

	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for name, bad := range map[string][]byte{
		"cut":     whole[:len(whole)/2],
		"flipped": flipped(t, whole),
		"none":    []byte("no archive at all"),
		"sum":     rewritten(t, whole, m.Tables[2].SHA256, "0"+m.Tables[2].SHA256[1:]),
	} {
		file := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(file, bad, 0o600))
		a, err := backup.Open(file)
		if err == nil {
			_, err = backup.Restore(t.Context(), s, a, backup.Replace, nil)
			require.NoError(t, a.Close())
		}
		require.ErrorIs(t, err, backup.ErrDamaged, name)
		require.Equal(t, before, entries(t, s, backup.Full), name)
	}
	file := filepath.Join(t.TempDir(), "newer")
	require.NoError(t, os.WriteFile(file, rewritten(t, whole, `"schema": `, `"schema": 9`), 0o600))
	_, err = backup.Restore(t.Context(), s, open(t, file), backup.Replace, nil)
	require.ErrorIs(t, err, backup.ErrNewer)
}

// flipped changes a byte of what is kept of a table.
func flipped(t testing.TB, archive []byte) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	require.NoError(t, err)
	archive = bytes.Clone(archive)
	for _, f := range in.File {
		if f.Name == "users.jsonl" {
			at, err := f.DataOffset()
			require.NoError(t, err)
			archive[at+int64(f.CompressedSize64)/2] ^= 0xff
		}
	}
	return archive
}

// rewritten makes the archive anew with a change in its manifest.
func rewritten(t testing.TB, archive []byte, from, to string) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	require.NoError(t, err)
	in.RegisterDecompressor(zstd.ZipMethodWinZip, zstd.ZipDecompressor())
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range in.File {
		if f.Name != "manifest.json" {
			require.NoError(t, w.Copy(f))
			continue
		}
		r, err := f.Open()
		require.NoError(t, err)
		var text bytes.Buffer
		_, err = text.ReadFrom(r)
		require.NoError(t, err)
		changed := bytes.Replace(text.Bytes(), []byte(from), []byte(to), 1)
		require.NotEqual(t, text.Bytes(), changed)
		entry, err := w.Create(f.Name)
		require.NoError(t, err)
		_, err = entry.Write(changed)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// TestRowsOfEveryTableGoThereAndBack puts rows into each table that the
// catalogue knows, also into those that were added after this test was written.
func TestRowsOfEveryTableGoThereAndBack(t *testing.T) {
	t.Parallel()
	all := engines(t)
	first, server, last := all["sqlite"](t), all["postgres"](t), all["sqlite"](t)
	tables, err := first.Tables(t.Context())
	require.NoError(t, err)
	require.NoError(t, first.Fill(t.Context(), func(f *store.Filling) error {
		if err := f.Clear(t.Context(), tables); err != nil {
			return err
		}
		for _, table := range tables {
			columns, rows := twoRows(table)
			added, err := f.Add(t.Context(), table, columns, rows)
			if err != nil {
				return err
			}
			require.Equal(t, len(rows), added, table.Name)
		}
		return nil
	}))
	emptied(t, server)
	emptied(t, last)
	there, err := backup.Copy(t.Context(), first, server)
	require.NoError(t, err)
	emptied(t, last)
	back, err := backup.Copy(t.Context(), server, last)
	require.NoError(t, err)
	require.Len(t, there, len(tables))
	for i, c := range there {
		require.Positive(t, c.Rows, c.Table)
		require.Equal(t, c.From, c.To, c.Table)
		require.Equal(t, c, back[i])
	}
	archived, _ := write(t, last, backup.Full)
	restored := all["postgres"](t)
	require.NoError(t, open(t, archived).Check(t.Context(), restored, backup.Replace, func(int, int) {}))
	_, err = backup.Restore(t.Context(), restored, open(t, archived), backup.Replace, nil)
	require.NoError(t, err)
	require.Equal(t, entries(t, first, backup.Full), entries(t, restored, backup.Full))
}

// twoRows are rows of nothing but zeros, and nothing but ones: whatever one row
// refers to by number is there, and truth values stay what they are.
func twoRows(table store.Table) (columns []string, rows [][]any) {
	rows = make([][]any, 2)
	for _, c := range table.Columns {
		columns = append(columns, c.Name)
		for i := range rows {
			var v any = int64(i)
			switch c.Type {
			case store.ColumnText:
				v = []string{"null", "1"}[i] // also JSON
			case store.ColumnBytes:
				v = []byte{byte(i), 255}
			case store.ColumnInteger:
			}
			rows[i] = append(rows[i], v)
		}
	}
	if table.Name == "price_catalog" {
		return columns, rows[1:] // its schema allows no other
	}
	return columns, rows
}

// emptied leaves nothing of what migrations put in.
func emptied(t *testing.T, s *store.Store) {
	t.Helper()
	tables, err := s.Tables(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.Fill(t.Context(), func(f *store.Filling) error { return f.Clear(t.Context(), tables) }))
}

func TestBothEnginesHaveTheSameTables(t *testing.T) {
	t.Parallel()
	all := engines(t)
	var columns [2]map[string][]string
	for i, engine := range []string{"sqlite", "postgres"} {
		tables, err := all[engine](t).Tables(t.Context())
		require.NoError(t, err)
		columns[i] = map[string][]string{}
		for _, table := range tables {
			for _, c := range table.Columns {
				columns[i][table.Name] = append(columns[i][table.Name], c.Name+" "+string(c.Type))
			}
		}
	}
	require.Equal(t, columns[0], columns[1])
}

func TestAnArchiveIsCheckedWithoutChangingAnything(t *testing.T) {
	t.Parallel()
	s := engines(t)["sqlite"](t)
	fill(t, s)
	path, m := write(t, s, backup.Full)
	target := engines(t)["sqlite"](t)
	before := entries(t, target, backup.Full)
	done := 0
	require.NoError(t, open(t, path).Check(t.Context(), target, backup.Merge, func(d, total int) {
		done = d
		require.Equal(t, m.Rows(), total)
	}))
	require.Equal(t, m.Rows(), done)
	require.Equal(t, before, entries(t, target, backup.Full))
	require.ErrorContains(t, open(t, path).Check(t.Context(), target, "over", nil), "no way to restore")
}
