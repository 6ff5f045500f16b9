"""The archiving of the ledger's beginning: first into a file, then out of the store, a portion at a time."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from actor_ticketing.actors.journaling import write_entry
from actor_ticketing.clock import Clock
from actor_ticketing.domain.archives import ArchiveError, ArchiveQueries, LedgerArchived, LedgerArchives, LedgerTrimmed
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.ports import Entry, Journal

log = structlog.get_logger(__name__)

PAUSE_MS = 50
"""Between two portions, so that sales get most of the time of the processor and the writer."""

DAY_MS = 24 * 60 * 60 * 1_000


def day_before(now: int, days: int) -> int:
    """The beginning of the day, in UTC, that was so many days ago. It stays the same all day. In ms since the epoch."""
    return now - now % DAY_MS - days * DAY_MS


class Archiving:
    """Has the file made, and then has the one writer note it and drop what it has.

    Nothing is dropped that is not in a file which was read back. Where it is interrupted, the next run goes on.

    :param told_until: up to where in the ledger everyone was told who is still to be told; None: nobody is.
    :param breathe: awaited between two portions.
    """

    def __init__(
        self,
        *,
        archives: LedgerArchives,
        journal: Journal,
        queries: ArchiveQueries,
        clock: Clock,
        told_until: Callable[[], int | None],
        breathe: Callable[[], Awaitable[None]],
    ) -> None:
        self._archives = archives
        self._journal = journal
        self._queries = queries
        self._clock = clock
        self._told_until = told_until
        self._breathe = breathe

    async def archive(self, before: int, file: Path) -> LedgerArchived | None:
        """Archive what comes before the first entry that was made at ``before`` (ms since the epoch) or later.

        :return: None when there is nothing to archive. What a former run has left is dropped all the same.
        :raises ArchiveError: when no file could be made; then nothing is dropped.
        :raises Unavailable: when the store could not be read or written.
        """
        await self._trim()
        archived = await self._archives.write(
            before, file, up_to=self._told_until(), now=self._clock.now(), breathe=self._breathe
        )
        if archived is not None:
            await write_entry(self._journal, Entry(records=[archived]))
            await self._trim()
        return archived

    async def _trim(self) -> None:
        while await self._queries.has_archived_entries():
            await write_entry(self._journal, Entry(records=[LedgerTrimmed()]))
            await self._breathe()


class LedgerRetention:
    """Archives what is older than the ledger is to be, into a directory, in a file named after its last day."""

    def __init__(self, archiving: Archiving, clock: Clock, *, days: int, directory: Path) -> None:
        self._archiving = archiving
        self._clock = clock
        self._days = days
        self._directory = directory

    async def archive(self) -> None:
        """Archive all whose time is over now, and log what came of it.

        :raises Unavailable: as :meth:`Archiving.archive`.
        """
        before = day_before(self._clock.now(), self._days)
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = self._directory / f"ledger-before-{rfc3339(before)[:10]}.jsonl.gz"
            archived = await self._archiving.archive(before, file)
        except (ArchiveError, OSError) as error:
            log.error("ledger_not_archived", error=str(error))  # noqa: TRY400 - the message says all.
            return
        if archived is not None:
            log.info("ledger_archived", file=str(file), first_seq=archived.first_seq, last_seq=archived.last_seq)
