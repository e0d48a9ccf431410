-- Times are milliseconds since 1970 UTC; amounts are integer minor units.
-- No column here could hold a card number, a security code, a token in clear or a wallet's payload.

CREATE TABLE facts (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    id         TEXT PRIMARY KEY,
    token      BLOB NOT NULL UNIQUE,   -- SHA-256
    order_id   TEXT NOT NULL,
    version    INTEGER NOT NULL,
    amount     INTEGER NOT NULL,
    currency   TEXT NOT NULL,
    status     TEXT NOT NULL,
    attempts   INTEGER NOT NULL,
    terms      TEXT NOT NULL,          -- JSON
    customer   BLOB,                   -- sealed
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_order ON sessions (order_id, status);
CREATE INDEX sessions_by_expiry ON sessions (expires_at) WHERE status = 'open';

CREATE TABLE payments (
    position         INTEGER PRIMARY KEY,
    id               TEXT NOT NULL UNIQUE,
    session_id       TEXT NOT NULL REFERENCES sessions (id),
    order_id         TEXT NOT NULL,
    gateway          TEXT NOT NULL,
    gateway_order_id TEXT NOT NULL UNIQUE,
    processing_id    TEXT,
    number           INTEGER NOT NULL,     -- within its session, from 1
    attempt          TEXT NOT NULL,        -- the key that the page carried
    method           TEXT NOT NULL,
    phase            TEXT NOT NULL,
    status           TEXT NOT NULL,
    amount           INTEGER NOT NULL,
    currency         TEXT NOT NULL,
    final_amount     INTEGER,
    card             TEXT,             -- JSON: brand, last four digits, month of expiry
    decline          TEXT,             -- JSON
    attention        TEXT,
    holds_order      INTEGER NOT NULL,
    acknowledged     INTEGER NOT NULL,
    step             BLOB,             -- sealed
    step_opened      INTEGER NOT NULL,
    not_found_since  INTEGER,
    next_check_at    INTEGER,
    events           INTEGER NOT NULL,
    return_token     BLOB NOT NULL UNIQUE, -- SHA-256
    callback_token   BLOB NOT NULL UNIQUE, -- SHA-256
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    timeline         TEXT NOT NULL,    -- JSON
    UNIQUE (session_id, attempt),
    UNIQUE (session_id, number)
) STRICT;
-- The lock: at most one attempt of an order is open, unresolved or paid.
CREATE UNIQUE INDEX one_attempt_holds_an_order ON payments (order_id) WHERE holds_order = 1;
CREATE INDEX payments_by_order ON payments (order_id);
CREATE INDEX payments_by_check ON payments (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX payments_being_sent ON payments (phase) WHERE phase = 'sending';
CREATE INDEX payments_by_status ON payments (status, position);
CREATE INDEX payments_by_method ON payments (method, position);
CREATE INDEX payments_by_creation ON payments (created_at);

CREATE TABLE events (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
    subject      TEXT NOT NULL,        -- payment or session: deliveries keep its order
    body         TEXT NOT NULL,        -- JSON, as signed and sent
    url          TEXT,                 -- the session's own endpoint
    tries        INTEGER NOT NULL DEFAULT 0,
    next_try_at  INTEGER,              -- NULL: delivered or parked
    delivered_at INTEGER,
    parked_at    INTEGER
) STRICT;
CREATE INDEX events_waiting ON events (next_try_at) WHERE next_try_at IS NOT NULL;
CREATE INDEX events_parked ON events (parked_at) WHERE parked_at IS NOT NULL;
CREATE INDEX events_waiting_by_subject ON events (subject, seq) WHERE next_try_at IS NOT NULL;

CREATE TABLE idempotency_keys (
    caller     TEXT NOT NULL,
    route      TEXT NOT NULL,
    key        TEXT NOT NULL,
    request    BLOB NOT NULL,          -- keyed hash of the body
    process    TEXT NOT NULL,          -- who claimed it
    status     INTEGER,                -- NULL: running
    body       BLOB,                   -- sealed
    created_at INTEGER NOT NULL,
    PRIMARY KEY (caller, route, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE orphans (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    gateway  TEXT NOT NULL,
    order_id TEXT NOT NULL,
    seen_at  INTEGER NOT NULL
) STRICT;
