-- Instants are integers, milliseconds since the epoch. Prices are integers in the currency's minor unit.
-- The CHECKs and triggers restate the domain's invariants: what they refuse is a bug of ours, never a buyer's mistake.

CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    venue TEXT NOT NULL,
    start_date INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- With a rowid, which keeps the order in which the organiser listed them.
CREATE TABLE ticket_types (
    id TEXT NOT NULL PRIMARY KEY,
    event_id TEXT NOT NULL REFERENCES events (id),
    name TEXT NOT NULL,
    price INTEGER NOT NULL CHECK (price >= 0),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    max_per_reservation INTEGER CHECK (max_per_reservation > 0),
    sales_start INTEGER,
    sales_end INTEGER,
    total INTEGER NOT NULL,
    sold INTEGER NOT NULL CHECK (sold >= 0),
    reserved INTEGER NOT NULL CHECK (reserved >= 0),
    CHECK (sold + reserved <= total)
) STRICT;

CREATE INDEX ticket_types_by_event ON ticket_types (event_id);

-- Ids begin with the time, so that rows of a clustered table append.
CREATE TABLE reservations (
    id TEXT NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    ticket_type_id TEXT NOT NULL REFERENCES ticket_types (id),
    session_id TEXT NOT NULL,
    user_id TEXT,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    unit_price INTEGER NOT NULL CHECK (unit_price >= 0),
    currency TEXT NOT NULL,
    reserved_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    extensions INTEGER NOT NULL CHECK (extensions >= 0),
    status TEXT NOT NULL CHECK (status IN ('ACTIVE', 'EXPIRED', 'CONVERTED', 'CANCELLED')),
    settled_at INTEGER,
    metadata TEXT,
    CHECK (expires_at > reserved_at),
    CHECK ((status = 'ACTIVE') = (settled_at IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX live_reservations_by_session ON reservations (session_id) WHERE status = 'ACTIVE';
CREATE INDEX live_reservations_by_user ON reservations (user_id) WHERE status = 'ACTIVE' AND user_id IS NOT NULL;
CREATE INDEX live_reservations_by_type ON reservations (ticket_type_id, expires_at) WHERE status = 'ACTIVE';

CREATE TRIGGER one_terminal_state BEFORE UPDATE ON reservations
WHEN OLD.status <> 'ACTIVE'
BEGIN
    SELECT RAISE(ABORT, 'a settled reservation does not change');
END;

CREATE TABLE transactions (
    id TEXT NOT NULL PRIMARY KEY,
    reservation_id TEXT NOT NULL UNIQUE REFERENCES reservations (id),
    user_id TEXT,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    total_price INTEGER NOT NULL CHECK (total_price >= 0),
    currency TEXT NOT NULL,
    buyer TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tickets (
    id TEXT NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    transaction_id TEXT NOT NULL REFERENCES transactions (id),
    ticket_type_id TEXT NOT NULL REFERENCES ticket_types (id),
    position INTEGER NOT NULL CHECK (position >= 0),
    holder TEXT NOT NULL,
    UNIQUE (transaction_id, position)
) STRICT, WITHOUT ROWID;

-- Append-only, gapless, in commit order, without personal data: those rows can be erased, the ledger cannot.
CREATE TABLE ledger (
    seq INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    event_id TEXT,
    ticket_type_id TEXT,
    reservation_id TEXT,
    data TEXT NOT NULL CHECK (json_valid(data))
) STRICT;

CREATE INDEX ledger_by_reservation ON ledger (reservation_id) WHERE reservation_id IS NOT NULL;

CREATE TRIGGER ledger_is_append_only BEFORE UPDATE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;

CREATE TABLE idempotency (
    caller BLOB NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (caller, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_age ON idempotency (created_at);
