"""A bulk reservation begins when all its ticket types have agreed."""

import asyncio

import pytest

from actor_ticketing.clock import ManualClock
from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.http.context import Backend
from support.service import eventually, let_pass, list_event, list_ticket_type, stock, turns
from support.stores import StoreDouble

MINUTE = 60_000


@pytest.fixture
async def shop(backend: Backend) -> Backend:
    await list_event(backend)
    for of in "abc":
        await list_ticket_type(backend, of)
    return backend


async def reserve_slowly(
    shop: Backend, store: StoreDouble, clock: ManualClock, *, slow: str, wait: int
) -> list[Reservation]:
    """Reserve of each type for a minute, one of which is ready only after ``wait`` ms."""
    store.hold_loads(slow)
    request = asyncio.create_task(
        shop.box_office.reserve(
            [("a", 1), ("b", 2), ("c", 3), ("a", 4)], session_id="s", user_id=None, duration_ms=MINUTE
        )
    )
    await turns()
    let_pass(clock, wait)
    store.release_loads(slow)
    return await request


@pytest.mark.parametrize("slow", ["a", "b", "c"])
@pytest.mark.parametrize("wait", [30_000, 90_000])
async def test_a_type_that_is_slow_to_load_takes_nothing_from_the_duration(
    shop: Backend, store: StoreDouble, clock: ManualClock, slow: str, wait: int
) -> None:
    made = await reserve_slowly(shop, store, clock, slow=slow, wait=wait)
    assert {each.expires_at for each in made} == {clock.now() + MINUTE}
    assert {each.reserved_at for each in made} == {clock.now()}


async def test_all_of_them_are_stored_as_they_were_told_and_expire_together(
    shop: Backend, store: StoreDouble, clock: ManualClock
) -> None:
    made = await reserve_slowly(shop, store, clock, slow="b", wait=30_000)
    assert [(await store.reservation(each.id)).reservation for each in made] == made
    clock.advance(MINUTE - 1)
    await turns()
    assert [stock(shop, of)[2] for of in "abc"] == [5, 2, 3]
    clock.advance(1)
    await eventually(lambda: [stock(shop, of)[2] for of in "abc"] == [0, 0, 0])
