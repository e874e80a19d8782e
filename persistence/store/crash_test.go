package store_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

// Rows and session sums lie in two files. Whatever moment the process dies
// between them, each request is counted in its session exactly once.
func TestSessionSumsSurviveACrashBetweenTheFiles(t *testing.T) {
	t.Parallel()
	l := storetest.RequestLog(1)
	hash := domain.SessionKey{KeyID: l.KeyID, ID: l.SessionID}.Hash()
	for _, c := range []struct{ name, undo string }{
		{"sums not added", "DELETE FROM sessions; DELETE FROM applied_marks"},
		{"sums added", "SELECT 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := openIn(t, dir)
			batch := []domain.FinishedLog{storetest.Finished(l)}
			require.NoError(t, s.RequestLogs().WriteBatch(t.Context(), domain.LogBatch{Finished: batch}))
			_, err := raw(t, filepath.Join(dir, "cch.db")).ExecContext(t.Context(), c.undo)
			require.NoError(t, err)

			again := openIn(t, dir) // the next process replays its journal
			for range 2 {
				require.NoError(t, again.RequestLogs().WriteBatch(t.Context(), domain.LogBatch{Finished: batch}))
			}
			session, err := again.Sessions().Get(t.Context(), hash)
			require.NoError(t, err)
			require.EqualValues(t, 1, session.Requests)
		})
	}
}

// A failure to add sums fails the batch; the next attempt adds them once.
func TestSessionSumsAreRetried(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openIn(t, dir)
	db := raw(t, filepath.Join(dir, "cch.db"))
	l := storetest.RequestLog(1)
	hash := domain.SessionKey{KeyID: l.KeyID, ID: l.SessionID}.Hash()
	other := storetest.RequestLog(50)
	require.NoError(t, s.RequestLogs().WriteBatch(t.Context(), domain.LogBatch{Finished: []domain.FinishedLog{storetest.Finished(other)}}))

	_, err := db.ExecContext(t.Context(), "ALTER TABLE sessions RENAME TO hidden")
	require.NoError(t, err)
	batch := []domain.FinishedLog{storetest.Finished(l)}
	require.Error(t, s.RequestLogs().WriteBatch(t.Context(), domain.LogBatch{Finished: batch}))
	_, err = db.ExecContext(t.Context(), "ALTER TABLE hidden RENAME TO sessions")
	require.NoError(t, err)
	require.NoError(t, s.RequestLogs().WriteBatch(t.Context(), domain.LogBatch{Finished: batch}))
	session, err := s.Sessions().Get(t.Context(), hash)
	require.NoError(t, err)
	require.EqualValues(t, 1, session.Requests)
}

// Only what lies in the data is called rejected: the rest is worth another try.
func TestRejectedRows(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openIn(t, dir)
	db := raw(t, filepath.Join(dir, "logs.db"))
	_, err := db.ExecContext(t.Context(), `CREATE TRIGGER refuse BEFORE INSERT ON request_logs
		WHEN NEW.model_requested = 'poison' BEGIN SELECT RAISE(ABORT, 'poison'); END`)
	require.NoError(t, err)
	good, bad := storetest.RequestLog(1), storetest.RequestLog(2)
	bad.Call.Model = "poison"
	err = s.RequestLogs().WriteBatch(t.Context(), domain.LogBatch{Finished: []domain.FinishedLog{storetest.Finished(good), storetest.Finished(bad)}})
	var rejected interface{ Rejected() bool }
	require.ErrorAs(t, err, &rejected)
	require.True(t, rejected.Rejected())
	_, _, err = s.RequestLogs().Get(t.Context(), good.ID)
	require.True(t, domain.IsKind(err, domain.KindNotFound), "a batch is written whole or not at all")

	_, err = db.ExecContext(t.Context(), "ALTER TABLE request_details RENAME TO hidden")
	require.NoError(t, err)
	err = s.RequestLogs().WriteBatch(t.Context(), domain.LogBatch{Finished: []domain.FinishedLog{storetest.Finished(good)}})
	require.Error(t, err)
	require.NotErrorAs(t, err, &rejected)
}
