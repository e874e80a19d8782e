-- +goose Up

-- How a provider's upstream account is asked, and what was last known of it.
CREATE TABLE provider_accounts (
    provider_id  BIGINT PRIMARY KEY REFERENCES providers (id),
    adapter      TEXT NOT NULL,
    config_enc   BYTEA,
    status       TEXT NOT NULL,
    balance_nusd BIGINT,
    raw_unit     TEXT,
    windows      TEXT NOT NULL,
    fetched_at   BIGINT,
    last_ok_at   BIGINT,
    error        TEXT
);

CREATE TABLE provider_account_history (
    provider_id BIGINT NOT NULL,
    hour_no     BIGINT NOT NULL, -- hours since 1970
    windows     TEXT NOT NULL,
    PRIMARY KEY (provider_id, hour_no)
);
