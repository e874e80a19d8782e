-- +goose Up

CREATE TABLE provider_vendors (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    version        INTEGER NOT NULL DEFAULT 1,
    website_domain TEXT    NOT NULL,
    display_name   TEXT,
    website_url    TEXT,
    favicon_url    TEXT,
    created_at     BIGINT  NOT NULL,
    updated_at     BIGINT  NOT NULL
);
CREATE UNIQUE INDEX provider_vendors_domain_uq ON provider_vendors (website_domain);

CREATE TABLE provider_endpoints (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    version         INTEGER NOT NULL DEFAULT 1,
    vendor_id       BIGINT  NOT NULL REFERENCES provider_vendors (id) ON DELETE CASCADE,
    type            TEXT    NOT NULL,
    url             TEXT    NOT NULL,
    label           TEXT,
    sort_order      INTEGER NOT NULL DEFAULT 0,
    is_enabled      INTEGER NOT NULL,
    last_probed_at  BIGINT,
    last_ok         INTEGER,
    last_status     INTEGER,
    last_latency_ms BIGINT,
    last_error_type TEXT,
    last_error      TEXT,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL
);
CREATE UNIQUE INDEX provider_endpoints_url_uq ON provider_endpoints (vendor_id, type, url);

CREATE TABLE probe_logs (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    endpoint_id BIGINT  NOT NULL REFERENCES provider_endpoints (id) ON DELETE CASCADE,
    created_at  BIGINT  NOT NULL,
    source      TEXT    NOT NULL,
    ok          INTEGER NOT NULL,
    status      INTEGER,
    latency_ms  BIGINT,
    error_type  TEXT,
    error       TEXT
);
CREATE INDEX probe_logs_endpoint_ix ON probe_logs (endpoint_id, id);
CREATE INDEX probe_logs_created_ix ON probe_logs (created_at);

ALTER TABLE providers ADD COLUMN vendor_id BIGINT REFERENCES provider_vendors (id);
CREATE INDEX providers_vendor_ix ON providers (vendor_id, type);
