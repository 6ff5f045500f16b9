"""Numbered migrations: ``migrations/0001_name.sql`` and on. ``PRAGMA user_version`` says how far a database is."""

import sqlite3
from importlib.resources import files


class SchemaError(Exception):
    """The database was made by a newer version of this software."""


def migrations() -> list[tuple[int, str]]:
    """All migrations in order: number and SQL."""
    scripts = (entry for entry in (files(__package__) / "migrations").iterdir() if entry.name.endswith(".sql"))
    return sorted((int(script.name[:4]), script.read_text(encoding="utf-8")) for script in scripts)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the database to the newest schema, each migration in a transaction of its own.

    References are checked only after all of them: a table that is made anew is gone for a moment.

    :raises SchemaError: when it is ahead of this software.
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
            connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
    connection.execute(f"PRAGMA foreign_keys = {enforced}")
