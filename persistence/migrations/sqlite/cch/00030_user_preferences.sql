-- +goose Up

-- user_id is that of no user for those who use the admin token.
CREATE TABLE user_preferences (
    user_id    BIGINT NOT NULL,
    name       TEXT   NOT NULL,
    value      TEXT   NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, name)
);
