-- +goose Up

-- Rows never change but for their end.
CREATE TABLE model_prices (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    model         TEXT   NOT NULL,
    source        TEXT   NOT NULL,
    vendor        TEXT,
    mode          TEXT   NOT NULL,
    data          TEXT   NOT NULL,
    valid_from_at BIGINT NOT NULL,
    valid_to_at   BIGINT,
    created_by    BIGINT
);
CREATE UNIQUE INDEX model_prices_from_uq ON model_prices (model, source, valid_from_at);
CREATE UNIQUE INDEX model_prices_in_force_uq ON model_prices (model, source) WHERE valid_to_at IS NULL;
