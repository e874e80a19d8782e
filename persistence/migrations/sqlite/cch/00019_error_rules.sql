-- +goose Up

CREATE TABLE error_rules (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    version           INTEGER NOT NULL DEFAULT 1,
    pattern           TEXT    NOT NULL,
    match_type        TEXT    NOT NULL,
    category          TEXT    NOT NULL,
    description       TEXT,
    priority          INTEGER NOT NULL DEFAULT 0,
    is_enabled        INTEGER NOT NULL,
    is_default        INTEGER NOT NULL,
    override_response TEXT,
    override_status   INTEGER,
    created_at        BIGINT  NOT NULL,
    updated_at        BIGINT  NOT NULL
);
CREATE UNIQUE INDEX error_rules_pattern_uq ON error_rules (pattern);
