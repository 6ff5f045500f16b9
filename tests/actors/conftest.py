"""The service on a store that tests can hold and fail."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from actor_ticketing.actors.roster import Roster
from actor_ticketing.app import open_storage
from actor_ticketing.assembly import Storage
from actor_ticketing.config import Settings
from actor_ticketing.http.context import Backend
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.memory import MemoryStore
from support.databases import new_database
from support.service import list_event, list_ticket_type
from support.stores import StoreDouble
from support.vaults import VAULT


@pytest.fixture
def settings() -> Settings:
    """No sweep comes to the rescue within the hour."""
    return Settings(sweep={"interval_seconds": 3600})


@pytest.fixture
def store() -> StoreDouble:
    return StoreDouble(MemoryStore())


@pytest.fixture
def memory(store: StoreDouble) -> MemoryStore:
    """What the ``backend`` fixture stores into."""
    return cast("MemoryStore", store)


@pytest.fixture(params=["memory", "sqlite"])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    """Either store, for tests of what both have to do."""
    if request.param == "memory":
        memory = MemoryStore()
        yield Storage(store=StoreDouble(memory), queries=memory)
        return
    async with open_storage(new_database(tmp_path / DATABASE), Settings(), VAULT) as opened:
        yield Storage(store=StoreDouble(opened.store), queries=opened.queries)


@pytest.fixture
async def backend(backend: Backend, store: StoreDouble) -> AsyncIterator[Backend]:
    yield backend
    store.release_everything()


@pytest.fixture
async def shop(backend: Backend) -> Backend:
    """The event `ev` with ten tickets of `tt`."""
    await list_event(backend)
    await list_ticket_type(backend)
    return backend


@pytest.fixture
def roster(backend: Backend) -> Roster:
    return backend.box_office._roster
