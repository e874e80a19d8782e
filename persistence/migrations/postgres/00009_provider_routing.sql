-- +goose Up

ALTER TABLE providers ADD COLUMN allowed_clients TEXT NOT NULL DEFAULT '[]';
ALTER TABLE providers ADD COLUMN blocked_clients TEXT NOT NULL DEFAULT '[]';
ALTER TABLE providers ADD COLUMN active_time_start TEXT;
ALTER TABLE providers ADD COLUMN active_time_end TEXT;
ALTER TABLE providers ADD COLUMN draining BOOLEAN NOT NULL DEFAULT FALSE;
