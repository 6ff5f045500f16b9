"""The benchmark's watchers, against the real service."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from bench.errors import BenchError
from bench.generators.watchers import Watchers
from support.process import Service, list_stock

RESERVATION = {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s"}


async def test_watchers_count_what_they_are_told_and_know_the_last_state(tmp_path: Path) -> None:
    service = Service(data_dir=tmp_path)
    try:
        await service.start()
        async with aiohttp.ClientSession() as session:
            await list_stock(session, service.url, {"tt": 10})
            watchers = await asyncio.to_thread(Watchers, service.url, "tt", 3, None)
            with watchers:
                for _ in range(2):
                    async with session.post(f"{service.url}/api/public/reservations", json=RESERVATION) as response:
                        assert response.status == 201
                await asyncio.sleep(0.3)  # Longer than the interval at which they are told, and look.
                assert await asyncio.to_thread(watchers.finish, lambda: 2) > 0
                assert [each.messages for each in watchers._watchers] == [3, 3, 3]
                await service.stop()
                await asyncio.sleep(0.2)
                assert watchers._gone == 3
    finally:
        await service.stop()


async def test_a_watcher_that_is_not_let_in_is_an_error(tmp_path: Path) -> None:
    service = Service(data_dir=tmp_path, environment={"ACTOR_TICKETING_WEBSOCKET__MAX_CONNECTIONS": "1"})
    try:
        await service.start()
        with pytest.raises(BenchError, match="503"):
            await asyncio.to_thread(Watchers, service.url, "tt", 2, None)
    finally:
        await service.stop()
