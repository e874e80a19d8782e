-- +goose Up

-- Sums are read by ranges of time. Kept in the order of their keys they are one
-- run of pages; before, each row was looked up by itself.

CREATE TABLE usage_hourly_new (
    hour_no                        BIGINT NOT NULL,
    user_id                        BIGINT NOT NULL,
    key_id                         BIGINT NOT NULL,
    provider_id                    BIGINT NOT NULL,
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
    PRIMARY KEY (hour_no, user_id, key_id, provider_id, model)
) WITHOUT ROWID;
INSERT INTO usage_hourly_new SELECT * FROM usage_hourly ORDER BY hour_no, user_id, key_id, provider_id, model;
DROP TABLE usage_hourly;
ALTER TABLE usage_hourly_new RENAME TO usage_hourly;
CREATE INDEX usage_hourly_user_ix ON usage_hourly (user_id, hour_no);
CREATE INDEX usage_hourly_provider_ix ON usage_hourly (provider_id, hour_no);

CREATE TABLE usage_daily_new (
    day_no                         BIGINT NOT NULL,
    user_id                        BIGINT NOT NULL,
    key_id                         BIGINT NOT NULL,
    provider_id                    BIGINT NOT NULL,
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
) WITHOUT ROWID;
INSERT INTO usage_daily_new SELECT * FROM usage_daily ORDER BY day_no, user_id, key_id, provider_id, model;
DROP TABLE usage_daily;
ALTER TABLE usage_daily_new RENAME TO usage_daily;
CREATE INDEX usage_daily_user_ix ON usage_daily (user_id, day_no);
CREATE INDEX usage_daily_provider_ix ON usage_daily (provider_id, day_no);
CREATE INDEX usage_daily_model_ix ON usage_daily (day_no, model);
