"""A great many holds that are due at once: all go, a few at a time, with buyers in between."""

import asyncio
from itertools import chain

import pytest

from actor_ticketing.actors.supervisor import (
    EXPIRE_SLICE_MAX,
    EXPIRING_MAX,
    RELEASES_AT_ONCE,
)
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.events import ReservationExpired
from actor_ticketing.http.context import Backend
from support.service import eventually, hold, list_ticket_type, stock, turns
from support.stores import StoreDouble

MINUTE = 60_000


@pytest.mark.parametrize("settings", [Settings(holds={"max_quantity": 10_000}, sweep={"interval_seconds": 3600})])
async def test_a_great_many_due_at_once_are_worked_off_in_slices_and_others_are_served_in_between(
    shop: Backend, store: StoreDouble, clock: ManualClock
) -> None:
    many = 20 * EXPIRE_SLICE_MAX + 10
    await list_ticket_type(shop, "big", total=many + 1)
    await shop.box_office.reserve([("big", 1)] * many, session_id="s", user_id=None, duration_ms=MINUTE)
    clock.advance(MINUTE)
    await turns(1)
    await asyncio.gather(hold(shop, of="big"), hold(shop, of="tt"))
    assert stock(shop, "big")[2] > EXPIRE_SLICE_MAX

    def all_gone() -> bool:
        clock.advance(0)  # A manual clock makes its calls only when it is stepped, even those that are due.
        return stock(shop, "big") == (many + 1, 0, 1)

    await eventually(all_gone)
    slices = [len(entry.events) for batch in store.batches for entry in batch if _expires(entry.events)]
    assert slices == [*[EXPIRE_SLICE_MAX] * 20, 10]


def _expires(events: object) -> bool:
    return bool(events) and isinstance(events[0], ReservationExpired)


async def test_ticket_types_due_at_the_same_time_take_turns(
    shop: Backend, store: StoreDouble, clock: ManualClock
) -> None:
    for number in range(3 * EXPIRING_MAX):
        await list_ticket_type(shop, f"tt{number}")
        await hold(shop, of=f"tt{number}", minutes=1)
    store.hold()
    clock.advance(MINUTE)
    await turns()
    store.release()
    await eventually(lambda: not shop.box_office.board.live.by_id)
    released = [len(batch) for batch in store.batches if _expires(batch[0].events)]
    assert sum(released) == 3 * EXPIRING_MAX
    assert max(released) <= EXPIRING_MAX


@pytest.mark.parametrize("settings", [Settings(sweep={"interval_seconds": 3600})])
async def test_of_many_ticket_types_few_go_at_a_time_of_each_and_all_together_no_more_than_of_one_or_two(
    shop: Backend, store: StoreDouble, clock: ManualClock
) -> None:
    types, each = EXPIRING_MAX + 4, 12
    for number in range(types):
        await list_ticket_type(shop, f"tt{number}", total=each)
        await shop.box_office.reserve([(f"tt{number}", 1)] * each, session_id="s", user_id=None, duration_ms=MINUTE)
    clock.advance(MINUTE)

    def all_gone() -> bool:
        clock.advance(0)
        return not shop.box_office.board.live.by_id

    await eventually(all_gone)
    released = [[len(entry.events) for entry in batch if _expires(entry.events)] for batch in store.batches]
    assert sum(map(sum, released)) == types * each
    assert max(map(sum, released)) <= RELEASES_AT_ONCE
    assert list(chain.from_iterable(released))[:types] == [RELEASES_AT_ONCE // EXPIRING_MAX] * types
