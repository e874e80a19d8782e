-- +goose Up

-- A row that succeeded is found by its id as soon as by its status, and one that
-- is open by an index of the few that are: what nearly every row is needs no
-- entry.
DROP INDEX request_logs_status_ix;
CREATE INDEX request_logs_status_ix ON request_logs (status_code, id) WHERE status_code <> 200;
CREATE INDEX request_logs_open_ix ON request_logs (id) WHERE status_code IS NULL;

-- Details are deleted in the order of their ids, which tell when that is due.
DROP INDEX request_details_purge_ix;
