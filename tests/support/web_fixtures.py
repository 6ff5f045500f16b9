"""The real application over HTTP, on SQLite, under a stepped clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pytest_aiohttp.plugin import AiohttpClient

from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.credentials import load_credentials
from actor_ticketing.http.application import create_application
from actor_ticketing.http.limits import RateLimits
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.server import doors_of
from bench.history.checker import check
from bench.history.ledger import read_ledger
from support.service import OpenBackend, list_event, list_ticket_type
from support.web import ADMIN_TOKEN, CRON_SECRET, JWT_SECRET, Api, OpenApi, RealServer


@pytest.fixture
def overrides() -> dict[str, Any]:
    """Settings of one test, by section; `support.web.configured` marks a test with its own."""
    return {}


@pytest.fixture
def settings(overrides: dict[str, Any]) -> Settings:
    sections: dict[str, Any] = {
        "auth": {"admin_token": ADMIN_TOKEN, "cron_secret": CRON_SECRET, "jwt_secret": JWT_SECRET},
        "rate_limit": {"enabled": False},
        # What is tested here does not hang on power cuts, and would only wait for the disk.
        "storage": {"synchronous": "NORMAL"},
    }
    for section, values in overrides.items():
        sections[section] = {**sections.get(section, {}), **values}
    return Settings(**sections)


@pytest.fixture
def open_api(
    open_on_disk: OpenBackend,
    settings: Settings,
    clock: ManualClock,
    tmp_path: Path,
    secrets_dir: Path,
    aiohttp_client: AiohttpClient,
) -> OpenApi:
    """Open the service with a client at its door; opening it again is a restart."""

    @asynccontextmanager
    async def open_it() -> AsyncIterator[Api]:
        doors = doors_of(settings, load_credentials(settings.auth, secrets_dir))
        if doors.limits is not None:
            doors.limits = RateLimits(settings.rate_limit, now=lambda: clock.now() / 1_000)
        async with open_on_disk() as backend:
            doors.open(backend)
            application = create_application(doors, max_body_bytes=settings.server.max_body_bytes)
            client = await aiohttp_client(RealServer(application))
            api = Api(client=client, backend=backend, doors=doors, clock=clock)
            try:
                yield api
            finally:
                await client.close()
                await doors.close()
            # Whatever a test is about: what its clients were told has to be explained by the ledger.
            check(api.history.operations(), read_ledger(tmp_path / DATABASE))

    return open_it


@pytest.fixture
async def api(open_api: OpenApi) -> AsyncIterator[Api]:
    """The event `ev` with 10 tickets of `tt` at 45.00 EUR, and a client at its door."""
    async with open_api() as opened:
        await list_event(opened.backend)
        await list_ticket_type(opened.backend)
        yield opened
