"""An Idempotency-Key whose request could not be stored is free again."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient

from actor_ticketing.config import Settings
from actor_ticketing.credentials import load_credentials
from actor_ticketing.http.application import create_application
from actor_ticketing.http.context import Backend
from actor_ticketing.server import doors_of
from support.service import eventually, stock
from support.stores import StoreDouble
from support.web import RealServer


@pytest.fixture
async def client(
    shop: Backend, settings: Settings, tmp_path: Path, aiohttp_client: AiohttpClient
) -> AsyncIterator[TestClient]:
    doors = doors_of(settings, load_credentials(settings.auth, tmp_path))
    doors.open(shop)
    application = create_application(doors, max_body_bytes=settings.server.max_body_bytes)
    yield await aiohttp_client(RealServer(application))
    await doors.qr_codes.close()


async def reserve(client: TestClient) -> tuple[int, bytes]:
    """Reserve three tickets, always with the same key."""
    body = {"ticketTypeId": "tt", "quantity": 3, "sessionId": "s"}
    async with client.post("/api/public/reservations", json=body, headers={"Idempotency-Key": "k"}) as response:
        return response.status, await response.read()


async def test_the_same_request_succeeds_when_it_is_tried_again(
    client: TestClient, shop: Backend, store: StoreDouble
) -> None:
    store.fail_next()
    assert (await reserve(client))[0] == 503
    first = await reserve(client)
    assert first[0] == 201
    assert await reserve(client) == first
    assert stock(shop) == (10, 0, 3)


async def test_whoever_waited_for_it_learns_of_the_failure_too(
    client: TestClient, shop: Backend, store: StoreDouble
) -> None:
    store.hold()
    twins = [asyncio.create_task(reserve(client)) for _ in range(2)]
    await eventually(lambda: store.committing == 1)
    store.fail_next()
    store.release()
    assert {status for status, _ in await asyncio.gather(*twins)} <= {503, 201}
    assert stock(shop)[2] in {0, 3}
    assert (await reserve(client))[0] == 201
    assert stock(shop) == (10, 0, 3)
