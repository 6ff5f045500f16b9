"""Accounts on a store that tests can hold and fail."""

from collections.abc import AsyncIterator
from typing import cast

import pytest

from actor_ticketing.accounts.service import Accounts
from actor_ticketing.http.context import Backend
from actor_ticketing.persistence.memory import MemoryStore
from support.stores import StoreDouble


@pytest.fixture
def store() -> StoreDouble:
    return StoreDouble(MemoryStore())


@pytest.fixture
def memory(store: StoreDouble) -> MemoryStore:
    """What the ``backend`` fixture stores into."""
    return cast("MemoryStore", store)


@pytest.fixture
async def accounts(backend: Backend, store: StoreDouble) -> AsyncIterator[Accounts]:
    yield backend.accounts
    store.release_everything()
