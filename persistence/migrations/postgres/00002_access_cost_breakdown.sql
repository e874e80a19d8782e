-- +goose Up

CREATE TABLE auth_sessions (
    token_hash   TEXT COLLATE "C" PRIMARY KEY,
    user_id      BIGINT,
    key_id       BIGINT,
    kind         TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    revoked_at   BIGINT,
    ip           TEXT NOT NULL,
    user_agent   TEXT NOT NULL
);
CREATE INDEX auth_sessions_user_ix ON auth_sessions (user_id);
CREATE INDEX auth_sessions_expires_ix ON auth_sessions (expires_at);

CREATE TABLE login_throttle (
    scope           TEXT COLLATE "C" PRIMARY KEY,
    failures        INTEGER NOT NULL,
    window_start_at BIGINT NOT NULL,
    locked_until_at BIGINT
);

ALTER TABLE request_details ADD COLUMN cost_breakdown TEXT;
