"""The archiving of the ledger's beginning: first into a file, then out of the store, a portion at a time."""

from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path

import structlog

from actor_ticketing.actors.journaling import write_entry
from actor_ticketing.clock import Clock
from actor_ticketing.config.sections import WebhookSettings
from actor_ticketing.domain.archives import (
    ArchiveError,
    ArchiveExists,
    ArchiveQueries,
    LedgerArchived,
    LedgerArchives,
    LedgerTrimmed,
)
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.ports import Entry, Journal
from actor_ticketing.domain.webhooks import WebhookQueries

log = structlog.get_logger(__name__)

PAUSE_MS = 50
"""Between two portions, so that sales get most of the time of the processor and the writer."""

DAY_MS = 24 * 60 * 60 * 1_000


def day_before(now: int, days: int) -> int:
    """The beginning of the day, in UTC, that was so many days ago. It stays the same all day. In ms since the epoch."""
    return now - now % DAY_MS - days * DAY_MS


async def told_until(queries: WebhookQueries, settings: WebhookSettings) -> int | None:
    """Up to which ledger position everyone was told who is told at all; None when nobody is.

    The store is asked, and not those who tell: a command has none, and a start that could not read them neither.

    :raises StorageUnavailable: when the store cannot be read.
    """
    if not settings.enabled:
        return None
    states, kept = await queries.webhook_states(), await queries.webhooks()
    known = {*(each.name for each in settings.endpoints), *(each.id for each in kept)}
    return min((each.cursor for name, each in states.items() if name in known and each.is_enabled), default=None)


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
        told_until: Callable[[], Awaitable[int | None]],
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
        up_to = await self._told_until()
        archived = await self._archives.write(before, file, up_to=up_to, now=self._clock.now(), breathe=self._breathe)
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
            await self._archive(before)
        except (ArchiveError, OSError) as error:
            log.error("ledger_not_archived", error=str(error))  # noqa: TRY400 - the message says all.

    async def _archive(self, before: int) -> None:
        for file in self._names(before):
            try:
                archived = await self._archiving.archive(before, file)
            except ArchiveExists:
                # After a restart on the same day, what had to stay then may go now.
                continue
            if archived is not None:
                log.info("ledger_archived", file=str(file), first_seq=archived.first_seq, last_seq=archived.last_seq)
            return

    def _names(self, before: int) -> Iterator[Path]:
        day = rfc3339(before)[:10]
        yield self._directory / f"ledger-before-{day}.jsonl.gz"
        yield from (self._directory / f"ledger-before-{day}-{number}.jsonl.gz" for number in count(2))
