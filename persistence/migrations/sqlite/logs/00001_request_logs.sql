-- +goose Up

CREATE TABLE request_logs (
    id                             INTEGER PRIMARY KEY,
    created_at                     BIGINT  NOT NULL,
    user_id                        BIGINT  NOT NULL,
    key_id                         BIGINT  NOT NULL,
    provider_id                    BIGINT,
    first_provider_id              BIGINT,
    provider_name                  TEXT,
    session_id                     TEXT,
    session_seq                    BIGINT  NOT NULL,
    endpoint                       TEXT    NOT NULL,
    client_format                  TEXT    NOT NULL,
    call_class                     TEXT    NOT NULL,
    provider_type                  TEXT,
    model_requested                TEXT,
    model_sent                     TEXT,
    model_returned                 TEXT,
    stream                         INTEGER NOT NULL,
    messages_count                 INTEGER,
    status_code                    INTEGER,
    status_code_inferred           INTEGER NOT NULL,
    outcome                        TEXT,
    error_code                     TEXT,
    error_message                  TEXT,
    blocked_by                     TEXT,
    blocked_reason                 TEXT,
    attempts                       INTEGER NOT NULL,
    input_tokens                   BIGINT  NOT NULL,
    output_tokens                  BIGINT  NOT NULL,
    cache_read_input_tokens        BIGINT  NOT NULL,
    cache_creation_5m_input_tokens BIGINT  NOT NULL,
    cache_creation_1h_input_tokens BIGINT  NOT NULL,
    reasoning_tokens               BIGINT  NOT NULL,
    usage_source                   TEXT,
    cost_nusd                      BIGINT  NOT NULL,
    provider_mult_e4               INTEGER NOT NULL,
    group_mult_e4                  INTEGER NOT NULL,
    queue_ms                       BIGINT,
    duration_ms                    BIGINT,
    ttfb_ms                        BIGINT,
    ttft_ms                        BIGINT,
    client_ip                      TEXT,
    user_agent                     TEXT,
    client_kind                    TEXT,
    client_version                 TEXT,
    config_version                 BIGINT  NOT NULL,
    degraded                       TEXT,
    is_demo                        INTEGER NOT NULL
);
CREATE INDEX request_logs_user_ix ON request_logs (user_id, id);
CREATE INDEX request_logs_key_ix ON request_logs (key_id, id);
CREATE INDEX request_logs_provider_ix ON request_logs (provider_id, id);
CREATE INDEX request_logs_session_ix ON request_logs (session_id, session_seq);
CREATE INDEX request_logs_model_ix ON request_logs (model_sent, id);
CREATE INDEX request_logs_status_ix ON request_logs (status_code, id);

CREATE TABLE request_details (
    request_id     INTEGER PRIMARY KEY,
    decision_chain TEXT   NOT NULL,
    error_detail   TEXT,
    purge_at       BIGINT NOT NULL
);
CREATE INDEX request_details_purge_ix ON request_details (purge_at);

-- Session sums of batches committed here and not yet added to the other file.
CREATE TABLE pending_session_sums (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    sums TEXT NOT NULL
);
