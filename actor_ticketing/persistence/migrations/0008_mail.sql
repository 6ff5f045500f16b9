-- The outbox: what is to be told by mail. A row is written in the transaction of what it tells, and names nobody.
CREATE TABLE mails (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('purchased', 'expiring', 'expired', 'cancelled', 'extended')),
    reservation_id TEXT NOT NULL REFERENCES reservations (id),
    deadline INTEGER,
    created_at INTEGER NOT NULL,
    since INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'dead', 'dropped')),
    tries INTEGER NOT NULL CHECK (tries >= 0),
    due_at INTEGER NOT NULL,
    settled_at INTEGER CHECK ((settled_at IS NULL) = (state = 'waiting')),
    reason TEXT
) STRICT, WITHOUT ROWID;

-- What has waited for too long is looked for each time the mail server fails, in the index alone.
CREATE INDEX mails_waiting ON mails (due_at, since) WHERE state = 'waiting';
CREATE INDEX mails_dead ON mails (settled_at) WHERE state = 'dead';
CREATE INDEX mails_settled ON mails (settled_at) WHERE settled_at IS NOT NULL;

-- The addresses of users whom an identity provider vouches for. They are sealed, and found by their digest.
CREATE TABLE contacts (
    user_id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    email_digest BLOB NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX contacts_by_email ON contacts (email_digest);
CREATE INDEX contacts_by_age ON contacts (seen_at);
