-- +goose Up

-- Sums of the days in usage_daily by one thing at a time. What a row is not by is
-- 0 or empty in it.
CREATE TABLE usage_daily_by (
    -- the day, plus ten million times what the row is by: 1 all, 2 user, 3 key,
    -- 4 provider, 5 model
    by_day      BIGINT NOT NULL,
    user_id     BIGINT NOT NULL,
    key_id      BIGINT NOT NULL,
    provider_id BIGINT NOT NULL,
    model       TEXT   NOT NULL,
    requests BIGINT NOT NULL,
    successes BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cache_read_input_tokens BIGINT NOT NULL,
    cache_creation_5m_input_tokens BIGINT NOT NULL,
    cache_creation_1h_input_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    cost_nusd BIGINT NOT NULL,
    provider_cost_nusd BIGINT NOT NULL,
    duration_sum_ms BIGINT NOT NULL,
    ttft_sum_ms BIGINT NOT NULL,
    ttft_n BIGINT NOT NULL,
    lat_0 BIGINT NOT NULL,
    lat_1 BIGINT NOT NULL,
    lat_2 BIGINT NOT NULL,
    lat_3 BIGINT NOT NULL,
    lat_4 BIGINT NOT NULL,
    lat_5 BIGINT NOT NULL,
    lat_6 BIGINT NOT NULL,
    lat_7 BIGINT NOT NULL,
    lat_8 BIGINT NOT NULL,
    lat_9 BIGINT NOT NULL,
    lat_10 BIGINT NOT NULL,
    lat_11 BIGINT NOT NULL,
    PRIMARY KEY (by_day, user_id, key_id, provider_id, model)
);
INSERT INTO usage_daily_by SELECT day_no + 10000000, 0, 0, 0, '',
    SUM(requests), SUM(successes), SUM(failures), SUM(input_tokens), SUM(output_tokens), SUM(cache_read_input_tokens),
    SUM(cache_creation_5m_input_tokens), SUM(cache_creation_1h_input_tokens), SUM(reasoning_tokens), SUM(cost_nusd), SUM(provider_cost_nusd), SUM(duration_sum_ms),
    SUM(ttft_sum_ms), SUM(ttft_n), SUM(lat_0), SUM(lat_1), SUM(lat_2), SUM(lat_3),
    SUM(lat_4), SUM(lat_5), SUM(lat_6), SUM(lat_7), SUM(lat_8), SUM(lat_9),
    SUM(lat_10), SUM(lat_11)
FROM usage_daily GROUP BY day_no;
INSERT INTO usage_daily_by SELECT day_no + 20000000, user_id, 0, 0, '',
    SUM(requests), SUM(successes), SUM(failures), SUM(input_tokens), SUM(output_tokens), SUM(cache_read_input_tokens),
    SUM(cache_creation_5m_input_tokens), SUM(cache_creation_1h_input_tokens), SUM(reasoning_tokens), SUM(cost_nusd), SUM(provider_cost_nusd), SUM(duration_sum_ms),
    SUM(ttft_sum_ms), SUM(ttft_n), SUM(lat_0), SUM(lat_1), SUM(lat_2), SUM(lat_3),
    SUM(lat_4), SUM(lat_5), SUM(lat_6), SUM(lat_7), SUM(lat_8), SUM(lat_9),
    SUM(lat_10), SUM(lat_11)
FROM usage_daily GROUP BY day_no, user_id;
INSERT INTO usage_daily_by SELECT day_no + 30000000, 0, key_id, 0, '',
    SUM(requests), SUM(successes), SUM(failures), SUM(input_tokens), SUM(output_tokens), SUM(cache_read_input_tokens),
    SUM(cache_creation_5m_input_tokens), SUM(cache_creation_1h_input_tokens), SUM(reasoning_tokens), SUM(cost_nusd), SUM(provider_cost_nusd), SUM(duration_sum_ms),
    SUM(ttft_sum_ms), SUM(ttft_n), SUM(lat_0), SUM(lat_1), SUM(lat_2), SUM(lat_3),
    SUM(lat_4), SUM(lat_5), SUM(lat_6), SUM(lat_7), SUM(lat_8), SUM(lat_9),
    SUM(lat_10), SUM(lat_11)
FROM usage_daily GROUP BY day_no, key_id;
INSERT INTO usage_daily_by SELECT day_no + 40000000, 0, 0, provider_id, '',
    SUM(requests), SUM(successes), SUM(failures), SUM(input_tokens), SUM(output_tokens), SUM(cache_read_input_tokens),
    SUM(cache_creation_5m_input_tokens), SUM(cache_creation_1h_input_tokens), SUM(reasoning_tokens), SUM(cost_nusd), SUM(provider_cost_nusd), SUM(duration_sum_ms),
    SUM(ttft_sum_ms), SUM(ttft_n), SUM(lat_0), SUM(lat_1), SUM(lat_2), SUM(lat_3),
    SUM(lat_4), SUM(lat_5), SUM(lat_6), SUM(lat_7), SUM(lat_8), SUM(lat_9),
    SUM(lat_10), SUM(lat_11)
FROM usage_daily GROUP BY day_no, provider_id;
INSERT INTO usage_daily_by SELECT day_no + 50000000, 0, 0, 0, model,
    SUM(requests), SUM(successes), SUM(failures), SUM(input_tokens), SUM(output_tokens), SUM(cache_read_input_tokens),
    SUM(cache_creation_5m_input_tokens), SUM(cache_creation_1h_input_tokens), SUM(reasoning_tokens), SUM(cost_nusd), SUM(provider_cost_nusd), SUM(duration_sum_ms),
    SUM(ttft_sum_ms), SUM(ttft_n), SUM(lat_0), SUM(lat_1), SUM(lat_2), SUM(lat_3),
    SUM(lat_4), SUM(lat_5), SUM(lat_6), SUM(lat_7), SUM(lat_8), SUM(lat_9),
    SUM(lat_10), SUM(lat_11)
FROM usage_daily GROUP BY day_no, model;

-- It made grouping by models walk through the table in another order than it is
-- kept in.
DROP INDEX usage_daily_model_ix;
