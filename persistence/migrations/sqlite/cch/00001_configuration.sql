-- +goose Up

CREATE TABLE users (
    id                        INTEGER PRIMARY KEY AUTOINCREMENT,
    version                   INTEGER NOT NULL DEFAULT 1,
    name                      TEXT    NOT NULL,
    description               TEXT,
    role                      TEXT    NOT NULL DEFAULT 'user',
    is_enabled                INTEGER NOT NULL,
    expires_at                BIGINT,
    limit_5h_nusd             BIGINT,
    limit_5h_mode             TEXT    NOT NULL DEFAULT 'rolling',
    limit_daily_nusd          BIGINT,
    daily_mode                TEXT    NOT NULL DEFAULT 'fixed',
    daily_reset_time          TEXT    NOT NULL DEFAULT '00:00',
    limit_weekly_nusd         BIGINT,
    limit_monthly_nusd        BIGINT,
    limit_total_nusd          BIGINT,
    limit_concurrent_sessions INTEGER,
    rpm_limit                 INTEGER,
    limit_concurrent_requests INTEGER,
    cost_reset_at             BIGINT,
    cost_5h_reset_at          BIGINT,
    allowed_models            TEXT    NOT NULL,
    created_at                BIGINT  NOT NULL,
    updated_at                BIGINT  NOT NULL,
    deleted_at                BIGINT  NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX users_name_uq ON users (name, deleted_at);
CREATE INDEX users_role_ix ON users (role, id);
CREATE INDEX users_enabled_ix ON users (is_enabled, expires_at);

CREATE TABLE provider_groups (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    version            INTEGER NOT NULL DEFAULT 1,
    name               TEXT    NOT NULL,
    cost_multiplier_e4 INTEGER NOT NULL DEFAULT 10000,
    description        TEXT,
    created_at         BIGINT  NOT NULL,
    updated_at         BIGINT  NOT NULL
);
CREATE UNIQUE INDEX provider_groups_name_uq ON provider_groups (name);
INSERT INTO provider_groups (name, description, created_at, updated_at) VALUES
    ('default', 'Everybody and everything without a group of its own', 0, 0),
    ('*', 'Every provider', 0, 0);

CREATE TABLE user_groups (
    user_id  BIGINT  NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    group_id BIGINT  NOT NULL REFERENCES provider_groups (id),
    position INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, group_id)
);
CREATE INDEX user_groups_group_ix ON user_groups (group_id);

CREATE TABLE api_keys (
    id                        INTEGER PRIMARY KEY AUTOINCREMENT,
    version                   INTEGER NOT NULL DEFAULT 1,
    user_id                   BIGINT  NOT NULL REFERENCES users (id),
    name                      TEXT    NOT NULL,
    key_hash                  TEXT    NOT NULL,
    key_prefix                TEXT    NOT NULL,
    key_last4                 TEXT    NOT NULL,
    is_enabled                INTEGER NOT NULL,
    expires_at                BIGINT,
    can_login_web_ui          INTEGER NOT NULL,
    limit_5h_nusd             BIGINT,
    limit_5h_mode             TEXT    NOT NULL DEFAULT 'rolling',
    limit_daily_nusd          BIGINT,
    daily_mode                TEXT    NOT NULL DEFAULT 'fixed',
    daily_reset_time          TEXT    NOT NULL DEFAULT '00:00',
    limit_weekly_nusd         BIGINT,
    limit_monthly_nusd        BIGINT,
    limit_total_nusd          BIGINT,
    limit_concurrent_sessions INTEGER,
    rpm_limit                 INTEGER,
    limit_concurrent_requests INTEGER,
    cost_reset_at             BIGINT,
    cost_5h_reset_at          BIGINT,
    last_used_at              BIGINT,
    created_at                BIGINT  NOT NULL,
    updated_at                BIGINT  NOT NULL,
    deleted_at                BIGINT  NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX api_keys_hash_uq ON api_keys (key_hash);
CREATE INDEX api_keys_user_ix ON api_keys (user_id, deleted_at);

CREATE TABLE key_groups (
    key_id   BIGINT  NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    group_id BIGINT  NOT NULL REFERENCES provider_groups (id),
    position INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (key_id, group_id)
);
CREATE INDEX key_groups_group_ix ON key_groups (group_id);

CREATE TABLE providers (
    id                              INTEGER PRIMARY KEY AUTOINCREMENT,
    version                         INTEGER NOT NULL DEFAULT 1,
    name                            TEXT    NOT NULL,
    description                     TEXT,
    type                            TEXT    NOT NULL,
    url                             TEXT    NOT NULL,
    key_enc                         BLOB    NOT NULL,
    key_last4                       TEXT    NOT NULL,
    is_enabled                      INTEGER NOT NULL,
    weight                          INTEGER NOT NULL DEFAULT 1,
    priority                        INTEGER NOT NULL DEFAULT 0,
    cost_multiplier_e4              INTEGER NOT NULL DEFAULT 10000,
    limit_5h_nusd                   BIGINT,
    limit_5h_mode                   TEXT    NOT NULL DEFAULT 'rolling',
    limit_daily_nusd                BIGINT,
    daily_mode                      TEXT    NOT NULL DEFAULT 'fixed',
    daily_reset_time                TEXT    NOT NULL DEFAULT '00:00',
    limit_weekly_nusd               BIGINT,
    limit_monthly_nusd              BIGINT,
    limit_total_nusd                BIGINT,
    limit_concurrent_sessions       INTEGER,
    rpm_limit                       INTEGER,
    limit_concurrent_requests       INTEGER,
    cost_reset_at                   BIGINT,
    cost_5h_reset_at                BIGINT,
    max_attempts                    INTEGER,
    accept_formats                  TEXT    NOT NULL,
    codex_instructions              TEXT    NOT NULL DEFAULT 'auto',
    cb_failure_threshold            INTEGER NOT NULL DEFAULT 5,
    cb_open_duration_ms             BIGINT  NOT NULL DEFAULT 1800000,
    cb_half_open_success_threshold  INTEGER NOT NULL DEFAULT 2,
    cb_failure_window_ms            BIGINT  NOT NULL DEFAULT 300000,
    cb_half_open_max_probes         INTEGER NOT NULL DEFAULT 1,
    proxy_url_enc                   BLOB,
    proxy_fallback_to_direct        INTEGER NOT NULL,
    first_byte_timeout_streaming_ms BIGINT  NOT NULL DEFAULT 0,
    streaming_idle_timeout_ms       BIGINT  NOT NULL DEFAULT 0,
    request_timeout_non_streaming_ms BIGINT NOT NULL DEFAULT 0,
    auth_style                      TEXT    NOT NULL DEFAULT 'auto',
    preserve_client_ip              INTEGER NOT NULL,
    disable_session_reuse           INTEGER NOT NULL,
    model_redirects                 TEXT    NOT NULL,
    allowed_models                  TEXT    NOT NULL,
    custom_headers_enc              BLOB,
    created_at                      BIGINT  NOT NULL,
    updated_at                      BIGINT  NOT NULL,
    deleted_at                      BIGINT  NOT NULL DEFAULT 0
);
CREATE INDEX providers_enabled_ix ON providers (is_enabled, priority, weight);

CREATE TABLE provider_group_members (
    provider_id BIGINT  NOT NULL REFERENCES providers (id) ON DELETE CASCADE,
    group_id    BIGINT  NOT NULL REFERENCES provider_groups (id),
    position    INTEGER NOT NULL DEFAULT 0,
    priority    INTEGER,
    PRIMARY KEY (provider_id, group_id)
);
CREATE INDEX provider_group_members_group_ix ON provider_group_members (group_id);

CREATE TABLE settings (
    name       TEXT   PRIMARY KEY,
    value      TEXT   NOT NULL,
    updated_by BIGINT,
    updated_at BIGINT NOT NULL
);

CREATE TABLE config_changes (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    kind      TEXT   NOT NULL,
    entity_id TEXT   NOT NULL,
    at        BIGINT NOT NULL
);
