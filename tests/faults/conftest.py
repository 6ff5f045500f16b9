"""The real process: one that all tests share whose fault it survives, and others on data directories of their own."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from support.faults import Faults, build_shim
from support.process import Service
from support.stage import Stage, check_books


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # One process for many tests, so they share its loop.
    for item in items:
        if pytest_asyncio.is_async_test(item) and "faults" in item.path.parts:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(loop_scope="session")
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    service = Service(data_dir=tmp_path)
    yield service
    await service.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as opened:
        yield opened


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_shim(tmp_path_factory.mktemp("shim"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared(shim: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Service, Faults]]:
    service, faults = faulty(shim, tmp_path_factory.mktemp("shared"))
    yield service, faults
    await service.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def stage(shared: tuple[Service, Faults], session: aiohttp.ClientSession) -> AsyncIterator[Stage]:
    """The process that tests share. Whatever has befallen it, the books are in order afterwards."""
    service, faults = shared
    opened = Stage(service, faults, session)
    await opened.open()
    yield opened
    faults.end()
    check_books(service.data_dir)


@pytest_asyncio.fixture(loop_scope="session")
async def own_stage(shim: Path, tmp_path: Path, session: aiohttp.ClientSession) -> AsyncIterator[Stage]:
    """A process, not started yet, for what no data directory survives, or what needs settings."""
    service, faults = faulty(shim, tmp_path)
    yield Stage(service, faults, session)
    await service.stop()


def faulty(shim: Path, home: Path) -> tuple[Service, Faults]:
    """A service, not started yet, and what can go wrong for it."""
    (data_dir := home / "data").mkdir()
    faults = Faults(shim, home, data_dir)
    environment = {
        **faults.environment,
        "ACTOR_TICKETING_LOG__FORMAT": "json",
        "ACTOR_TICKETING_STORAGE__BUSY_TIMEOUT_MS": "100",
        "ACTOR_TICKETING_WEBSOCKET__MAX_PER_ADDRESS": "5000",
        "ACTOR_TICKETING_WEBSOCKET__MAX_QUEUED_MESSAGES": "16",
    }
    (log := home / "log").touch()
    return Service(data_dir=data_dir, environment=environment, log=log), faults
