-- +goose Up

-- What a request that is being answered will cost at most: due if its process
-- dies. NULL = no upstream has begun to answer.
ALTER TABLE request_logs ADD COLUMN estimate_nusd BIGINT;
ALTER TABLE request_logs ADD COLUMN provider_estimate_nusd BIGINT;
