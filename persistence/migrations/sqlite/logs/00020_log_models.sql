-- +goose Up

-- By which model a request was asked for where it was sent as another one, or as
-- none, day by day of the ids: the log has an index on what was sent alone.
-- The writer of a row notes it here, in the row's transaction.
CREATE TABLE request_log_models (
    model_requested TEXT   NOT NULL,
    model_sent      TEXT   NOT NULL, -- empty = none
    day_no          BIGINT NOT NULL, -- days since 1970-01-01, UTC
    PRIMARY KEY (model_requested, model_sent, day_no)
) WITHOUT ROWID;
INSERT INTO request_log_models (model_requested, model_sent, day_no)
SELECT DISTINCT model_requested, COALESCE(model_sent, ''), (id / 4194304 + 1735689600000) / 86400000
FROM request_logs
WHERE status_code IS NOT NULL AND model_requested <> '' AND model_requested <> COALESCE(model_sent, '');
