package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"

	"github.com/claude-code-hub/cch/internal/domain"
)

// sumsMark names the mark of the session sums.
const sumsMark = "session_sums"

// sessionSums is what a batch adds to its sessions and keys.
type sessionSums struct {
	Sessions map[string]*sessionSum `json:"sessions"` // by the session's hash
	Keys     map[int64]int64        `json:"keys"`     // key id -> last use, Unix ms
}

// sessionSum is what a batch adds to one session: how it was used. What it cost
// comes with the ledger, see usage_sums.go.
type sessionSum struct {
	KeyID      int64  `json:"keyId"`
	SessionID  string `json:"sessionId"`
	UserID     int64  `json:"userId"`
	ProviderID int64  `json:"providerId"` // as [domain.RequestLog.Binding]
	Model      string `json:"model"`
	ClientKind string `json:"clientKind"`
	FirstAt    int64  `json:"firstAt"`
	LastAt     int64  `json:"lastAt"`
	Requests   int64  `json:"requests"`
}

func (s *sessionSums) empty() bool { return len(s.Keys) == 0 }

// opened counts a request that begins: its session is in use.
func (s *sessionSums) opened(l *domain.RequestLog) { s.session(l) }

// closed counts a request that ended.
func (s *sessionSums) closed(l *domain.RequestLog) {
	sum := s.session(l)
	if sum == nil {
		return
	}
	sum.Requests++
	if l.Binding != 0 {
		sum.ProviderID = int64(l.Binding)
	}
}

// session finds the sum of a request's session and notes its use; nil without one.
func (s *sessionSums) session(l *domain.RequestLog) *sessionSum {
	if l.KeyID == 0 {
		return nil
	}
	if s.Keys == nil {
		s.Keys, s.Sessions = make(map[int64]int64), make(map[string]*sessionSum)
	}
	used := l.CreatedAt.Add(l.Timing.Duration).UnixMilli()
	s.Keys[int64(l.KeyID)] = max(s.Keys[int64(l.KeyID)], l.CreatedAt.UnixMilli())
	if l.SessionID == "" {
		return nil
	}
	id := storable(l.SessionID)
	hash := domain.SessionKey{KeyID: l.KeyID, ID: id}.Hash()
	sum := s.Sessions[hash]
	if sum == nil {
		sum = &sessionSum{
			KeyID: int64(l.KeyID), SessionID: id, UserID: int64(l.UserID), FirstAt: l.CreatedAt.UnixMilli(),
		}
		s.Sessions[hash] = sum
	}
	if used >= sum.LastAt {
		sum.LastAt, sum.Model, sum.ClientKind = used, storable(l.Call.Model), storable(l.Client.Kind)
	}
	sum.FirstAt = min(sum.FirstAt, l.CreatedAt.UnixMilli())
	return sum
}

// keepSums writes sums into the log file's transaction and returns their number.
func (w *batchWriter) keepSums(ctx context.Context, conn driver.Conn, sums sessionSums) (int64, error) {
	if sums.empty() {
		return 0, nil
	}
	encoded, err := json.Marshal(sums)
	if err != nil {
		return 0, fmt.Errorf("encode session sums: %w", err)
	}
	// Whatever was waiting has been added before this batch began.
	if _, err := w.stmt.dropSums.exec(ctx, conn, nil); err != nil {
		return 0, fmt.Errorf("drop added session sums: %w", err)
	}
	w.args = append(w.args[:0], string(encoded))
	res, err := w.stmt.keepSums.run(ctx, conn, w.args)
	if err != nil {
		return 0, fmt.Errorf("keep session sums: %w", err)
	}
	return res.LastInsertId()
}

const (
	dropSumsSQL = "DELETE FROM pending_session_sums"
	keepSumsSQL = "INSERT INTO pending_session_sums (sums) VALUES (?)"
)

// addPending adds the sums that an earlier batch left behind.
func (w *batchWriter) addPending(ctx context.Context) error {
	var rows []struct {
		ID   int64  `bun:"id"`
		Sums string `bun:"sums"`
	}
	if err := w.logs.write.NewRaw("SELECT id, sums FROM pending_session_sums ORDER BY id").Scan(ctx, &rows); err != nil {
		return fmt.Errorf("read waiting session sums: %w", err)
	}
	for _, row := range rows {
		var sums sessionSums
		if err := json.Unmarshal([]byte(row.Sums), &sums); err != nil {
			return fmt.Errorf("decode waiting session sums: %w", err)
		}
		if err := w.addSums(ctx, row.ID, sums); err != nil {
			return fmt.Errorf("add waiting session sums: %w", err)
		}
	}
	return nil
}

// addSums adds a batch's sums, unless the mark says that this was done.
func (w *batchWriter) addSums(ctx context.Context, batch int64, sums sessionSums) error {
	return inTx(ctx, w.main.write.DB, func(_ *sql.Tx, hot runHot) error {
		return hot(func(conn driver.Conn) error {
			w.args = append(w.args[:0], sumsMark, batch)
			fresh, err := w.stmt.mark.exec(ctx, conn, w.args)
			if err != nil || !fresh {
				return err
			}
			return w.addTo(ctx, conn, sums)
		})
	})
}

// markSQL moves a mark forward and changes nothing if it was there before.
const markSQL = `INSERT INTO applied_marks (name, position) VALUES (?, ?)
	ON CONFLICT (name) DO UPDATE SET position = EXCLUDED.position WHERE position < EXCLUDED.position`

// addTo adds to sessions and keys.
func (w *batchWriter) addTo(ctx context.Context, conn driver.Conn, sums sessionSums) error {
	for hash, sum := range sums.Sessions {
		w.args = append(w.args[:0], sum.KeyID, sum.SessionID, hash, sum.UserID, sum.binding(),
			sum.Model, sum.ClientKind, sum.FirstAt, sum.LastAt, sum.Requests)
		if _, err := w.stmt.addSession.exec(ctx, conn, w.args); err != nil {
			return fmt.Errorf("session %s: %w", hash, err)
		}
	}
	for key, used := range sums.Keys {
		w.args = append(w.args[:0], used, key, used)
		if _, err := w.stmt.useKey.exec(ctx, conn, w.args); err != nil {
			return fmt.Errorf("use of key %d: %w", key, err)
		}
	}
	return nil
}

// binding is the column: nil leaves the binding, 0 drops it.
func (s *sessionSum) binding() *int64 {
	if s.ProviderID == 0 {
		return nil
	}
	return new(max(0, s.ProviderID))
}

const useKeySQL = `UPDATE api_keys SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)`

// addSessionSQL adds to a session. The newest request decides what the session
// last looked like; being used again revives one that an operator ended. The
// provider is that of the binding: none given leaves it, zero drops it.
const addSessionSQL = `
	INSERT INTO sessions (key_id, session_id, id, user_id, provider_id, model, client_kind, first_at, last_at, requests,
		input_tokens, output_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens,
		cache_creation_1h_input_tokens, reasoning_tokens, cost_nusd)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0)` + onUsedSession

// onUsedSession is what becomes of a session that is there.
const onUsedSession = `
	ON CONFLICT (key_id, session_id) DO UPDATE SET
		provider_id = NULLIF(COALESCE(EXCLUDED.provider_id, sessions.provider_id), 0),
		model = CASE WHEN EXCLUDED.last_at >= sessions.last_at THEN EXCLUDED.model ELSE sessions.model END,
		client_kind = CASE WHEN EXCLUDED.last_at >= sessions.last_at OR sessions.client_kind = ''
			THEN EXCLUDED.client_kind ELSE sessions.client_kind END,
		terminated_at = CASE WHEN EXCLUDED.last_at > sessions.terminated_at THEN NULL ELSE sessions.terminated_at END,
		first_at = CASE WHEN EXCLUDED.first_at < sessions.first_at THEN EXCLUDED.first_at ELSE sessions.first_at END,
		last_at = CASE WHEN EXCLUDED.last_at > sessions.last_at THEN EXCLUDED.last_at ELSE sessions.last_at END,
		requests = sessions.requests + EXCLUDED.requests`
