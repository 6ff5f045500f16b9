"""Requests that hang on a tentative claim are waiting too, so the admission limit counts them."""

import asyncio

import pytest

from actor_ticketing.config import Settings
from actor_ticketing.domain.errors import NotEnoughTickets, Overloaded
from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.http.context import Backend
from support.service import hold, list_ticket_type, stock, turns
from support.stores import StoreDouble

LIMIT = 5


@pytest.fixture
def settings() -> Settings:
    return Settings(sweep={"interval_seconds": 3600}, actors={"mailbox_limit": LIMIT})


@pytest.fixture
async def bulk(shop: Backend, store: StoreDouble) -> asyncio.Task[list[Reservation]]:
    """A bulk reservation with all of `tt` in its hands, which waits for `zz`."""
    await list_ticket_type(shop, "zz")
    store.hold_loads("zz")
    task = asyncio.create_task(shop.box_office.reserve([("tt", 10), ("zz", 11)], session_id="s", user_id=None))
    await turns()
    return task


async def park(shop: Backend) -> list[asyncio.Task[Reservation]]:
    """Have as many requests wait for the claim as may."""
    parked = [asyncio.create_task(hold(shop)) for _ in range(LIMIT)]
    await turns()
    assert not any(task.done() for task in parked)
    return parked


async def test_parked_requests_count_against_the_limit(
    shop: Backend, store: StoreDouble, bulk: asyncio.Task[list[Reservation]]
) -> None:
    parked = await park(shop)
    for _ in range(3):
        with pytest.raises(Overloaded):
            await hold(shop)
    store.release_loads("zz")
    with pytest.raises(NotEnoughTickets):
        await bulk
    await asyncio.gather(*parked)
    assert stock(shop) == (10, 0, LIMIT)


async def test_other_ticket_types_are_not_concerned(
    shop: Backend, store: StoreDouble, bulk: asyncio.Task[list[Reservation]]
) -> None:
    await list_ticket_type(shop, "other")
    parked = await park(shop)
    await hold(shop, of="other")
    store.release_loads("zz")
    await asyncio.gather(bulk, *parked, return_exceptions=True)


async def test_requests_are_admitted_again_when_the_claim_has_ended(
    shop: Backend, store: StoreDouble, bulk: asyncio.Task[list[Reservation]]
) -> None:
    parked = await park(shop)
    store.release_loads("zz")
    await asyncio.gather(bulk, *parked, return_exceptions=True)
    await hold(shop, 10 - LIMIT)
    assert stock(shop) == (10, 0, 10)
