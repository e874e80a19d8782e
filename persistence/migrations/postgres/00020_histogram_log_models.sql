-- +goose Up

-- The histogram of usage_hourly and usage_daily counts the times to the first
-- token from this number on, not durations: sums are made anew from the ledger.
-- That takes some seconds a million ledger rows. Days follow when they are
-- closed the next time; until then hours answer for them.
DELETE FROM usage_days;
DELETE FROM usage_daily;
DELETE FROM usage_hourly;
INSERT INTO usage_hourly (hour_no, user_id, key_id, provider_id, model, requests, successes, failures, input_tokens,
    output_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens,
    reasoning_tokens, cost_nusd, provider_cost_nusd, duration_sum_ms, ttft_sum_ms, ttft_n,
    lat_0, lat_1, lat_2, lat_3, lat_4, lat_5, lat_6, lat_7, lat_8, lat_9, lat_10, lat_11)
SELECT admitted_at / 3600000, user_id, key_id, COALESCE(provider_id, 0), model,
    SUM(CASE WHEN is_final THEN 1 ELSE 0 END),
    SUM(CASE WHEN counts_for_rate AND is_success THEN 1 ELSE 0 END),
    SUM(CASE WHEN counts_for_rate AND NOT is_success THEN 1 ELSE 0 END),
    SUM(input_tokens), SUM(output_tokens), SUM(cache_read_input_tokens), SUM(cache_creation_5m_input_tokens),
    SUM(cache_creation_1h_input_tokens), SUM(reasoning_tokens), SUM(charge_nusd), SUM(provider_cost_nusd),
    SUM(CASE WHEN is_final THEN duration_ms ELSE 0 END),
    SUM(CASE WHEN is_final THEN COALESCE(ttft_ms, 0) ELSE 0 END),
    SUM(CASE WHEN is_final AND ttft_ms > 0 THEN 1 ELSE 0 END),
    SUM(CASE WHEN is_final AND ttft_ms > 0 AND ttft_ms <= 250 THEN 1 ELSE 0 END),
    SUM(CASE WHEN is_final AND ttft_ms > 250 AND ttft_ms <= 500 THEN 1 ELSE 0 END),
    SUM(CASE WHEN is_final AND ttft_ms > 500 AND ttft_ms <= 1000 THEN 1 ELSE 0 END),
    SUM(CASE WHEN is_final AND ttft_ms > 1000 AND ttft_ms <= 2000 THEN 1 ELSE 0 END),
    SUM(CASE WHEN is_final AND ttft_ms > 2000 AND ttft_ms <= 4000 THEN 1 ELSE 0 END),
    SUM(CASE WHEN is_final AND ttft_ms > 4000 AND ttft_ms <= 8000 THEN 1 ELSE 0 END),
    SUM(CASE WHEN is_final AND ttft_ms > 8000 AND ttft_ms <= 15000 THEN 1 ELSE 0 END),
    SUM(CASE WHEN is_final AND ttft_ms > 15000 AND ttft_ms <= 30000 THEN 1 ELSE 0 END),
    SUM(CASE WHEN is_final AND ttft_ms > 30000 AND ttft_ms <= 60000 THEN 1 ELSE 0 END),
    SUM(CASE WHEN is_final AND ttft_ms > 60000 AND ttft_ms <= 120000 THEN 1 ELSE 0 END),
    SUM(CASE WHEN is_final AND ttft_ms > 120000 AND ttft_ms <= 300000 THEN 1 ELSE 0 END),
    SUM(CASE WHEN is_final AND ttft_ms > 300000 THEN 1 ELSE 0 END)
FROM usage_ledger
GROUP BY admitted_at / 3600000, user_id, key_id, COALESCE(provider_id, 0), model;

-- By which model a request was asked for where it was sent as another one, or as
-- none, day by day of the ids: the log has an index on what was sent alone.
-- The writer of a row notes it here, in the row's transaction.
CREATE TABLE request_log_models (
    model_requested TEXT   NOT NULL,
    model_sent      TEXT   NOT NULL, -- empty = none
    day_no          BIGINT NOT NULL, -- days since 1970-01-01, UTC
    PRIMARY KEY (model_requested, model_sent, day_no)
);
INSERT INTO request_log_models (model_requested, model_sent, day_no)
SELECT DISTINCT model_requested, COALESCE(model_sent, ''), (id / 4194304 + 1735689600000) / 86400000
FROM request_logs
WHERE status_code IS NOT NULL AND model_requested <> '' AND model_requested <> COALESCE(model_sent, '');
