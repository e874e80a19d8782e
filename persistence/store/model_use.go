package store

import (
	"context"
	"fmt"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// ModelUses are the models that upstreams were asked for since a time, with what
// the newest request of each was called. It jumps from name to name through an
// index, so that a long log does not make it slow.
func (r RequestLogs) ModelUses(ctx context.Context, since time.Time) ([]domain.ModelUse, error) {
	var rows []struct {
		Sent      string `bun:"sent"`
		Requested string `bun:"requested"`
		LastAt    int64  `bun:"last_at"`
		Requests  int    `bun:"requests"`
	}
	err := r.s.logs.read.NewRaw(`WITH RECURSIVE names (name) AS (
			SELECT MIN(model_sent) FROM request_logs
			UNION ALL
			SELECT (SELECT MIN(model_sent) FROM request_logs WHERE model_sent > names.name) FROM names WHERE names.name IS NOT NULL
		), used (name, id, requests) AS (
			SELECT name,
				(SELECT MAX(id) FROM request_logs WHERE model_sent = name AND id >= ?0),
				(SELECT COUNT(*) FROM request_logs WHERE model_sent = name AND id >= ?0)
			FROM names WHERE name <> ''
		)
		SELECT used.name AS sent, COALESCE(l.model_requested, used.name) AS requested, l.created_at AS last_at, used.requests
		FROM used JOIN request_logs AS l ON l.id = used.id WHERE l.call_class = ?1 ORDER BY l.id DESC`,
		int64(domain.FirstRequestIDAt(since)), string(domain.CallGenerate)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("list models in use: %w", err)
	}
	uses := make([]domain.ModelUse, len(rows))
	for i, row := range rows {
		uses[i] = domain.ModelUse{Sent: row.Sent, Requested: row.Requested, LastAt: fromMillis(row.LastAt), Requests: row.Requests}
	}
	return uses, nil
}
