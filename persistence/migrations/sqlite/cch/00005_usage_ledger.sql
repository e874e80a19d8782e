-- +goose Up

-- What was spent. Append-only: a correction is a new row.
CREATE TABLE usage_ledger (
    id                             INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id                     BIGINT  NOT NULL,
    attempt                        INTEGER NOT NULL,
    kind                           TEXT    NOT NULL,
    n                              INTEGER NOT NULL,
    user_id                        BIGINT  NOT NULL,
    user_seq                       BIGINT  NOT NULL,
    key_id                         BIGINT  NOT NULL,
    provider_id                    BIGINT,
    group_id                       BIGINT,
    admitted_at                    BIGINT  NOT NULL,
    settled_at                     BIGINT  NOT NULL,
    charge_nusd                    BIGINT  NOT NULL,
    provider_cost_nusd             BIGINT  NOT NULL,
    reported_cost_nusd             BIGINT,
    state                          TEXT    NOT NULL,
    epoch                          BIGINT  NOT NULL,
    price_id                       BIGINT,
    price_node                     TEXT,
    model                          TEXT    NOT NULL,
    input_tokens                   BIGINT  NOT NULL,
    output_tokens                  BIGINT  NOT NULL,
    cache_read_input_tokens        BIGINT  NOT NULL,
    cache_creation_5m_input_tokens BIGINT  NOT NULL,
    cache_creation_1h_input_tokens BIGINT  NOT NULL,
    reasoning_tokens               BIGINT  NOT NULL,
    is_final                       INTEGER NOT NULL,
    is_success                     INTEGER NOT NULL,
    counts_for_rate                INTEGER NOT NULL,
    duration_ms                    BIGINT  NOT NULL,
    ttfb_ms                        BIGINT,
    ttft_ms                        BIGINT,
    final_of                       BIGINT -- request_id of its last row, NULL in others
);
CREATE UNIQUE INDEX usage_ledger_key_uq ON usage_ledger (request_id, attempt, kind, n);
CREATE UNIQUE INDEX usage_ledger_seq_uq ON usage_ledger (user_id, user_seq);
-- A request ends once.
CREATE UNIQUE INDEX usage_ledger_final_uq ON usage_ledger (final_of);
CREATE INDEX usage_ledger_user_ix ON usage_ledger (user_id, admitted_at);
CREATE INDEX usage_ledger_key_ix ON usage_ledger (key_id, admitted_at);
CREATE INDEX usage_ledger_provider_ix ON usage_ledger (provider_id, admitted_at);
CREATE INDEX usage_ledger_admitted_ix ON usage_ledger (admitted_at);

CREATE TABLE usage_hourly (
    hour_no                        BIGINT NOT NULL, -- admitted_at / 3600000
    user_id                        BIGINT NOT NULL,
    key_id                         BIGINT NOT NULL,
    provider_id                    BIGINT NOT NULL, -- 0 = none
    model                          TEXT   NOT NULL,
    requests                       BIGINT NOT NULL,
    successes                      BIGINT NOT NULL,
    failures                       BIGINT NOT NULL,
    input_tokens                   BIGINT NOT NULL,
    output_tokens                  BIGINT NOT NULL,
    cache_read_input_tokens        BIGINT NOT NULL,
    cache_creation_5m_input_tokens BIGINT NOT NULL,
    cache_creation_1h_input_tokens BIGINT NOT NULL,
    reasoning_tokens               BIGINT NOT NULL,
    cost_nusd                      BIGINT NOT NULL,
    provider_cost_nusd             BIGINT NOT NULL,
    duration_sum_ms                BIGINT NOT NULL,
    ttft_sum_ms                    BIGINT NOT NULL,
    ttft_n                         BIGINT NOT NULL,
    lat_0  BIGINT NOT NULL, -- final rows of at most 0.25 s,
    lat_1  BIGINT NOT NULL, -- 0.5 s,
    lat_2  BIGINT NOT NULL, -- 1 s,
    lat_3  BIGINT NOT NULL, -- 2 s,
    lat_4  BIGINT NOT NULL, -- 4 s,
    lat_5  BIGINT NOT NULL, -- 8 s,
    lat_6  BIGINT NOT NULL, -- 15 s,
    lat_7  BIGINT NOT NULL, -- 30 s,
    lat_8  BIGINT NOT NULL, -- 60 s,
    lat_9  BIGINT NOT NULL, -- 120 s,
    lat_10 BIGINT NOT NULL, -- 300 s,
    lat_11 BIGINT NOT NULL, -- and more
    PRIMARY KEY (hour_no, user_id, key_id, provider_id, model)
);
CREATE INDEX usage_hourly_user_ix ON usage_hourly (user_id, hour_no);
CREATE INDEX usage_hourly_provider_ix ON usage_hourly (provider_id, hour_no);

CREATE TABLE usage_daily (
    day_no                         BIGINT NOT NULL, -- days since 1970-01-01 by the calendar of the zone
    user_id                        BIGINT NOT NULL,
    key_id                         BIGINT NOT NULL,
    provider_id                    BIGINT NOT NULL, -- 0 = none
    model                          TEXT   NOT NULL, -- empty = those beyond the day's fifty
    requests                       BIGINT NOT NULL,
    successes                      BIGINT NOT NULL,
    failures                       BIGINT NOT NULL,
    input_tokens                   BIGINT NOT NULL,
    output_tokens                  BIGINT NOT NULL,
    cache_read_input_tokens        BIGINT NOT NULL,
    cache_creation_5m_input_tokens BIGINT NOT NULL,
    cache_creation_1h_input_tokens BIGINT NOT NULL,
    reasoning_tokens               BIGINT NOT NULL,
    cost_nusd                      BIGINT NOT NULL,
    provider_cost_nusd             BIGINT NOT NULL,
    duration_sum_ms                BIGINT NOT NULL,
    ttft_sum_ms                    BIGINT NOT NULL,
    ttft_n                         BIGINT NOT NULL,
    lat_0  BIGINT NOT NULL,
    lat_1  BIGINT NOT NULL,
    lat_2  BIGINT NOT NULL,
    lat_3  BIGINT NOT NULL,
    lat_4  BIGINT NOT NULL,
    lat_5  BIGINT NOT NULL,
    lat_6  BIGINT NOT NULL,
    lat_7  BIGINT NOT NULL,
    lat_8  BIGINT NOT NULL,
    lat_9  BIGINT NOT NULL,
    lat_10 BIGINT NOT NULL,
    lat_11 BIGINT NOT NULL,
    PRIMARY KEY (day_no, user_id, key_id, provider_id, model)
);
CREATE INDEX usage_daily_user_ix ON usage_daily (user_id, day_no);
CREATE INDEX usage_daily_provider_ix ON usage_daily (provider_id, day_no);
CREATE INDEX usage_daily_model_ix ON usage_daily (day_no, model);

-- Which days usage_daily holds: one row.
CREATE TABLE usage_days (
    id         INTEGER PRIMARY KEY,
    zone       TEXT   NOT NULL,
    from_day   BIGINT NOT NULL,
    closed_day BIGINT NOT NULL -- the last one
);

-- Who numbers a user's ledger rows.
CREATE TABLE quota_owner (
    user_id    BIGINT PRIMARY KEY,
    epoch      BIGINT NOT NULL,
    node       TEXT   NOT NULL,
    updated_at BIGINT NOT NULL
);
