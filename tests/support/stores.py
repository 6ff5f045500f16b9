"""A store that tests hold, fail and watch."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Any

from actor_ticketing.domain.ports import CommitFailed, Entry, StockRecord


def disk_full() -> CommitFailed:
    """A failure after which it is certain that nothing was written."""
    return CommitFailed(OSError("no space left on device"))


class StoreDouble:
    """A store, and the queries over it, whose commits and loads can be held and made to fail.

    :ivar batches: every batch that was committed.
    :ivar loads: the ticket types whose stock was asked for, in that order.
    :ivar committing: how many commits are on their way.
    """

    def __init__(self, store: Any, queries: Any = None) -> None:
        self._store = store
        self._queries = queries or store
        self._may_commit = asyncio.Event()
        self._may_commit.set()
        self._errors: deque[Exception] = deque()
        self._may_load: defaultdict[str, asyncio.Event] = defaultdict(_set_event)
        self._load_errors: deque[Exception] = deque()
        self.batches: list[list[Entry]] = []
        self.loads: list[str] = []
        self.committing = 0

    def hold(self) -> None:
        """Let no commit through."""
        self._may_commit.clear()

    def release(self) -> None:
        """Let commits through again."""
        self._may_commit.set()

    def fail_next(self, error: Exception | None = None) -> None:
        """Have one more of the next commits fail, for certain unless told otherwise; the first to come is the first."""
        self._errors.append(error or disk_full())

    def hold_loads(self, ticket_type_id: str) -> None:
        """Let nobody read this ticket type's stock."""
        self._may_load[ticket_type_id].clear()

    def release_loads(self, ticket_type_id: str) -> None:
        """Let it be read again."""
        self._may_load[ticket_type_id].set()

    def fail_next_load(self, error: Exception) -> None:
        """Have the next read of a stock fail."""
        self._load_errors.append(error)

    def release_everything(self) -> None:
        """Let all that is held through, so that a test that has failed can end."""
        self.release()
        for may_load in self._may_load.values():
            may_load.set()

    async def commit(self, batch: Sequence[Entry]) -> None:
        """Commit when it is let through, or fail."""
        self.committing += 1
        try:
            await self._may_commit.wait()
            if self._errors:
                raise self._errors.popleft()
            await self._store.commit(batch)
        finally:
            self.committing -= 1
        self.batches.append(list(batch))

    async def stock(self, ticket_type_id: str) -> StockRecord | None:
        """Read when it is let through, or fail."""
        self.loads.append(ticket_type_id)
        await self._may_load[ticket_type_id].wait()
        if self._load_errors:
            raise self._load_errors.popleft()
        return await self._queries.stock(ticket_type_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queries, name)


def _set_event() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event
