from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from actor_ticketing.domain.commands import ChangeTicketType
from actor_ticketing.domain.errors import Forbidden, Invalid, NotFound, ReservationExpired
from actor_ticketing.domain.events import ReservationCancelled, ReservationConverted
from actor_ticketing.domain.inventory import Inventory
from actor_ticketing.domain.reservation import Owner, Reservation, ReservationStatus
from tests.domain.builders import (
    BUYER,
    GUEST,
    MINUTE,
    NOW,
    STRANGER,
    buy,
    convert,
    extend,
    happen,
    hold,
    inventory,
    release,
    reservation,
)

Deed = Callable[[Inventory, Reservation, Owner, int], Any]
DEEDS: dict[str, Deed] = {
    "convert": lambda stock, held, owner, now: stock.convert(convert(held, owner), now),
    "release": lambda stock, held, owner, now: stock.release(release(held, owner), now),
    "extend": lambda stock, held, owner, now: stock.extend(extend(held, 1, owner), now),
}
each_deed = pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS.keys())


# Converting


def test_converting_takes_tickets_from_reserved_to_sold() -> None:
    stock = inventory(total=10)
    buy(stock, hold(stock, 3))
    assert (stock.sold, stock.reserved, stock.available) == (3, 0, 7)


def test_a_conversion_makes_one_ticket_for_each_unit_in_the_order_of_the_holders() -> None:
    stock = inventory()
    held = hold(stock, 3)
    command = convert(held)
    [purchase] = happen(stock, stock.convert(command, NOW))
    assert [
        (ticket.position, ticket.id, ticket.code, ticket.holder.full_name, ticket.transaction_id, ticket.ticket_type_id)
        for ticket in purchase.tickets
    ] == [
        (position, new.id, new.code, f"Holder {position}", command.transaction_id, "tt_ga")
        for position, new in enumerate(command.tickets)
    ]


def test_the_transaction_names_the_buyer_the_sum_and_the_reservation() -> None:
    stock = inventory(price=4_500, currency="EUR")
    held = hold(stock, 3)
    command = convert(held, Owner(session_id="guest", user_id="u1"))
    [purchase] = happen(stock, stock.convert(command, NOW + 7))
    made = purchase.transaction
    assert (made.id, made.reservation_id, made.user_id) == (command.transaction_id, held.id, "u1")
    assert (made.quantity, made.total_price, made.currency) == (3, 13_500, "EUR")
    assert (made.buyer, made.created_at) == (BUYER, NOW + 7)


def test_a_conversion_settles_the_reservation_and_keeps_the_rest_of_it() -> None:
    stock = inventory()
    held = hold(stock)
    [event] = stock.convert(convert(held), NOW + 7)
    assert isinstance(event, ReservationConverted)
    assert event.at == NOW + 7
    assert event.reservation == replace(held, status=ReservationStatus.CONVERTED, settled_at=NOW + 7)


def test_a_buyer_pays_the_price_at_which_the_tickets_were_reserved() -> None:
    stock = inventory(price=4_500, currency="EUR")
    held = hold(stock, 2)
    happen(stock, stock.change(ChangeTicketType(changes={"price": 9_900, "currency": "USD"}, window={}), NOW))
    made = buy(stock, held).transaction
    assert (made.total_price, made.currency) == (9_000, "EUR")


def test_a_free_ticket_can_be_bought() -> None:
    stock = inventory(price=0)
    assert buy(stock, hold(stock, 2)).transaction.total_price == 0


@pytest.mark.parametrize("holders", [0, 1, 3])
def test_a_conversion_needs_exactly_one_holder_for_each_ticket(holders: int) -> None:
    stock = inventory()
    held = hold(stock, 2)
    with pytest.raises(Invalid) as refused:
        stock.convert(convert(held, holders=holders), NOW)
    assert refused.value.details[0]["field"] == "ticketHolders"
    assert stock.holds[held.id] == held


def test_a_hold_that_was_bought_no_longer_has_a_deadline() -> None:
    stock = inventory()
    held = hold(stock)
    buy(stock, held)
    assert stock.next_deadline() is None
    assert stock.expire_due(held.expires_at, limit=10) == []


def test_an_extended_hold_can_be_converted_after_its_first_deadline() -> None:
    stock = inventory()
    held = hold(stock)
    happen(stock, stock.extend(extend(held, 5 * MINUTE), NOW))
    assert buy(stock, held, now=held.expires_at + MINUTE).reservation.status is ReservationStatus.CONVERTED


def test_converting_one_hold_leaves_the_others_alone() -> None:
    stock = inventory()
    first, second = hold(stock, 2), hold(stock, 3)
    buy(stock, first)
    assert stock.holds == {second.id: second}
    assert (stock.sold, stock.reserved) == (2, 3)


# Releasing


def test_releasing_gives_the_stock_back() -> None:
    stock = inventory(total=10)
    happen(stock, stock.release(release(hold(stock, 3)), NOW))
    assert (stock.sold, stock.reserved, stock.available) == (0, 0, 10)


def test_a_release_settles_the_reservation_as_cancelled() -> None:
    stock = inventory()
    held = hold(stock)
    [event] = stock.release(release(held), NOW + 7)
    settled = replace(held, status=ReservationStatus.CANCELLED, settled_at=NOW + 7)
    assert event == ReservationCancelled(at=NOW + 7, reservation=settled)


def test_a_hold_that_was_released_no_longer_has_a_deadline() -> None:
    stock = inventory()
    held, later = hold(stock), hold(stock, duration_ms=20 * MINUTE)
    happen(stock, stock.release(release(held), NOW))
    assert stock.next_deadline() == later.expires_at


# Who, and when


@each_deed
@pytest.mark.parametrize(
    "owner",
    [
        Owner(session_id="guest"),
        Owner(user_id="u1"),
        Owner(session_id="guest", user_id="someone"),
        Owner(session_id="another", user_id="u1"),
    ],
    ids=["session", "user", "session, other user", "user, other session"],
)
def test_either_the_session_or_the_user_proves_ownership(deed: Deed, owner: Owner) -> None:
    stock = inventory()
    assert deed(stock, hold(stock, user_id="u1"), owner, NOW)


@each_deed
@pytest.mark.parametrize(
    "owner",
    [STRANGER, Owner(), Owner(session_id="u1"), Owner(user_id="guest")],
    ids=["stranger", "nobody", "user as session", "session as user"],
)
def test_no_one_else_can_touch_a_hold(deed: Deed, owner: Owner) -> None:
    stock = inventory()
    held = hold(stock, user_id="u1")
    with pytest.raises(Forbidden):
        deed(stock, held, owner, NOW)


@each_deed
def test_a_guests_hold_has_no_user_that_a_caller_without_one_could_match(deed: Deed) -> None:
    stock = inventory()
    held = hold(stock, user_id=None)
    with pytest.raises(Forbidden):
        deed(stock, held, Owner(session_id="another", user_id=None), NOW)


@each_deed
def test_one_millisecond_before_its_deadline_a_hold_is_still_its_owners(deed: Deed) -> None:
    stock = inventory()
    held = hold(stock)
    assert deed(stock, held, GUEST, held.expires_at - 1)


@each_deed
@pytest.mark.parametrize("late", [0, 1, MINUTE])
def test_at_its_deadline_a_hold_is_over_even_if_no_timer_has_fired(deed: Deed, late: int) -> None:
    stock = inventory()
    held = hold(stock)
    with pytest.raises(ReservationExpired):
        deed(stock, held, GUEST, held.expires_at + late)


@each_deed
def test_a_stranger_is_not_told_that_a_hold_is_over(deed: Deed) -> None:
    stock = inventory()
    held = hold(stock)
    with pytest.raises(Forbidden):
        deed(stock, held, STRANGER, held.expires_at)


@each_deed
@pytest.mark.parametrize("end", ["bought", "released", "expired", "never held"])
def test_what_is_settled_is_no_longer_the_inventorys_business(deed: Deed, end: str) -> None:
    stock = inventory()
    held = reservation() if end == "never held" else hold(stock)
    match end:
        case "bought":
            buy(stock, held)
        case "released":
            happen(stock, stock.release(release(held), NOW))
        case "expired":
            happen(stock, stock.expire_due(held.expires_at, limit=1))
    with pytest.raises(NotFound):
        deed(stock, held, GUEST, NOW)
