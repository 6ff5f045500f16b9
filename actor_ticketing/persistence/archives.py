"""Ledger entries on their way from the database into an archive."""

import os
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO

from actor_ticketing.domain.archives import ArchiveError, ArchiveExists, LedgerArchived
from actor_ticketing.persistence.connections import Statement
from actor_ticketing.persistence.ledger_file import Contents, LedgerWriter, contents_of
from actor_ticketing.persistence.opening import opening_of, replay_from
from actor_ticketing.persistence.publishing import publish
from actor_ticketing.persistence.readers import Readers
from actor_ticketing.persistence.replay import Replay

PORTION = 250
"""Entries that are written in one go: some milliseconds, in which the sale may have to wait for Python."""

TRIMMED_AT_ONCE = 250
"""Entries that are dropped in one commit."""

_NEWEST = "SELECT last_seq, sha256, opening FROM ledger_archives ORDER BY last_seq DESC LIMIT 1"
_UNTIL = "SELECT max(until) FROM ledger_archives"
_LEFT = "SELECT min(seq) <= (SELECT max(last_seq) FROM ledger_archives) FROM ledger"
_LINES = """
    SELECT seq, at, json_object('seq', seq, 'at', at, 'kind', kind, 'eventId', event_id, 'ticketTypeId', ticket_type_id,
                                'reservationId', reservation_id, 'data', json(data))
    FROM ledger WHERE seq > ? AND seq <= ? ORDER BY seq
"""
_KEEP = """
    INSERT INTO ledger_archives (last_seq, first_seq, until, file, sha256, made_at, opening)
    VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_SUPERSEDE = "UPDATE ledger_archives SET opening = NULL WHERE last_seq < ? AND opening IS NOT NULL"
_TRIM = """
    DELETE FROM ledger WHERE seq < (SELECT min(seq) FROM ledger) + ?
    AND seq <= (SELECT max(last_seq) FROM ledger_archives)
"""


def statements_of_archived(record: LedgerArchived) -> list[Statement]:
    """The statements that note an archive."""
    row = (
        record.last_seq,
        record.first_seq,
        record.until,
        record.file,
        record.sha256,
        record.made_at,
        record.opening,
    )
    return [(_KEEP, [row], True), (_SUPERSEDE, [(record.last_seq,)], False)]


def statements_of_trimmed() -> list[Statement]:
    """The statement that drops a portion of what is archived."""
    return [(_TRIM, [(TRIMMED_AT_ONCE,)], False)]


def archived_until(connection: sqlite3.Connection) -> int | None:
    """The latest instant of any archived entry, ms since the epoch; None when none is archived."""
    until: int | None = connection.execute(_UNTIL).fetchone()[0]
    return until


class SqliteArchiveQueries:
    """The :class:`ArchiveQueries` over SQLite."""

    _readers: Readers

    async def archived_until(self) -> int | None:
        """The latest instant of any archived entry."""
        return await self._readers.run(archived_until)

    async def has_archived_entries(self) -> bool:
        """Whether the ledger still has entries that are archived too."""
        return bool(await self._readers.run(lambda connection: connection.execute(_LEFT).fetchone()[0]))


class SqliteArchives:
    """The :class:`LedgerArchives` of a database."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def write(
        self,
        before: int,
        file: Path,
        *,
        up_to: int | None,
        now: int,
        breathe: Callable[[], Awaitable[None]],
    ) -> LedgerArchived | None:
        """Write the entries that come before the first one made at ``before`` or later, but for the very last."""
        walk = await self._readers.run(lambda connection: _Walk.begin(connection, up_to))
        if not await self._readers.run(lambda connection: walk.has_any(connection, before)):
            return None
        try:
            with _part_of(file) as (part, raw):
                writer = LedgerWriter(raw, first_seq=walk.first_seq, previous=walk.previous)
                while await self._readers.run(lambda connection: walk.step(connection, before, writer)):
                    await breathe()
                contents = await self._readers.run(lambda _: _published(writer, walk, part, file))
                # Of many holds it takes a while, in which the event loop has others to look after.
                opening = await self._readers.run(lambda _: opening_of(walk.replay))
        except OSError as error:
            raise ArchiveError(f"cannot write {file}: {error.strerror or error}") from error
        return LedgerArchived(
            first_seq=contents.first_seq,
            last_seq=contents.last_seq,
            until=contents.until,
            file=file.name,
            sha256=contents.sha256,
            made_at=now,
            opening=opening,
        )


@dataclass(slots=True, kw_only=True)
class _Walk:
    """A walk through the ledger from the last archive on, which is replayed meanwhile: what is archived is proved.

    :ivar previous: the digest of the last archive.
    :ivar seq: how far it has come.
    :ivar limit: how far it may come.
    :ivar until: the latest instant of any entry.
    """

    replay: Replay
    first_seq: int
    previous: str | None
    seq: int
    limit: int
    until: int = 0

    @classmethod
    def begin(cls, connection: sqlite3.Connection, up_to: int | None) -> "_Walk":
        newest = connection.execute(_NEWEST).fetchone()
        last_seq, previous, opening = newest or (0, None, None)
        # Where the ledger stands is looked up in its last entry, so that one stays.
        [highest] = connection.execute("SELECT coalesce(max(seq), 0) FROM ledger").fetchone()
        return cls(
            replay=Replay() if opening is None else replay_from(opening),
            first_seq=last_seq + 1,
            previous=previous,
            seq=last_seq,
            limit=highest - 1 if up_to is None else min(highest - 1, up_to),
        )

    def has_any(self, connection: sqlite3.Connection, before: int) -> bool:
        """Whether there is anything to archive."""
        return bool(self._portion(connection, before))

    def step(self, connection: sqlite3.Connection, before: int, writer: LedgerWriter) -> bool:
        """Write a portion, and return whether there may be another.

        :raises ArchiveError: when the books are not in order.
        """
        portion = self._portion(connection, before)
        if not portion:
            return False
        until = portion[-1][0]
        if until - self.seq != len(portion):
            raise ArchiveError(f"the ledger has a gap after entry {self.seq}; `verify` tells more")
        self.replay.take(connection, self.seq, until)
        for problem in (each for problems in self.replay.problems.values() for each in problems):
            raise ArchiveError(f"the books are not in order, `verify` tells more: {problem}")
        writer.write(line for _, _, line in portion)
        self.seq, self.until = until, max(self.until, *(at for _, at, _ in portion))
        return len(portion) == PORTION

    def _portion(self, connection: sqlite3.Connection, before: int) -> list[tuple[int, int, str]]:
        rows = connection.execute(_LINES, (self.seq, min(self.seq + PORTION, self.limit))).fetchall()
        return list(takewhile(lambda row: row[1] < before, rows))


@contextmanager
def _part_of(file: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A file beside the one that is to be, which its owner alone can read. In the end it is gone."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as raw:
            yield Path(name), raw
    finally:
        with suppress(OSError):
            Path(name).unlink(missing_ok=True)


def _published(writer: LedgerWriter, walk: _Walk, part: Path, file: Path) -> Contents:
    """Finish the file, read it back, and give it its name."""
    contents = writer.finish(last_seq=walk.seq, until=walk.until)
    writer.require_written(part)
    try:
        publish(part, file)
    except FileExistsError as error:
        # A former run may have come so far, and no further.
        if not _is_archive_of(contents, file):
            raise ArchiveExists(f"{file} exists already, and an archive overwrites nothing") from error
    return contents


def _is_archive_of(contents: Contents, file: Path) -> bool:
    try:
        return contents_of(file) == contents
    except ArchiveError:
        return False
