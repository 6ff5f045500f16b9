"""Databases whose ledger goes into a file."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path

from actor_ticketing.actors.archiving import Archiving
from actor_ticketing.app import open_backend, open_storage
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.archives import LedgerArchived
from actor_ticketing.domain.reservation import Owner
from actor_ticketing.http.context import Backend
from support.databases import new_database
from support.service import fatal, hold, list_event, list_ticket_type
from support.vaults import VAULT

START = ManualClock().now()
LATER = START + 10**9
LAST = 29
"""The last entry of a lively ledger but one, which stays."""

LONG_AGO = 1_700_000_000_000


async def nobody_is_told() -> None:
    """Whatever there is may be archived."""


@asynccontextmanager
async def opened(path: Path, clock: ManualClock) -> AsyncIterator[tuple[Backend, Archiving]]:
    """The service, and what archives its ledger without waiting."""
    async with (
        open_storage(new_database(path), Settings(), VAULT) as storage,
        open_backend(storage, Settings(), clock, on_fatal=fatal) as backend,
    ):
        assert storage.archives is not None
        yield (
            backend,
            Archiving(
                archives=storage.archives,
                journal=backend.desk._journal,
                queries=storage.queries,
                clock=clock,
                told_until=nobody_is_told,
                breathe=partial(asyncio.sleep, 0),
            ),
        )


async def archive(archiving: Archiving, file: Path, before: int = LATER) -> LedgerArchived:
    archived = await archiving.archive(before, file)
    assert archived is not None
    return archived


def seqs(path: Path) -> list[int]:
    """The positions that the ledger in the database has."""
    with closing(sqlite3.connect(path)) as connection:
        return [seq for (seq,) in connection.execute("SELECT seq FROM ledger ORDER BY seq")]


async def sell_long_ago(path: Path, *, holds: int) -> None:
    """Make a database of two years ago: so many holds were made, and all but the last released."""
    clock = ManualClock(LONG_AGO)
    async with opened(path, clock) as (backend, _):
        await list_event(backend)
        await list_ticket_type(backend, total=holds)
        made = [await hold(backend) for _ in range(holds)]
        for each in made[:-1]:
            await backend.box_office.release(each.id, Owner(session_id="s"))
