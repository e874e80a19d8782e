-- +goose Up

-- Nothing to do here: SQLite keeps its roll-ups in another order from this
-- number on.
SELECT 1;
