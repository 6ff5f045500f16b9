"""A browser with a camera, which sees what a test puts in front of it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Browser

from support.door import Camera, open_camera_browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def seeing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Browser, Camera]]:
    async with open_camera_browser(tmp_path_factory.mktemp("camera")) as opened:
        yield opened


@pytest.fixture
def browser(seeing: tuple[Browser, Camera]) -> Browser:
    return seeing[0]


@pytest.fixture(autouse=True)
def camera(seeing: tuple[Browser, Camera]) -> Camera:
    seeing[1].sees(Image.new("L", (8, 8), 90))
    return seeing[1]
