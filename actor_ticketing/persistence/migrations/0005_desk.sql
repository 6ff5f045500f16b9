-- The operator's desk: the sale of a type can be stopped for a while.
ALTER TABLE ticket_types ADD COLUMN paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1));

-- A ticket is used once: when, and who let its holder in. NULL is one that is still good.
ALTER TABLE tickets ADD COLUMN checked_in_at INTEGER;
ALTER TABLE tickets ADD COLUMN checked_in_by TEXT CHECK ((checked_in_by IS NULL) = (checked_in_at IS NULL));

CREATE TRIGGER a_ticket_is_used_once BEFORE UPDATE OF checked_in_at, checked_in_by ON tickets
WHEN OLD.checked_in_at IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'a ticket that was used stays so');
END;
