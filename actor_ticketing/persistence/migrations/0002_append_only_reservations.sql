-- Nothing on the path of a reservation may land in the middle of a large index: each such row costs a page of its own,
-- read, written to the log and copied back. So codes are made from ids now (which have the second in them), and the live
-- holds of a session or user are found in memory. What is left appends, or nearly so.

CREATE TABLE reservations_2 (
    id TEXT NOT NULL PRIMARY KEY,
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

INSERT INTO reservations_2
SELECT id, ticket_type_id, session_id, user_id, quantity, unit_price, currency, reserved_at, expires_at, extensions,
       status, settled_at, metadata
FROM reservations;

DROP TABLE reservations;
ALTER TABLE reservations_2 RENAME TO reservations;

CREATE INDEX live_reservations_by_type ON reservations (ticket_type_id, expires_at) WHERE status = 'ACTIVE';

CREATE TRIGGER one_terminal_state BEFORE UPDATE ON reservations
WHEN OLD.status <> 'ACTIVE'
BEGIN
    SELECT RAISE(ABORT, 'a settled reservation does not change');
END;
