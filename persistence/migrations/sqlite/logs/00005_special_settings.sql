-- +goose Up

ALTER TABLE request_details ADD COLUMN special_settings TEXT;
