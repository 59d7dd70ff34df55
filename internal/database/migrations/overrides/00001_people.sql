-- +goose Up
CREATE TABLE people (
    id         TEXT   PRIMARY KEY,
    tenant     TEXT   NOT NULL, -- '': the operator's people
    name       TEXT   NOT NULL,
    language   TEXT   NOT NULL, -- '': the tenant's
    link_hash  TEXT   NOT NULL UNIQUE, -- SHA-256, hexadecimal
    pin_hash   TEXT   NOT NULL, -- argon2id with its parameters; '': none
    created_by TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL, -- 0: never
    revoked_by TEXT   NOT NULL,
    revoked_at BIGINT NOT NULL  -- 0: not revoked
);

-- Nobody shares a name with somebody else of the tenant, unless one of them is revoked.
CREATE UNIQUE INDEX people_name ON people (tenant, name) WHERE revoked_at = 0;

CREATE TABLE people_rights (
    person     TEXT NOT NULL REFERENCES people (id),
    route      TEXT NOT NULL, -- '*': every route of the tenant
    permission TEXT NOT NULL,
    PRIMARY KEY (person, route, permission)
);

-- Phones of people who are not revoked: one belongs to one person of a tenant.
CREATE TABLE people_phones (
    tenant TEXT NOT NULL,
    phone  TEXT NOT NULL,
    person TEXT NOT NULL REFERENCES people (id),
    PRIMARY KEY (tenant, phone)
);

CREATE INDEX people_phones_person ON people_phones (person);

-- Who changed what.
CREATE TABLE audit (
    id        TEXT   PRIMARY KEY,
    at        BIGINT NOT NULL,
    author    TEXT   NOT NULL,
    certainty TEXT   NOT NULL, -- how sure it is that it was the author: claimed, ...
    origin    TEXT   NOT NULL, -- from where
    tenant    TEXT   NOT NULL,
    action    TEXT   NOT NULL,
    subject   TEXT   NOT NULL,
    detail    TEXT   NOT NULL
);

CREATE INDEX audit_at ON audit (at);
