-- +goose Up

ALTER TABLE providers ADD COLUMN conversion TEXT NOT NULL DEFAULT '{}';
