-- +goose Up

ALTER TABLE request_logs ADD COLUMN is_replay BOOLEAN NOT NULL DEFAULT FALSE;
