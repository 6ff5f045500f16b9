"""A reserve that falls short: it has overdue holds expired, as few as will do, and waits for those that are claimed."""

import asyncio

import pytest

from actor_ticketing.actors.roster import Roster
from actor_ticketing.clock import ManualClock
from actor_ticketing.domain.errors import Invalid, NotEnoughTickets, ReservationExpired
from actor_ticketing.domain.purchase import Purchase
from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.http.context import Backend
from support.service import buy, hold, let_pass, list_ticket_type, stock, turns
from support.stores import StoreDouble

MINUTE = 60_000
ABSURD = 10_000_000


async def sell_out_to_overdue_holds(shop: Backend, clock: ManualClock, quantity: int = 1) -> None:
    """Have all ten tickets in holds of ``quantity`` that no timer has noticed to be overdue."""
    for _ in range(10 // quantity):
        await hold(shop, quantity, minutes=1)
    let_pass(clock, MINUTE)


async def test_an_absurd_quantity_is_refused_and_expires_nothing(
    shop: Backend, store: StoreDouble, clock: ManualClock
) -> None:
    await sell_out_to_overdue_holds(shop, clock)
    before = len(store.ledger)
    with pytest.raises(Invalid):
        await hold(shop, ABSURD)
    await turns()
    assert (len(store.ledger), stock(shop)) == (before, (10, 0, 10))


async def test_an_absurd_quantity_in_a_bulk_request_is_refused_and_expires_nothing(
    shop: Backend, store: StoreDouble, clock: ManualClock
) -> None:
    await list_ticket_type(shop, "other")
    await sell_out_to_overdue_holds(shop, clock)
    before = len(store.ledger)
    with pytest.raises(Invalid):
        await shop.box_office.reserve([("other", 1), ("tt", ABSURD)], session_id="s", user_id=None)
    await turns()
    assert (len(store.ledger), stock(shop), stock(shop, "other")) == (before, (10, 0, 10), (10, 0, 0))


@pytest.mark.parametrize(("of_each", "asked", "left"), [(1, 3, 7), (1, 10, 0), (2, 3, 6), (5, 1, 5)])
async def test_no_more_holds_are_expired_than_the_reserve_is_short(
    shop: Backend, clock: ManualClock, of_each: int, asked: int, left: int
) -> None:
    await sell_out_to_overdue_holds(shop, clock, of_each)
    await hold(shop, asked)
    assert stock(shop) == (10, 0, left + asked)


async def test_a_reserve_that_is_not_short_expires_nothing(shop: Backend, clock: ManualClock) -> None:
    await hold(shop, 4, minutes=1)
    let_pass(clock, MINUTE)
    await hold(shop, 6)
    assert stock(shop) == (10, 0, 10)


async def claim_by_a_purchase(
    shop: Backend, roster: Roster, store: StoreDouble, clock: ManualClock, *, minutes: float
) -> asyncio.Task[list[Purchase]]:
    """Have all of `tt` in an overdue hold, claimed in time by a purchase that now waits for `zz`.

    :param minutes: how long `zz` is held; beyond one, the purchase will succeed.
    """
    await list_ticket_type(shop, "zz")
    mine: list[Reservation] = [await hold(shop, 10, minutes=1), await hold(shop, 1, of="zz", minutes=minutes)]
    store.hold_loads("zz")
    roster.rebuild(["zz"])
    purchase = asyncio.create_task(buy(shop, *mine))
    await turns()
    let_pass(clock, MINUTE)
    return purchase


@pytest.mark.parametrize("quantity", [1, 10])
async def test_one_that_needs_an_overdue_hold_is_refused_when_the_purchase_that_has_claimed_it_succeeds(
    shop: Backend, roster: Roster, store: StoreDouble, clock: ManualClock, quantity: int
) -> None:
    purchase = await claim_by_a_purchase(shop, roster, store, clock, minutes=10)
    request = asyncio.create_task(hold(shop, quantity, session="other"))
    await turns()
    assert not request.done()
    store.release_loads("zz")
    await purchase
    with pytest.raises(NotEnoughTickets):
        await request
    assert stock(shop) == (10, 10, 0)


@pytest.mark.parametrize("quantity", [1, 10])
async def test_one_that_needs_an_overdue_hold_is_served_when_the_purchase_that_has_claimed_it_fails(
    shop: Backend, roster: Roster, store: StoreDouble, clock: ManualClock, quantity: int
) -> None:
    purchase = await claim_by_a_purchase(shop, roster, store, clock, minutes=1)
    request = asyncio.create_task(hold(shop, quantity, session="other"))
    await turns()
    assert not request.done()
    store.release_loads("zz")
    with pytest.raises(ReservationExpired):
        await purchase
    await request
    assert stock(shop) == (10, 0, quantity)


async def test_one_that_a_claimed_hold_would_not_help_is_refused_at_once(
    shop: Backend, roster: Roster, store: StoreDouble, clock: ManualClock
) -> None:
    purchase = await claim_by_a_purchase(shop, roster, store, clock, minutes=10)
    with pytest.raises(NotEnoughTickets):
        await hold(shop, 11, session="other")
    store.release_loads("zz")
    await purchase


async def test_a_claimed_hold_that_is_not_overdue_is_not_waited_for(
    shop: Backend, roster: Roster, store: StoreDouble, clock: ManualClock
) -> None:
    purchase = await claim_by_a_purchase(shop, roster, store, clock, minutes=10)
    let_pass(clock, -1)
    with pytest.raises(NotEnoughTickets):
        await hold(shop, 1, session="other")
    store.release_loads("zz")
    await purchase
