"""The service on a store that tests can hold and fail."""

from collections.abc import AsyncIterator
from typing import cast

import pytest

from actor_ticketing.actors.roster import Roster
from actor_ticketing.config import Settings
from actor_ticketing.http.context import Backend
from actor_ticketing.persistence.memory import MemoryStore
from support.service import list_event, list_ticket_type
from support.stores import StoreDouble


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
