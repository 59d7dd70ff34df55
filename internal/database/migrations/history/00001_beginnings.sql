-- +goose Up
-- When this history began, and why nothing earlier is in it.
CREATE TABLE history_beginnings (
    at     BIGINT NOT NULL,
    reason TEXT   NOT NULL -- '': it is the first
);
