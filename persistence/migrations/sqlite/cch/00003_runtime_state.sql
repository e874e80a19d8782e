-- +goose Up

CREATE TABLE actor_snapshots (
    kind       TEXT   NOT NULL,
    entity_id  TEXT   NOT NULL,
    epoch      BIGINT NOT NULL,
    data       BLOB   NOT NULL,
    expires_at BIGINT,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (kind, entity_id)
);
CREATE INDEX actor_snapshots_expires_ix ON actor_snapshots (expires_at);

CREATE TABLE breaker_events (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at  BIGINT NOT NULL,
    scope       TEXT   NOT NULL,
    scope_id    BIGINT NOT NULL,
    from_state  TEXT   NOT NULL,
    to_state    TEXT   NOT NULL,
    reason_code TEXT   NOT NULL,
    status_code INTEGER,
    message     TEXT   NOT NULL,
    request_id  BIGINT,
    actor       TEXT
);
CREATE INDEX breaker_events_scope_ix ON breaker_events (scope, scope_id, id);

CREATE TABLE sessions (
    key_id                         BIGINT NOT NULL,
    session_id                     TEXT   NOT NULL,
    id                             TEXT   NOT NULL,
    user_id                        BIGINT NOT NULL,
    provider_id                    BIGINT,
    model                          TEXT   NOT NULL,
    client_kind                    TEXT   NOT NULL,
    first_at                       BIGINT NOT NULL,
    last_at                        BIGINT NOT NULL,
    requests                       BIGINT NOT NULL,
    input_tokens                   BIGINT NOT NULL,
    output_tokens                  BIGINT NOT NULL,
    cache_read_input_tokens        BIGINT NOT NULL,
    cache_creation_5m_input_tokens BIGINT NOT NULL,
    cache_creation_1h_input_tokens BIGINT NOT NULL,
    reasoning_tokens               BIGINT NOT NULL,
    cost_nusd                      BIGINT NOT NULL,
    terminated_at                  BIGINT,
    PRIMARY KEY (key_id, session_id)
);
CREATE UNIQUE INDEX sessions_id_uq ON sessions (id);
CREATE INDEX sessions_last_ix ON sessions (last_at);
CREATE INDEX sessions_user_ix ON sessions (user_id, last_at);

-- How far the session sums that the log file hands over have been added, so
-- that a crash between the two files adds none twice.
CREATE TABLE applied_marks (
    name     TEXT   PRIMARY KEY,
    position BIGINT NOT NULL
);
