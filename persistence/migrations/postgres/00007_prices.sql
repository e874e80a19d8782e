-- +goose Up

ALTER TABLE users ADD COLUMN cost_multiplier_e4 INTEGER NOT NULL DEFAULT 10000;

ALTER TABLE providers ADD COLUMN pricing_key TEXT;
ALTER TABLE providers ADD COLUMN cost_source TEXT NOT NULL DEFAULT 'computed';
ALTER TABLE providers ADD COLUMN swap_cache_ttl_billing BOOLEAN NOT NULL DEFAULT FALSE;

-- Other names of models, beside those that price lists bring.
CREATE TABLE model_aliases (
    alias      TEXT COLLATE "C" PRIMARY KEY,
    model      TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);

-- The list that was synced last: one row.
CREATE TABLE price_catalog (
    id           BIGINT PRIMARY KEY CHECK (id = 1),
    url          TEXT COLLATE "C" NOT NULL,
    version      TEXT NOT NULL,
    etag         TEXT NOT NULL,
    model_count  INTEGER NOT NULL,
    refreshed_at TEXT NOT NULL,
    synced_at    BIGINT NOT NULL
);

-- Changes of a sync that wait for an administrator, or were turned down. data
-- is the entry that would come into force; empty = the price would end.
CREATE TABLE price_holds (
    model      TEXT COLLATE "C" PRIMARY KEY,
    data       TEXT NOT NULL,
    reason     TEXT NOT NULL,
    rejected   BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
