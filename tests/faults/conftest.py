"""The real process on a data directory of the test's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from support.process import Service


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    service = Service(data_dir=tmp_path)
    yield service
    await service.stop()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as opened:
        yield opened
