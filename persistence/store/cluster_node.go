package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	// clusterLock makes joins follow one another; its number means nothing.
	clusterLock = 0x6363_685f_6e6f_6465
	// readyMargin is what a join may take from reading the clock to committing.
	readyMargin = time.Second
	// longGone is longer than any lease lasts.
	longGone = time.Hour
	// numberKept is how long the number of a node that is gone waits for it.
	numberKept = 7 * 24 * time.Hour

	clockSQL = `(extract(epoch FROM clock_timestamp()) * 1000)::bigint`
)

// ErrClusterFull says that no number is left for another node.
var ErrClusterFull = errors.New("the cluster has no number left for another node")

// ClusterNodes keeps the leases of a cluster's nodes. It has a connection of its
// own, which it opens again when it breaks, so that a lease does not wait for
// others to be done with the database. All times are by the clock of the
// database, so those of the nodes may differ. Safe for concurrent use.
type ClusterNodes struct {
	config *pgx.ConnConfig

	mu   sync.Mutex
	conn *pgx.Conn // nil = to be opened
}

// ClusterNodes is the repository of a cluster's nodes. It must be closed. Stores
// of an engine that nodes cannot share have none: domain.ErrNotPostgres.
func (s *Store) ClusterNodes() (*ClusterNodes, error) {
	e, ok := s.main.engine.(*postgresEngine)
	if !ok {
		return nil, domain.ErrNotPostgres
	}
	return &ClusterNodes{config: e.config}, nil
}

// Close ends the connection.
func (n *ClusterNodes) Close(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conn == nil {
		return nil
	}
	err := n.conn.Close(ctx)
	n.conn = nil
	return err
}

// with runs work on the connection, one at a time. A connection on which
// something failed is not used again.
func (n *ClusterNodes) with(ctx context.Context, work func(conn *pgx.Conn) error) (err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conn == nil {
		if n.conn, err = pgx.ConnectConfig(ctx, n.config.Copy()); err != nil {
			return err
		}
	}
	if err = work(n.conn); err != nil {
		_ = n.conn.Close(context.WithoutCancel(ctx))
		n.conn = nil
	}
	return err
}

// Join takes a lease that lasts ttl and returns the node's number. Whoever had
// the address before is gone: the caller listens there. Actors may belong to the
// node at once if it is alone, else when every other node has learned of it or
// lost its own lease, that is after ttl.
func (n *ClusterNodes) Join(ctx context.Context, node domain.ClusterNode, ttl time.Duration) (no int, err error) {
	err = n.with(ctx, func(conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			no, err = join(ctx, tx, node, ttl)
			return err
		})
	})
	if err != nil {
		return 0, fmt.Errorf("join the cluster as %s: %w", node.Addr, err)
	}
	return no, nil
}

func join(ctx context.Context, tx pgx.Tx, node domain.ClusterNode, ttl time.Duration) (no int, err error) {
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(clusterLock)); err != nil {
		return 0, err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM cluster_nodes WHERE beat_at < "+clockSQL+" - $1 AND addr <> $2",
		numberKept.Milliseconds(), node.Addr); err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, "DELETE FROM cluster_nodes WHERE addr = $1 RETURNING node_no", node.Addr).Scan(&no)
	if errors.Is(err, pgx.ErrNoRows) {
		err = tx.QueryRow(ctx, `SELECT n FROM generate_series(1, $1) n
			WHERE NOT EXISTS (SELECT 1 FROM cluster_nodes WHERE node_no = n) ORDER BY n LIMIT 1`, domain.MaxNodeNo).Scan(&no)
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, ErrClusterFull
	}
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `WITH now AS (SELECT `+clockSQL+` AS ms)
		INSERT INTO cluster_nodes (system_id, node_no, process, addr, version, started_at, ready_at, beat_at)
		SELECT $1, $2, $3, $4, $5, ms, CASE
			WHEN EXISTS (SELECT 1 FROM cluster_nodes WHERE beat_at > ms - $6::bigint) THEN ms + $6::bigint + $7::bigint
			ELSE ms END, ms FROM now`,
		node.SystemID, no, node.Process, node.Addr, node.Version, ttl.Milliseconds(), readyMargin.Milliseconds())
	return no, err
}

// Beat renews a lease and returns the nodes whose leases last, all in one
// statement. A lease that has lapsed is not renewed, and neither is one that was
// taken away: then held is false.
func (n *ClusterNodes) Beat(ctx context.Context, systemID string, ttl time.Duration) (nodes []domain.ClusterNode, held bool, err error) {
	err = n.with(ctx, func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `WITH now AS (SELECT `+clockSQL+` AS ms),
			beat AS (UPDATE cluster_nodes SET beat_at = ms FROM now WHERE system_id = $1 AND beat_at > ms - $2::bigint RETURNING 1)
			SELECT system_id, node_no, process, addr, version, started_at, ms - beat_at, ready_at - ms, (SELECT count(*) FROM beat)
			FROM cluster_nodes, now WHERE beat_at > ms - $2::bigint ORDER BY system_id`, systemID, ttl.Milliseconds())
		if err != nil {
			return err
		}
		nodes, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (node domain.ClusterNode, err error) {
			var started, age, readyIn, beats int64
			err = row.Scan(&node.SystemID, &node.No, &node.Process, &node.Addr, &node.Version, &started, &age, &readyIn, &beats)
			node.StartedAt = fromMillis(started)
			node.Age, node.ReadyIn = time.Duration(age)*time.Millisecond, time.Duration(readyIn)*time.Millisecond
			held = held || beats > 0
			return node, err
		})
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("renew the lease of node %s: %w", systemID, err)
	}
	return nodes, held, nil
}

// End takes a lease away, of a node that leaves or that is known to be gone. Its
// address keeps its number.
func (n *ClusterNodes) End(ctx context.Context, systemID string) error {
	err := n.with(ctx, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "UPDATE cluster_nodes SET beat_at = beat_at - $2 WHERE system_id = $1 AND beat_at > "+clockSQL+" - $2",
			systemID, longGone.Milliseconds())
		return err
	})
	if err != nil {
		return fmt.Errorf("end the lease of node %s: %w", systemID, err)
	}
	return nil
}
