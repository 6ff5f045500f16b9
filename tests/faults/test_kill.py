"""kill -9 under load: what was acknowledged is there, and the books are in order."""

import asyncio
import random

import aiohttp
import pytest

from actor_ticketing.persistence.connections import DATABASE
from bench.history.checker import check
from bench.history.ledger import read_ledger
from support.buyers import STOCK, Acknowledged, buying, check_acknowledged, check_keys
from support.process import Service, list_stock
from support.stage import check_books


async def kill_under_load(service: Service, known: Acknowledged, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - the moment of death is the point.
    async with buying(service.url, known, seed):
        await known.more(draw.randint(60, 300))
        await asyncio.sleep(draw.uniform(0, 0.1))
        await service.kill()


@pytest.mark.parametrize("kills", [2, pytest.param(50, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
async def test_kills_at_any_moment_lose_nothing_that_was_acknowledged(
    service: Service, session: aiohttp.ClientSession, kills: int
) -> None:
    known = Acknowledged()
    await service.start()
    await list_stock(session, service.url, STOCK)
    for seed in range(kills):
        await kill_under_load(service, known, seed)
        check_books(service.data_dir)
        await service.start()
        for ticket_type_id in STOCK:
            async with session.get(f"{service.url}/api/public/availability/{ticket_type_id}") as response:
                stock = (await response.json())["data"]
            assert stock["total"] == stock["sold"] + stock["reserved"] + stock["available"]
        await check_keys(session, service.url, known)
    await check_acknowledged(session, service.url, known)
    proof = check(known.history.operations(), read_ledger(service.data_dir / DATABASE), complete_from=0)
    assert min(proof.changes, proof.reads) > 10 * kills, "the load was too thin to prove anything"
    assert set(known.status.values()) == {"ACTIVE", "CANCELLED", "CONVERTED"}
    assert await service.terminate() == 0
    check_books(service.data_dir)
