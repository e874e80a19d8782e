-- +goose Up

ALTER TABLE request_details ADD COLUMN cost_breakdown TEXT;
