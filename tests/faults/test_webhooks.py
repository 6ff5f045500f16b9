"""Webhooks of the real process, in real time."""

import asyncio

import aiohttp

from support.process import Service, admin, list_stock
from support.webhooks import Receiver, holds

WEBHOOKS = "/api/admin/webhooks"


async def reserve(session: aiohttp.ClientSession, service: Service, number: int) -> None:
    body = {"ticketTypeId": "tt", "quantity": 1, "sessionId": f"s{number}"}
    async with session.post(f"{service.url}/api/public/reservations", json=body) as response:
        await response.read()


async def test_killed_while_it_tells_a_receiver_it_leaves_nothing_out(
    service: Service, session: aiohttp.ClientSession
) -> None:
    service.environment = {
        "ACTOR_TICKETING_WEBHOOKS__ALLOW_PRIVATE": "true",
        "ACTOR_TICKETING_WEBHOOKS__RETRY_FIRST_SECONDS": "0.1",
    }
    receiver = Receiver()
    await receiver.start()
    try:
        await service.start()
        made = await admin(session, service.url, "POST", WEBHOOKS, {"name": "R", "url": receiver.url})
        receiver.secret = made["secret"]
        await list_stock(session, service.url, {"tt": 10_000})
        for _ in range(3):
            before = len(receiver.taken)
            buyers = [asyncio.create_task(reserve(session, service, number)) for number in range(200)]
            await holds(lambda before=before: len(receiver.taken) > before + 20)
            await service.kill()
            await asyncio.gather(*buyers, return_exceptions=True)
            await service.start()
        [hook] = (await admin(session, service.url, "GET", WEBHOOKS))["webhooks"]
        newest = hook["cursor"] + hook["behind"]
        await holds(lambda: receiver.seqs[-1] == newest)
    finally:
        await receiver.close()
    assert list(dict.fromkeys(receiver.seqs)) == list(range(1, newest + 1))
    assert len(set(zip(receiver.seqs, receiver.ids, strict=True))) == newest
