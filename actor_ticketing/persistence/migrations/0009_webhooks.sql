-- The webhooks of the admin API. The target, its URL and its secrets, is sealed: whoever has them can speak in our name.
CREATE TABLE webhooks (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    target TEXT NOT NULL,
    kinds TEXT NOT NULL CHECK (json_valid(kinds)),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How far each has been told, those of the configuration included.
CREATE TABLE webhook_states (
    id TEXT NOT NULL PRIMARY KEY,
    cursor INTEGER NOT NULL CHECK (cursor >= 0),
    disabled_at INTEGER CHECK ((disabled_at IS NULL) = (disabled_because IS NULL)),
    disabled_because TEXT CHECK (disabled_because IN ('operator', 'failing', 'gone')),
    failing_since INTEGER,
    last_success_at INTEGER,
    last_failure_at INTEGER,
    last_failure TEXT,
    missed_from INTEGER,
    missed_until INTEGER CHECK ((missed_from IS NULL) = (missed_until IS NULL) AND missed_until >= missed_from)
) STRICT, WITHOUT ROWID;
