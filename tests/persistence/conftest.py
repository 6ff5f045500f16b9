"""Stores, and journals on them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from actor_ticketing.app import open_storage
from actor_ticketing.config import Settings
from actor_ticketing.domain.ports import CommitFailed, Entry, Queries
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.journal import GroupCommitJournal
from actor_ticketing.persistence.memory import MemoryStore
from support.databases import new_database
from support.stores import StoreDouble
from support.vaults import VAULT


@dataclass(kw_only=True)
class Books:
    """A journal on a store, and what came of the entries it was given.

    :ivar log: what the journal called, in order: ``("on_commit", entry)``, ``("committed", entry)``, ...
    """

    store: StoreDouble
    queries: Queries
    log: list[tuple[str, object]] = field(default_factory=list)
    ends: list[BaseException] = field(default_factory=list)
    journal: GroupCommitJournal = field(init=False)

    def start(self, seq: int = 0) -> None:
        """Start the journal."""
        self.journal = GroupCommitJournal(
            self.store,
            seq=seq,
            on_commit=lambda batch: self.log.extend(("on_commit", entry) for entry in batch),
            on_failure=lambda entries, error: self.log.append(("on_failure", (list(entries), error))),
            on_unknown=self.ends.append,
        )
        self.journal.start()

    def append(self, *entries: Entry) -> None:
        """Append entries whose callbacks are logged."""
        for entry in entries:
            entry.on_settled = lambda error, entry=entry: self.log.append(
                ("committed", entry) if error is None else ("failed", (entry, error))
            )
            self.journal.append(entry)

    async def write(self, *entries: Entry) -> None:
        """Append entries and wait until they are settled."""
        self.append(*entries)
        await self.journal.settled()

    def named(self, name: str) -> list[object]:
        """What was logged under a name."""
        return [what for each, what in self.log if each == name]

    @property
    def failures(self) -> list[CommitFailed]:
        """Why batches have failed."""
        return [error for _, error in self.named("on_failure")]


@pytest.fixture(params=["memory", "sqlite"])
async def books(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Books]:
    """A journal on each kind of store."""
    if request.param == "memory":
        memory = MemoryStore()
        opened = Books(store=StoreDouble(memory), queries=memory)
        opened.start()
        yield opened
        opened.store.release_everything()
        await opened.journal.close()
        return
    async with open_storage(new_database(tmp_path / DATABASE), Settings(), VAULT) as storage:
        opened = Books(store=StoreDouble(storage.store, storage.queries), queries=storage.queries)
        opened.start()
        yield opened
        opened.store.release_everything()
        await opened.journal.close()
