-- +goose Up

CREATE TABLE request_filters (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    version      INTEGER NOT NULL DEFAULT 1,
    name         TEXT    NOT NULL,
    scope        TEXT,
    action       TEXT,
    match_type   TEXT,
    target       TEXT,
    replacement  TEXT,
    priority     INTEGER NOT NULL DEFAULT 0,
    is_enabled   INTEGER NOT NULL,
    binding      TEXT    NOT NULL,
    provider_ids TEXT    NOT NULL DEFAULT '[]',
    group_ids    TEXT    NOT NULL DEFAULT '[]',
    mode         TEXT    NOT NULL,
    phase        TEXT    NOT NULL,
    operations   TEXT    NOT NULL DEFAULT '[]',
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL
);

ALTER TABLE providers ADD COLUMN overrides TEXT NOT NULL DEFAULT '{}';
ALTER TABLE providers ADD COLUMN cache_ttl TEXT NOT NULL DEFAULT 'inherit';
ALTER TABLE api_keys ADD COLUMN cache_ttl TEXT NOT NULL DEFAULT 'inherit';
