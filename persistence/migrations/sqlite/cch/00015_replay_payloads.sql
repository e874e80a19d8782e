-- +goose Up

CREATE TABLE replay_payloads (
    replay_id   TEXT   PRIMARY KEY,
    verifier    TEXT   NOT NULL,
    key_id      BIGINT NOT NULL,
    user_id     BIGINT NOT NULL,
    request_id  BIGINT NOT NULL,
    format      TEXT   NOT NULL,
    model       TEXT   NOT NULL,
    status_code INTEGER NOT NULL,
    headers     TEXT   NOT NULL,
    payload     BLOB   NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX replay_payloads_expires_ix ON replay_payloads (expires_at);
