-- +goose Up

-- What one process at a time may have, by the clock of the database.
CREATE TABLE leases (
    name     TEXT PRIMARY KEY,
    holder   TEXT   NOT NULL,
    fence    BIGINT NOT NULL, -- grows whenever it changes hands
    until_at BIGINT NOT NULL
);
