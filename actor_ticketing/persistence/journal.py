"""Group commit: while one batch is syncing, the decisions made meanwhile gather for the next."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog

from actor_ticketing.domain.asking import requests_of
from actor_ticketing.domain.errors import Draining, StorageUnavailable
from actor_ticketing.domain.events import LedgerEvent
from actor_ticketing.domain.measures import Commits
from actor_ticketing.domain.ports import CommitFailed, Entry, Store
from actor_ticketing.domain.records import Record
from actor_ticketing.domain.telling import told

log = structlog.get_logger(__name__)

BATCH_MAX = 2_000
"""Entries in one transaction at the most, so that one commit stays short."""

SLOW_MS = 1_000
"""A commit that takes longer is logged."""


class GroupCommitJournal:
    """The one writer: numbers entries, commits them in batches, then settles them in order.

    Its own task is the only one that touches the store, so nobody's cancellation can leave a commit half-known.

    :ivar commits: what its transactions were like.

    :param seq: the ledger position of the last event committed.
    :param on_commit: told each committed batch, before its entries' own callbacks.
    :param on_failure: told all entries that failed together, before any of their own callbacks.
    :param on_unknown: called when a commit's outcome cannot be known; it must end the process.
    :param notices_of: what is to be told of an entry's events, to be kept in the same transaction; None: nothing.
    """

    def __init__(
        self,
        store: Store,
        *,
        seq: int,
        on_commit: Callable[[Sequence[Entry]], None],
        on_failure: Callable[[Sequence[Entry], CommitFailed], None],
        on_unknown: Callable[[BaseException], None],
        commit_interval_ms: int = 0,
        notices_of: Callable[[Sequence[LedgerEvent]], Sequence[Record]] | None = None,
    ) -> None:
        self.commits = Commits()
        self._store = store
        self._on_commit = on_commit
        self._on_failure = on_failure
        self._on_unknown = on_unknown
        self._notices_of = notices_of
        self._interval = commit_interval_ms / 1000
        self._queue: deque[Entry] = deque()
        self._committing: Sequence[Entry] = ()
        self._numbered = seq
        self._committed = seq
        self._wake = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    @property
    def pending(self) -> int:
        """How many entries are not settled yet."""
        return len(self._queue) + len(self._committing)

    @property
    def committed_seq(self) -> int:
        """The ledger position of the last event committed."""
        return self._committed

    def start(self) -> None:
        """Begin to commit."""
        self._task = asyncio.create_task(self._run(), name="journal")

    async def close(self) -> None:
        """Refuse new entries, commit what is queued, and stop."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task

    def append(self, entry: Entry) -> None:
        """Number the entry's events and queue it.

        :raises Draining: when the journal is closing.
        """
        if self._closing:
            raise Draining
        self._numbered += len(entry.events)
        entry.last_seq = self._numbered
        if self._notices_of is not None and entry.events:
            entry.records = (*entry.records, *self._notices_of(entry.events))
        self._queue.append(entry)
        self._wake.set()

    async def settled(self) -> None:
        """Wait until everything appended so far is committed or has failed."""
        if not self.pending:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def settle(_: Exception | None = None) -> None:
            if not done.done():
                done.set_result(None)

        self.append(Entry(on_settled=settle))
        await done

    async def _run(self) -> None:
        try:
            while self._queue or not self._closing:
                await self._wake.wait()
                if self._interval and not self._closing:
                    await asyncio.sleep(self._interval)
                self._wake.clear()
                while self._queue:
                    await self._commit_batch()
        except BaseException as error:
            # The writer must never end in silence: nobody could tell any more what has been written.
            try:
                named = requests_of(self._committing)
                log.error("commit_unknown", error=told(error), entries=len(self._committing), request_ids=named)  # noqa: TRY400
            finally:
                self._on_unknown(error)
            raise

    async def _commit_batch(self) -> None:
        queue = self._queue
        batch = [queue.popleft() for _ in range(min(BATCH_MAX, len(queue)))]
        self._committing = batch
        writes = [entry for entry in batch if not entry.changes_nothing]
        try:
            if writes:
                await self._write(writes)
        except CommitFailed as error:
            self._fail(batch, error)
        else:
            self._committing = ()
            self._committed = batch[-1].last_seq
            self._on_commit(batch)
            for entry in batch:
                if entry.on_settled is not None:
                    entry.on_settled(None)

    async def _write(self, writes: Sequence[Entry]) -> None:
        began = time.perf_counter()
        await self._store.commit(writes)
        duration_ms = (time.perf_counter() - began) * 1_000
        self.commits.duration_ms.add(duration_ms)
        self.commits.entries.add(len(writes))
        if duration_ms > SLOW_MS:
            # It is durable, and a log that cannot be written is no reason to stop here.
            with suppress(Exception):
                named = requests_of(writes)
                log.warning("commit_slow", duration_ms=round(duration_ms), entries=len(writes), request_ids=named)

    def _fail(self, batch: Sequence[Entry], error: CommitFailed) -> None:
        """Fail all that is pending: what was decided after the batch was decided on its strength."""
        self.commits.failed += 1
        failed = [*batch, *self._queue]
        self._queue.clear()
        self._committing = ()
        self._numbered = self._committed
        self._on_failure(failed, error)
        for entry in failed:
            if entry.on_settled is not None:
                entry.on_settled(StorageUnavailable())
