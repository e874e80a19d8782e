-- +goose Up

-- The nodes of a cluster share PostgreSQL; here the table stays empty.
CREATE TABLE cluster_nodes (
    system_id  TEXT    NOT NULL PRIMARY KEY,
    node_no    INTEGER NOT NULL UNIQUE,
    process    TEXT    NOT NULL,
    addr       TEXT    NOT NULL UNIQUE,
    version    TEXT    NOT NULL,
    started_at BIGINT  NOT NULL,
    ready_at   BIGINT  NOT NULL,
    beat_at    BIGINT  NOT NULL
);
