-- Accounts of our own. The address is sealed, and found by its digest; the password is an argon2id hash.
CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    email_digest BLOB NOT NULL UNIQUE,
    email TEXT NOT NULL,
    password TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('user', 'admin')),
    created_at INTEGER NOT NULL
) STRICT;

-- Of a token only its SHA-256 is known here. A used one stays until it would have ended, so that a second use of it is
-- noticed, and ends its whole family.
CREATE TABLE refresh_tokens (
    digest BLOB NOT NULL PRIMARY KEY,
    family TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL CHECK (expires_at > created_at),
    used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_by_account ON refresh_tokens (account_id);
CREATE INDEX refresh_tokens_by_end ON refresh_tokens (expires_at);
