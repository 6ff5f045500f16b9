"""The real clock: a hold is back when it is due, without any sweep."""

import asyncio
import time
from datetime import datetime

import aiohttp

from support.process import Service, list_stock


async def test_a_hold_of_two_seconds_is_back_within_100_ms_of_its_deadline(
    service: Service, session: aiohttp.ClientSession
) -> None:
    await service.start()
    await list_stock(session, service.url, {"tt": 10})
    body = {"ticketTypeId": "tt", "quantity": 4, "sessionId": "s", "expirationMinutes": 2 / 60}
    async with session.post(f"{service.url}/api/public/reservations", json=body) as response:
        due = datetime.fromisoformat((await response.json())["data"]["expiresAt"]).timestamp()
    # Only real time can show this, so this test waits for it.
    while True:
        asked = time.time()
        async with session.get(f"{service.url}/api/public/availability/tt") as response:
            stock = (await response.json())["data"]
        if stock["available"] == 10:
            break
        assert stock["reserved"] == 4
        await asyncio.sleep(0.005)
    assert asked < due + 0.1
    assert time.time() > due - 0.002, "it came back before it was due"
