"""An older database brought to the schema of this software, once there is a copy of what it was."""

import filecmp
import sqlite3
from itertools import count
from pathlib import Path

import structlog

from actor_ticketing.persistence.backup import BackupError, backup
from actor_ticketing.persistence.schema import PEOPLE_SEALED, SchemaError, migrate, versions
from actor_ticketing.vault import Vault

log = structlog.get_logger(__name__)


def upgrade(database: Path, connection: sqlite3.Connection, vault: Vault) -> None:
    """Bring the database to the newest schema. Of one that has an older schema, a copy is made beside it first.

    :param connection: the one that writes, in autocommit.
    :raises SchemaError: when it is ahead of this software, cannot be migrated, or no copy can be made. Without a copy
        nothing is changed.
    """
    version, newest = versions(connection)
    if 0 < version < newest:
        try:
            copy = keep(database, version)
        except BackupError as error:
            raise SchemaError(
                f"the database has schema version {version}, and before it is brought to {newest} a copy is made, "
                f"which failed: {error}. Nothing was changed; there must be room for it as large as the database"
            ) from error
        log.info("upgrading_database", schema=version, to=newest, copy=str(copy), sealed=version >= PEOPLE_SEALED)
    migrate(connection, vault)


def keep(database: Path, version: int) -> Path:
    """Copy a database to a file beside it that is named by its schema version; return that file.

    A copy of another state is not overwritten: the name gets a number. One of the same state will do, so that a start
    that fails again and again does not fill the disk.

    :raises BackupError: when there is none now.
    """
    earlier = []
    for number in count(1):
        copy = database.with_name(f"{database.stem}-schema-{version}{f'-{number}' if number > 1 else ''}.db")
        if not copy.exists():
            break
        earlier.append(copy)
    backup(database, copy)
    for former in earlier:
        if filecmp.cmp(former, copy, shallow=False):
            copy.unlink()
            return former
    return copy
