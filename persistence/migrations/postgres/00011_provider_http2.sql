-- +goose Up

-- NULL = as the settings say.
ALTER TABLE providers ADD COLUMN enable_http2 BOOLEAN;
