"""The real process: one that all tests share whose fault it survives, and others on data directories of their own."""

import resource
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from support.faults import Faults, build_shim
from support.process import Service
from support.stage import Stage, check_books, prepare


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # One process for many tests, so they share its loop.
    here = Path(__file__).parent
    for item in items:
        if pytest_asyncio.is_async_test(item) and item.path.is_relative_to(here):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(loop_scope="session")
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    service = Service(data_dir=tmp_path)
    yield service
    await service.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as opened:
        yield opened


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_shim(tmp_path_factory.mktemp("shim"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared(shim: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Service, Faults]]:
    # Thousands of sockets are opened, here and there.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 16_384), most))
    service, faults = prepare(shim, tmp_path_factory.mktemp("shared"))
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
    service, faults = prepare(shim, tmp_path)
    yield Stage(service, faults, session)
    await service.stop()
