-- +goose Up

CREATE TABLE resource_bindings (
    key_id      BIGINT NOT NULL,
    resource_id TEXT COLLATE "C" NOT NULL,
    provider_id BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    PRIMARY KEY (key_id, resource_id)
);
CREATE INDEX resource_bindings_expires_ix ON resource_bindings (expires_at);
