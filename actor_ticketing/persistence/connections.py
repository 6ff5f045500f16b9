"""SQLite connections: the one that writes and checkpoints, and plain ones.

Each public method is one trip to the connection's thread, since aiosqlite pays a hop for every statement.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import aiosqlite
import structlog

from actor_ticketing.domain.ports import CommitFailed, CommitUnknown
from actor_ticketing.domain.telling import told

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Parameters(Protocol):
    """The rows of a statement: a list, or what makes them when they are asked for."""

    def __len__(self) -> int:
        """How many rows."""

    def __iter__(self) -> Iterator[Sequence[Any]]:
        """Each row, in order."""


Statement = tuple[str, Parameters, bool]
"""SQL, its rows of parameters, and whether every row must change exactly one row."""

# https://www.sqlite.org/rescode.html: after these, nothing was written and the connection is usable.
_CERTAIN_FAILURES = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY}
)


DATABASE = "tickets.db"
"""Its file in the data directory."""

LOG_BYTES = 32 * 1024 * 1024
"""To so much the write-ahead log is cut when it begins anew. It is larger only while somebody reads for long."""

_LOG_PATIENCE_MS = 100
"""What waits for the log to be emptied is every sale."""


class RowMissed(Exception):
    """A statement that must change one row for each of its rows changed another number."""


class Connection(aiosqlite.Connection):
    """A connection with a thread of its own."""

    async def _connect(self) -> aiosqlite.Connection:
        try:
            return await super()._connect()
        except BaseException:
            # Its thread has something to tell the loop yet, which may be closed as soon as this has failed.
            self._thread.join()
            raise

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` on the connection's thread."""
        result: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        return result


class WriteConnection(Connection):
    """The only connection that writes. SQLite is left in autocommit: each batch says BEGIN and COMMIT itself."""

    async def write(self, statements: Sequence[Statement]) -> None:
        """Run all statements in one transaction.

        :raises CommitFailed: nothing was written, for certain.
        :raises CommitUnknown: it may have been written.
        """
        await self._execute(self._write, statements)  # type: ignore[no-untyped-call]

    def _write(self, statements: Sequence[Statement]) -> None:
        connection = self._conn
        try:
            connection.execute("BEGIN IMMEDIATE")
            for sql, rows, exactly in statements:
                changed = connection.executemany(sql, rows).rowcount
                if exactly and changed != len(rows):
                    raise RowMissed(f"{changed} of {len(rows)} rows changed by: {sql}")  # noqa: TRY301
        except Exception as error:
            raise self._roll_back(error) from error
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._roll_back(error) from error
        except BaseException as error:
            # Out of memory, say. It may have happened before, during or after the commit itself.
            raise CommitUnknown(told(error)) from error

    async def empty_log(self) -> None:
        """Move what is in the write-ahead log into the file, and cut the log to nothing.

        What a row held before is in no page of the file then, and in no frame of the log. A reader that looks at an
        older state for longer than a moment, such as a backup, keeps it there; the next time takes it along.

        :raises CommitUnknown: when the disk or the database is broken, so that nothing more can be relied upon.
        """
        await self._execute(self._empty_log)  # type: ignore[no-untyped-call]

    def _empty_log(self) -> None:
        if not checkpoints_here(self._conn):
            log.info("log_not_emptied", reason="storage.replicated leaves that to Litestream")
            return
        [patience_ms] = self._conn.execute("PRAGMA busy_timeout").fetchone()
        try:
            self._conn.execute(f"PRAGMA busy_timeout = {min(patience_ms, _LOG_PATIENCE_MS)}")
            [busy, _, _] = self._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                log.info("log_not_emptied", reason="somebody reads from it")
        except sqlite3.Error as error:
            if not _is_certain(error):
                raise CommitUnknown(told(error)) from error
            # What was committed is durable all the same.
            log.warning("log_not_emptied", reason=told(error))
        finally:
            self._conn.execute(f"PRAGMA busy_timeout = {patience_ms}")

    def _roll_back(self, error: Exception) -> Exception:
        # A statement that fails may have rolled everything back by itself; in_transaction is the only witness.
        try:
            if self._conn.in_transaction:
                self._conn.execute("ROLLBACK")
        except sqlite3.Error as second:
            return CommitUnknown(f"{error}; then the rollback failed: {second}")
        if isinstance(error, sqlite3.IntegrityError) or not isinstance(error, sqlite3.Error):
            return CommitFailed(error, is_bug=True)
        if _is_certain(error):
            return CommitFailed(error)
        return CommitUnknown(f"{type(error).__name__}: {error}")


def _is_certain(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return isinstance(error, sqlite3.OperationalError) and code in _CERTAIN_FAILURES


async def open_writer(
    path: Path, *, synchronous: str, busy_timeout_ms: int, checkpoints: bool = True
) -> WriteConnection:
    """Open the connection that writes, in WAL mode.

    :param synchronous: ``FULL`` syncs at every commit; ``NORMAL`` can lose the last ones at a power loss.
    :param checkpoints: False when another program does that, and reads the log before: then it is never done here.
    """

    def connect() -> sqlite3.Connection:
        connection = connect_to_write(path, synchronous=synchronous, busy_timeout_ms=busy_timeout_ms)
        if not checkpoints:
            connection.execute("PRAGMA wal_autocheckpoint = 0")
        return connection

    connection = WriteConnection(connect, iter_chunk_size=64)
    await connection
    return connection


def connect_to_write(path: Path, *, synchronous: str = "FULL", busy_timeout_ms: int = 5_000) -> sqlite3.Connection:
    """Open a plain connection that writes. There must be no other."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=busy_timeout_ms / 1000, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'NORMAL' if synchronous == 'NORMAL' else 'FULL'}")
        connection.execute("PRAGMA foreign_keys = ON")
        # Most builds of SQLite leave what was deleted in the file until its place is needed.
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")
    except BaseException:
        connection.close()
        raise
    return connection


def checkpoints_here(connection: sqlite3.Connection) -> bool:
    """Whether moving the log into the file is left to this connection."""
    return bool(connection.execute("PRAGMA wal_autocheckpoint").fetchone()[0])


def rewrite_file(connection: sqlite3.Connection) -> None:
    """Write the whole file anew, so that nothing of what was changed or deleted is left in it, nor in the log.

    Wiping what is deleted leaves copies that SQLite made when it moved rows from one page to another. It takes time and
    room in proportion to the file.
    """
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def connect_read_only(path: Path, *, busy_timeout_ms: int = 5_000) -> sqlite3.Connection:
    """Open a plain connection that cannot write."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        isolation_level=None,
        timeout=busy_timeout_ms / 1000,
        check_same_thread=False,
    )
