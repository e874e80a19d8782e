-- +goose Up

-- PostgreSQL has had these indexes since 00021.
SELECT 1;
