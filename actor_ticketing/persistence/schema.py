"""Numbered migrations: ``migrations/0001_name.sql`` and on. ``PRAGMA user_version`` says how far a database is."""

import sqlite3
from importlib.resources import files


class SchemaError(Exception):
    """The database cannot be brought to the schema of this software."""


def migrations() -> list[tuple[int, str]]:
    """All migrations in order: number and SQL."""
    scripts = (entry for entry in (files(__package__) / "migrations").iterdir() if entry.name.endswith(".sql"))
    return sorted((int(script.name[:4]), script.read_text(encoding="utf-8")) for script in scripts)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the database to the newest schema, each migration in a transaction of its own.

    References are checked at the end of each: a table that is made anew is gone for a moment.

    :param connection: in autocommit.
    :raises SchemaError: when it is ahead of this software, or a migration would leave a row that refers to nothing.
    """
    newest = migrations()[-1][0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > newest:
        raise SchemaError(
            f"the database has schema version {version}, this software knows only up to {newest}: "
            "it was written by a newer version"
        )
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
