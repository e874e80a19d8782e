-- +goose Up

-- Rows that wait for a price are few among many.
CREATE INDEX usage_ledger_unpriced_ix ON usage_ledger (admitted_at) WHERE state = 'unpriced';
