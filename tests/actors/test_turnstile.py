"""Refusals by what is committed, before any actor is asked."""

from dataclasses import replace

import pytest

from actor_ticketing.actors.board import Board
from actor_ticketing.actors.holders import Holders
from actor_ticketing.actors.turnstile import turn_away
from actor_ticketing.clock import ManualClock
from actor_ticketing.domain.catalogue import Counters, SalesWindow
from actor_ticketing.domain.errors import Invalid, NotEnoughTickets, Refusal, SalesClosed, SalesPaused
from actor_ticketing.http.context import Backend
from support.service import hold, stock
from support.stores import StoreDouble
from tests.domain.builders import MINUTE, NOW, POLICIES, TERMS, inventory, reserve


def board_with(*, reserved: int, next_deadline: int | None = NOW + 1, **terms: object) -> Board:
    """A board with one ticket type of ten."""
    board = Board(Holders(max_per_session=0, max_per_user=0))
    board.ticket_types[TERMS.id] = replace(TERMS, **terms)
    board.counters[TERMS.id] = Counters(
        ticket_type_id=TERMS.id, total=10, sold=0, reserved=reserved, next_deadline=next_deadline
    )
    return board


def test_what_is_there_is_left_to_the_actor() -> None:
    turn_away(board_with(reserved=8), POLICIES, TERMS.id, 2, NOW)


def test_what_is_gone_is_refused_with_the_numbers() -> None:
    with pytest.raises(NotEnoughTickets) as refusal:
        turn_away(board_with(reserved=8), POLICIES, TERMS.id, 3, NOW)
    assert refusal.value.details == {"requested": 3, "available": 2, "ticketTypeId": TERMS.id}


def test_what_an_overdue_hold_occupies_is_left_to_the_actor() -> None:
    turn_away(board_with(reserved=10, next_deadline=NOW), POLICIES, TERMS.id, 1, NOW)


@pytest.mark.parametrize("quantity", [1, 11, 51])
@pytest.mark.parametrize("window", [SalesWindow(), SalesWindow(end=NOW), SalesWindow(start=NOW + 1)])
@pytest.mark.parametrize("paused", [False, True])
def test_the_reason_is_the_one_that_the_actor_would_give(quantity: int, window: SalesWindow, *, paused: bool) -> None:
    stock_of_ten = inventory(total=10, sold=10, window=window, paused=paused)
    with pytest.raises(Refusal) as theirs:
        stock_of_ten.reserve(reserve(quantity), NOW)
    with pytest.raises(Refusal) as ours:
        turn_away(board_with(reserved=10, window=window, paused=paused), POLICIES, TERMS.id, quantity, NOW)
    assert (type(ours.value), ours.value.message) == (type(theirs.value), theirs.value.message)


def test_reasons_differ_so_that_comparing_them_means_something() -> None:
    for quantity, terms, expected in (
        (51, {}, Invalid),
        (1, {"window": SalesWindow(end=NOW)}, SalesClosed),
        (1, {"paused": True}, SalesPaused),
    ):
        with pytest.raises(expected):
            turn_away(board_with(reserved=10, **terms), POLICIES, TERMS.id, quantity, NOW)


async def test_whoever_comes_when_all_is_gone_does_not_reach_the_store_or_the_actor(
    shop: Backend, store: StoreDouble
) -> None:
    await hold(shop, 10)
    store.hold()  # An answer that depended on a commit would now wait for ever.
    with pytest.raises(NotEnoughTickets):
        await hold(shop, 1)
    store.release()


async def test_however_many_are_turned_away_one_instant_of_each_ticket_type_is_remembered(shop: Backend) -> None:
    await hold(shop, 10)
    for session in ("a", "b", "c"):
        with pytest.raises(NotEnoughTickets):
            await hold(shop, session=session)
    assert shop.box_office._turned_away == {"tt": NOW}


async def test_stock_of_an_overdue_hold_is_there_for_the_next_buyer_however_late_the_timer_is(
    shop: Backend, clock: ManualClock
) -> None:
    await hold(shop, 10, minutes=1)
    clock._now += MINUTE  # Time passes, and no timer is called.
    await hold(shop, 10)
    assert stock(shop) == (10, 0, 10)
