"""The storefront in a real browser, in front of the real process."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from support.process import Service
from support.shopping import Serve, Shop, open_browser


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # One browser for all tests, so they share its loop.
    for item in items:
        if pytest_asyncio.is_async_test(item) and "browser" in item.path.parts:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture
def settings() -> Mapping[str, str]:
    return {}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def serve(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Serve]:
    """Start a service, once for each choice of settings: every test sells an event of its own there."""
    started: dict[tuple[tuple[str, str], ...], Service] = {}
    async with AsyncExitStack() as stack:

        async def serve_with(settings: Mapping[str, str]) -> Service:
            chosen = tuple(sorted(settings.items()))
            if chosen not in started:
                environment = {f"ACTOR_TICKETING_{name.upper()}": value for name, value in settings.items()}
                limits = {"ACTOR_TICKETING_RATE_LIMIT__ENABLED": "true"}
                service = Service(data_dir=tmp_path_factory.mktemp("shop"), environment=limits | environment)
                await service.start()
                stack.push_async_callback(service.stop)
                started[chosen] = service
            return started[chosen]

        yield serve_with


@pytest_asyncio.fixture(loop_scope="session")
async def shop(serve: Serve, settings: Mapping[str, str], browser: Browser) -> AsyncIterator[Shop]:
    """A shop with default limits on frequency. What a browser complains of fails the test."""
    async with aiohttp.ClientSession() as session:
        opened = Shop(service=await serve(settings), browser=browser, session=session)
        yield opened
        await opened.close()
    assert opened.problems == []


@pytest_asyncio.fixture(loop_scope="session")
async def page(shop: Shop) -> Page:
    return await shop.open_page()
