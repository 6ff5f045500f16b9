"""Connections that only read: a few for everything, and one for what SQLite works at for long."""

import asyncio
import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import structlog

from actor_ticketing.domain.errors import StorageUnavailable
from actor_ticketing.domain.telling import told
from actor_ticketing.persistence.connections import Connection, connect_read_only
from actor_ticketing.vault import VaultError

log = structlog.get_logger(__name__)

T = TypeVar("T")

_NICENESS = 10
"""Where the unhurried reader and a sale want the same processor, the reader gets about a tenth of it."""


class Readers:
    """Read connections. A read takes the least busy one of ``prompt``, so that a long one holds up no other."""

    def __init__(self, prompt: Sequence[Connection], unhurried: Connection) -> None:
        self._unhurried = unhurried
        self._at_work = dict.fromkeys(prompt, 0)

    async def run(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``read`` on a connection.

        :raises StorageUnavailable: when SQLite cannot answer, or what is sealed does not open; the other reads go on.
        """
        connection = min(self._at_work, key=self._at_work.__getitem__)
        self._at_work[connection] += 1
        try:
            return await _run(connection, read)
        finally:
            self._at_work[connection] -= 1

    async def run_unhurried(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """Run something that SQLite itself takes long for, with what others leave over of the processor.

        Rows should come out of it few: a thread that has to wait for the processor while it holds Python's lock keeps
        everybody else waiting too.

        :raises StorageUnavailable: as :meth:`run`.
        """
        return await _run(self._unhurried, read)

    async def close(self) -> None:
        """Close all of them."""
        await _close([*self._at_work, self._unhurried])


async def _run(connection: Connection, read: Callable[[sqlite3.Connection], T]) -> T:
    try:
        return await connection.run(read)
    except (sqlite3.Error, VaultError) as error:
        log.warning("read_failed", error=str(error))
        raise StorageUnavailable("The data could not be read. Please try again.") from error


async def _close(connections: Sequence[Connection]) -> None:
    # A close that fails must not leave another connection's thread behind, which would hang the exit.
    outcomes = await asyncio.gather(*(each.close() for each in connections), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            log.warning("reader_not_closed", error=told(outcome))


async def open_readers(path: Path, *, count: int, busy_timeout_ms: int) -> Readers:
    """Open ``count`` connections and the unhurried one on an existing database in WAL mode."""

    def connect() -> sqlite3.Connection:
        return connect_read_only(path, busy_timeout_ms=busy_timeout_ms)

    def connect_unhurried() -> sqlite3.Connection:
        # This runs on the connection's own thread. Elsewhere than on Linux, niceness is that of the whole process.
        if sys.platform == "linux":
            try:
                os.nice(_NICENESS)
            except OSError as error:
                log.info("reader_not_nice", error=str(error))
        return connect()

    opened: list[Connection] = []
    try:
        for connector in (*[connect] * count, connect_unhurried):
            connection = Connection(connector, iter_chunk_size=64)
            await connection
            opened.append(connection)
    except BaseException:
        await _close(opened)
        raise
    return Readers(opened[:-1], opened[-1])
