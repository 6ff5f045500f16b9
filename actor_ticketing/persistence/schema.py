"""Numbered migrations: ``migrations/0001_name.sql`` and on. ``PRAGMA user_version`` says how far a database is."""

import sqlite3
from importlib.resources import files

from actor_ticketing.domain.problems import Problem
from actor_ticketing.persistence.connections import checkpoints_here
from actor_ticketing.persistence.rows import digest_of
from actor_ticketing.vault import Vault

PEOPLE_SEALED = 4
"""The migration that sealed people, who stood in clear before."""

DESK = 5
"""The migration that lets tickets be used and types be paused. Before it, none was."""

POSITIONS = 6
"""The migration since which a kept answer says where in the ledger it stands."""

EXTENSION_POLICIES = 7
"""The migration that lets ticket types have an extension policy of their own. Before it, none had."""


MAIL = 8
"""The migration that made the outbox, and contacts, which are sealed."""

WEBHOOKS = 9
"""The migration that made webhooks, whose targets are sealed."""

LEDGER_ARCHIVES = 10
"""The migration since which the ledger's beginning can be archived."""


class SchemaError(Problem):
    """The database cannot be brought to the schema of this software."""


def migrations() -> list[tuple[int, str]]:
    """All migrations in order: number and SQL."""
    scripts = (entry for entry in (files(__package__) / "migrations").iterdir() if entry.name.endswith(".sql"))
    return sorted((int(script.name[:4]), script.read_text(encoding="utf-8")) for script in scripts)


def versions(connection: sqlite3.Connection) -> tuple[int, int]:
    """The schema version of the database, 0 of an empty one; and the newest that this software knows."""
    [version] = connection.execute("PRAGMA user_version").fetchone()
    return version, migrations()[-1][0]


def require_newest(connection: sqlite3.Connection) -> None:
    """Check that the database has the newest schema.

    :raises SchemaError: when it is behind, or ahead of this software.
    """
    version, newest = versions(connection)
    if version != newest:
        raise SchemaError(
            f"the database has schema version {version}, this software needs {newest}; "
            "starting the server brings an older one up"
        )


def migrate(connection: sqlite3.Connection, vault: Vault) -> None:
    """Bring the database to the newest schema, each migration in a transaction of its own.

    References are checked at the end of each: a table that is made anew is gone for a moment. A database that had
    people in clear has no trace of them afterwards, neither in its file nor in the write-ahead log. If it is killed in
    between, the next call does what is left.

    :param connection: in autocommit.
    :raises SchemaError: when it is ahead of this software, or a migration would leave a row that refers to nothing.
    """
    version, newest = versions(connection)
    if version > newest:
        raise SchemaError(
            f"the database has schema version {version}, this software knows only up to {newest}: "
            "it was written by a newer version"
        )
    if 0 < version < PEOPLE_SEALED:
        # Wiping what is freed from now on does not reach what was freed before: a new file has nothing of that.
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("VACUUM")
    connection.create_function("seal", 2, lambda text, purpose: _seal(vault, text, purpose))
    connection.create_function("digest", 1, lambda email: digest_of(email, vault))
    enforced = connection.execute("PRAGMA foreign_keys").fetchone()[0]
    connection.execute("PRAGMA foreign_keys = OFF")
    for number, script in migrations():
        if number > version:
            connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};")
            broken = connection.execute("PRAGMA foreign_key_check").fetchone()
            if broken is not None:
                connection.execute("ROLLBACK")
                raise SchemaError(f"migration {number} would leave rows of {broken[0]} that refer to nothing")
            connection.execute("COMMIT")
    connection.execute(f"PRAGMA foreign_keys = {enforced}")
    if checkpoints_here(connection):
        # A log that a crash has left behind may still have what a migration wiped.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _seal(vault: Vault, text: str | bytes, purpose: str) -> str:
    return vault.seal(text.encode() if isinstance(text, str) else text, purpose)
