"""A whole service in this process, under a clock that tests step."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from actor_ticketing.app import open_backend, open_storage
from actor_ticketing.assembly import Storage
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.http.context import Backend
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.memory import MemoryStore
from support.databases import new_database
from support.service import OpenBackend, fatal
from support.vaults import VAULT

LENGTHY = {"browser", "deploy", "faults", "security", "simulation"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Where processes share the work, none should be left alone with a long file at the end.
    items.sort(key=lambda item: LENGTHY.isdisjoint(item.path.parts) and not item.path.name.startswith("test_cli"))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def memory() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
async def backend(memory: MemoryStore, settings: Settings, clock: ManualClock) -> AsyncIterator[Backend]:
    """The service on the in-memory store: commits take a few turns of the loop and no threads."""
    storage = Storage(store=memory, queries=memory)
    async with open_backend(storage, settings, clock, on_fatal=fatal) as opened:
        yield opened


@pytest.fixture(scope="session")
def secrets_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the secrets are kept that tests have not set: making them waits for the disk."""
    return tmp_path_factory.mktemp("secrets")


@pytest.fixture
def open_on_disk(tmp_path: Path, settings: Settings, clock: ManualClock) -> OpenBackend:
    """Open the service on a SQLite database of this test's own; opening it again recovers it."""

    @asynccontextmanager
    async def open_it() -> AsyncIterator[Backend]:
        async with (
            open_storage(new_database(tmp_path / DATABASE), settings, VAULT) as storage,
            open_backend(storage, settings, clock, on_fatal=fatal, serving=True) as opened,
        ):
            yield opened

    return open_it
