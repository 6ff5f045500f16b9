"""One process and one of each proxy, which the tests share; each buyer has an address of their own."""

from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from support.process import Service, list_stock
from support.proxies import PER_ADDRESS, Proxy, proxying

_numbers = count(2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if pytest_asyncio.is_async_test(item) and item.path.is_relative_to(here):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    limits = {
        "ACTOR_TICKETING_SERVER__TRUSTED_PROXIES": "127.0.0.1",
        "ACTOR_TICKETING_RATE_LIMIT__ENABLED": "true",
        "ACTOR_TICKETING_RATE_LIMIT__RESERVE_PER_ADDRESS": f"{PER_ADDRESS}/hour",
        "ACTOR_TICKETING_WEBSOCKET__MAX_CONNECTIONS": "1",
    }
    service = Service(data_dir=tmp_path_factory.mktemp("data"), environment=limits)
    await service.start()
    async with aiohttp.ClientSession() as session:
        await list_stock(session, service.url, {"tt": 1000})
    yield service
    await service.stop()


@pytest.fixture(scope="session", params=["nginx", "caddy"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def proxy(kind: str, service: Service, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Proxy]:
    async with proxying(kind, tmp_path_factory.mktemp(kind) / "home", service.url.removeprefix("http://")) as running:
        yield running


@pytest.fixture
def address() -> Iterator[str]:
    """An address that nobody has come from yet."""
    return f"127.0.0.{next(_numbers)}"


@pytest_asyncio.fixture(loop_scope="session")
async def buyer(proxy: Proxy, address: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with proxy.client(address) as session:
        yield session
