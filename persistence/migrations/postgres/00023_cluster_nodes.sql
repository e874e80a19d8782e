-- +goose Up

-- The nodes of a cluster and their leases. A row whose beat is too old is of a
-- node that is gone; it stays a while to keep the node's number for it. Times are
-- the database's own.
CREATE TABLE cluster_nodes (
    system_id  TEXT COLLATE "C" PRIMARY KEY,
    node_no    INTEGER NOT NULL UNIQUE,
    process    TEXT COLLATE "C" NOT NULL,
    addr       TEXT COLLATE "C" NOT NULL UNIQUE,
    version    TEXT   NOT NULL,
    started_at BIGINT NOT NULL,
    ready_at   BIGINT NOT NULL,
    beat_at    BIGINT NOT NULL
);
