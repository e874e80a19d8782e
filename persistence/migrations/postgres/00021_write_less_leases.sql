-- +goose Up

-- A row of the log is opened before it is closed. Most indexes leave open rows
-- out, which are few and are found by the one they have: to open a row costs two
-- entries, not seven.
DROP INDEX request_logs_user_ix;
DROP INDEX request_logs_key_ix;
DROP INDEX request_logs_provider_ix;
DROP INDEX request_logs_session_ix;
DROP INDEX request_logs_model_ix;
DROP INDEX request_logs_status_ix;
CREATE INDEX request_logs_open_ix ON request_logs (id) WHERE status_code IS NULL;
CREATE INDEX request_logs_user_ix ON request_logs (user_id, id) WHERE status_code IS NOT NULL;
CREATE INDEX request_logs_key_ix ON request_logs (key_id, id) WHERE status_code IS NOT NULL;
CREATE INDEX request_logs_provider_ix ON request_logs (provider_id, id) WHERE status_code IS NOT NULL;
CREATE INDEX request_logs_session_ix ON request_logs (session_id, session_seq) WHERE status_code IS NOT NULL;
CREATE INDEX request_logs_model_ix ON request_logs (model_sent, id) WHERE status_code IS NOT NULL;
-- Nearly all are 200, which the order of ids finds as soon.
CREATE INDEX request_logs_status_ix ON request_logs (status_code, id) WHERE status_code <> 200;

-- Details are deleted in the order of their ids, which tell when that is due.
DROP INDEX request_details_purge_ix;

-- +goose StatementBegin
-- Details are text of some kilobytes: LZ4 packs it in a fraction of the time.
-- Servers before 14, or built without it, keep their own way.
DO $$
DECLARE part regclass;
BEGIN
    FOR part IN SELECT 'request_details'::regclass UNION ALL
        SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'request_details'::regclass
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN decision_chain SET COMPRESSION lz4,
            ALTER COLUMN cost_breakdown SET COMPRESSION lz4, ALTER COLUMN special_settings SET COMPRESSION lz4', part);
    END LOOP;
EXCEPTION WHEN syntax_error OR feature_not_supported OR invalid_parameter_value THEN
    RAISE NOTICE 'details are not packed with LZ4: %', SQLERRM;
END $$;
-- +goose StatementEnd

-- When a session was used last changes all the time. By the minute it does not,
-- so that most updates of a session touch no index.
ALTER TABLE sessions ADD COLUMN last_minute BIGINT GENERATED ALWAYS AS (last_at / 60000) STORED;
DROP INDEX sessions_last_ix;
DROP INDEX sessions_user_ix;
CREATE INDEX sessions_last_ix ON sessions (last_minute);
CREATE INDEX sessions_user_ix ON sessions (user_id, last_minute);

-- What one process at a time may have, by the clock of the database.
CREATE TABLE leases (
    name     TEXT COLLATE "C" PRIMARY KEY,
    holder   TEXT   NOT NULL,
    fence    BIGINT NOT NULL, -- grows whenever it changes hands
    until_at BIGINT NOT NULL
);
