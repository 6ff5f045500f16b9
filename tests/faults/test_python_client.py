"""The Python client in front of the real process, which dies and comes back."""

import asyncio
from contextlib import aclosing

import aiohttp

from actor_ticketing.client import Retries, TicketClient
from actor_ticketing.wire.live import ReservationMessage
from support.ports import free_port
from support.process import Service, list_stock

PATIENT = Retries(attempts=100, longest_seconds=2)


async def test_what_a_client_asks_for_while_the_service_dies_is_done_once(
    service: Service, session: aiohttp.ClientSession
) -> None:
    port = ("--port", str(free_port()))
    await service.start(*port)
    await list_stock(session, service.url, {"tt": 1_000})
    async with TicketClient(service.url, session_id="s", retries=PATIENT) as shop:
        asking = [asyncio.create_task(shop.reserve("tt")) for _ in range(100)]
        await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        await service.kill()
        await service.start(*port)
        held = {answer.reservation.id for answer in await asyncio.gather(*asking)}
        assert len(held) == 100
        assert (await shop.availability("tt")).reserved == 100


async def test_a_client_that_listens_misses_nothing_when_the_service_dies(
    service: Service, session: aiohttp.ClientSession
) -> None:
    port = ("--port", str(free_port()))
    await service.start(*port)
    await list_stock(session, service.url, {"tt": 1_000})
    heard: list[str] = []
    async with (
        TicketClient(service.url, session_id="s", retries=PATIENT) as shop,
        aclosing(shop.live("tt")) as messages,
        asyncio.timeout(60),
    ):
        await anext(messages)
        asking = [asyncio.create_task(shop.reserve("tt")) for _ in range(60)]
        while len(heard) < 5:
            heard += reservations_in(await anext(messages))
        await service.kill()
        await service.start(*port)
        while len(heard) < 60:
            heard += reservations_in(await anext(messages))
        made = {answer.reservation.id for answer in await asyncio.gather(*asking)}
    assert set(heard) == made
    assert len(heard) == 60


def reservations_in(message: object) -> list[str]:
    return [message.reservation.id] if isinstance(message, ReservationMessage) else []
