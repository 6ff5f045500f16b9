-- The ledger's beginning may be archived in a file. The entries up to last_seq are proved by it, and dropped here, a
-- portion at a time. "until" is the latest instant of any of them. The newest archive has the opening balance: what the
-- ledger comes to at its last_seq, from where what is left of it is replayed.
CREATE TABLE ledger_archives (
    last_seq INTEGER NOT NULL PRIMARY KEY,
    first_seq INTEGER NOT NULL CHECK (first_seq <= last_seq),
    until INTEGER NOT NULL,
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    opening TEXT CHECK (opening IS NULL OR json_valid(opening))
) STRICT;

CREATE TRIGGER only_what_is_archived_may_go BEFORE DELETE ON ledger
WHEN OLD.seq > (SELECT coalesce(max(last_seq), 0) FROM ledger_archives)
BEGIN
    SELECT RAISE(ABORT, 'this ledger entry is in no archive');
END;
