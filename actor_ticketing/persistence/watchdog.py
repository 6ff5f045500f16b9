"""Whether the database's files are still where they were opened.

SQLite goes on with files that have lost their names. What it confirms then is gone as soon as the process ends.
"""

from collections.abc import Mapping
from pathlib import Path

_SUFFIXES = ("", "-wal", "-shm")


class DatabaseGone(Exception):
    """A file of an open database was deleted, or another one stands in its place. The message names it."""


class Watchdog:
    """Knows the files of a database that is open in WAL mode.

    :param path: of the database. Nothing must have happened to it since it was opened.
    :raises DatabaseGone: when a file is missing already.
    """

    def __init__(self, path: Path) -> None:
        self._files: Mapping[Path, tuple[int, int]] = {
            file: _identity(file) for file in (path.with_name(path.name + suffix) for suffix in _SUFFIXES)
        }

    def look(self) -> None:
        """Look at each file's name.

        :raises DatabaseGone: when one names something else than it did, or nothing.
        :raises OSError: when that cannot be found out.
        """
        for file, identity in self._files.items():
            if _identity(file) != identity:
                raise DatabaseGone(f"while {file} was open, another file was put in its place")


def _identity(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except FileNotFoundError as error:
        raise DatabaseGone(f"while {file} was open, it was deleted or moved away") from error
    return status.st_dev, status.st_ino
