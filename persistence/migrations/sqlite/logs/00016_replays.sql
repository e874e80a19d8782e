-- +goose Up

ALTER TABLE request_logs ADD COLUMN is_replay INTEGER NOT NULL DEFAULT 0;
