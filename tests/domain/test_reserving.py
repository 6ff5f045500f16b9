from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actor_ticketing.domain.catalogue import SalesWindow
from actor_ticketing.domain.errors import Invalid, NotEnoughTickets, SalesClosed, SalesNotOpen
from actor_ticketing.domain.events import ReservationCreated
from actor_ticketing.domain.reservation import ReservationStatus
from tests.domain.builders import MINUTE, NOW, happen, hold, inventory, reservation, reserve


def test_a_fresh_inventory_has_everything_available_and_no_deadline() -> None:
    stock = inventory(total=10)
    counters = stock.counters()
    assert (counters.total, counters.sold, counters.reserved, counters.available) == (10, 0, 0, 10)
    assert counters.next_deadline is None


def test_a_recovered_inventory_counts_what_was_sold_and_what_is_held() -> None:
    soon, later = reservation(quantity=3), reservation(quantity=1, expires_at=NOW + 20 * MINUTE)
    counters = inventory(total=10, sold=4, holds=[later, soon]).counters()
    assert (counters.sold, counters.reserved, counters.available) == (4, 4, 2)
    assert counters.next_deadline == soon.expires_at


def test_deciding_changes_nothing_until_the_event_is_applied() -> None:
    stock = inventory(total=10)
    before = stock.counters()
    events = stock.reserve(reserve(4), NOW)
    assert stock.counters() == before
    happen(stock, events)
    assert stock.reserved == 4


def test_reserving_takes_tickets_from_available_to_reserved() -> None:
    stock = inventory(total=10)
    hold(stock, 4)
    assert (stock.reserved, stock.available, stock.sold) == (4, 6, 0)


def test_a_reservation_carries_everything_it_was_asked_for_and_the_terms_of_the_moment() -> None:
    stock = inventory(price=4_500, currency="EUR")
    command = reserve(2, session_id="s1", user_id="u1", duration_ms=3_000, metadata='{"seat":"aisle"}')
    [made] = happen(stock, stock.reserve(command, NOW))
    line = command.lines[0]
    assert made == replace(
        made,
        id=line.reservation_id,
        ticket_type_id="tt_ga",
        session_id="s1",
        user_id="u1",
        quantity=2,
        unit_price=4_500,
        currency="EUR",
        reserved_at=NOW,
        expires_at=NOW + 3_000,
        extensions=0,
        status=ReservationStatus.ACTIVE,
        settled_at=None,
        metadata='{"seat":"aisle"}',
    )


def test_each_line_of_a_bulk_request_becomes_a_reservation_of_its_own_in_the_order_asked() -> None:
    stock = inventory()
    command = reserve(3, 1, 2)
    events = stock.reserve(command, NOW)
    assert all(isinstance(event, ReservationCreated) and event.at == NOW for event in events)
    made = happen(stock, events)
    assert [(each.id, each.quantity) for each in made] == [
        (line.reservation_id, line.quantity) for line in command.lines
    ]


def test_the_last_ticket_can_be_reserved() -> None:
    stock = inventory(total=10, sold=7)
    hold(stock, 3)
    assert stock.available == 0


def test_one_ticket_more_than_there_is_cannot_be_reserved() -> None:
    stock = inventory(total=10, sold=4)
    hold(stock, 3)
    with pytest.raises(NotEnoughTickets) as refused:
        stock.reserve(reserve(4), NOW)
    assert refused.value.details == {"requested": 4, "available": 3, "ticketTypeId": "tt_ga"}


def test_when_everything_is_sold_the_refusal_says_that_none_is_available() -> None:
    stock = inventory(total=10, sold=10)
    with pytest.raises(NotEnoughTickets) as refused:
        stock.reserve(reserve(1), NOW)
    assert refused.value.details == {"requested": 1, "available": 0, "ticketTypeId": "tt_ga"}


def test_lines_of_one_request_are_summed_against_the_stock() -> None:
    stock = inventory(total=5)
    with pytest.raises(NotEnoughTickets) as refused:
        stock.reserve(reserve(3, 3), NOW)
    assert refused.value.details["requested"] == 6
    assert stock.reserved == 0


def test_an_overdue_hold_still_occupies_its_stock_until_it_is_expired() -> None:
    stock = inventory(total=2)
    overdue = hold(stock, 2)
    with pytest.raises(NotEnoughTickets):
        stock.reserve(reserve(1), overdue.expires_at)
    happen(stock, stock.expire_due(overdue.expires_at, limit=1))
    assert stock.reserve(reserve(2), overdue.expires_at)


def test_as_many_tickets_as_the_type_allows_can_be_reserved_at_once() -> None:
    stock = inventory(max_per_reservation=4)
    assert stock.reserve(reserve(4), NOW)


def test_more_tickets_than_the_type_allows_are_refused_as_invalid() -> None:
    stock = inventory(max_per_reservation=4)
    with pytest.raises(Invalid) as refused:
        stock.reserve(reserve(5), NOW)
    assert refused.value.details == [
        {"field": "quantity", "problem": "at most 4 tickets of this type can be reserved at once"}
    ]


def test_lines_of_one_request_are_summed_against_the_maximum_of_the_type() -> None:
    stock = inventory(max_per_reservation=4)
    assert stock.reserve(reserve(2, 2), NOW)
    with pytest.raises(Invalid):
        stock.reserve(reserve(2, 3), NOW)


@pytest.mark.parametrize(("of_type", "of_service"), [(None, 3), (3, 8), (8, 3)])
def test_the_smaller_of_the_two_maxima_counts(of_type: int | None, of_service: int) -> None:
    stock = inventory(max_per_reservation=of_type, max_quantity=of_service)
    assert stock.reserve(reserve(3), NOW)
    with pytest.raises(Invalid):
        stock.reserve(reserve(4), NOW)


def test_the_maximum_is_for_one_request_and_not_for_one_holder() -> None:
    stock = inventory(max_per_reservation=4)
    hold(stock, 4)
    hold(stock, 4)
    assert stock.reserved == 8


def test_asking_for_too_many_is_invalid_even_when_there_is_not_enough() -> None:
    stock = inventory(total=2, max_per_reservation=4)
    with pytest.raises(Invalid):
        stock.reserve(reserve(5), NOW)


def test_sales_have_not_opened_one_millisecond_before_the_window() -> None:
    stock = inventory(window=SalesWindow(start=NOW))
    with pytest.raises(SalesNotOpen):
        stock.reserve(reserve(1), NOW - 1)


def test_sales_are_open_at_the_first_instant_of_the_window() -> None:
    stock = inventory(window=SalesWindow(start=NOW))
    assert stock.reserve(reserve(1), NOW)


def test_sales_are_open_one_millisecond_before_the_end_of_the_window() -> None:
    stock = inventory(window=SalesWindow(end=NOW))
    assert stock.reserve(reserve(1), NOW - 1)


def test_sales_have_closed_at_the_last_instant_of_the_window() -> None:
    stock = inventory(window=SalesWindow(end=NOW))
    with pytest.raises(SalesClosed):
        stock.reserve(reserve(1), NOW)


def test_outside_the_window_a_buyer_is_not_told_about_the_stock() -> None:
    stock = inventory(total=0, window=SalesWindow(end=NOW))
    with pytest.raises(SalesClosed):
        stock.reserve(reserve(1), NOW)


def test_a_hold_may_outlast_the_window_in_which_it_was_made() -> None:
    stock = inventory(window=SalesWindow(end=NOW + 1))
    held = hold(stock, 2)
    assert held.expires_at > NOW + 1
    assert stock.sold == 0
    happen(stock, stock.expire_due(held.expires_at, limit=1))
    assert stock.available == 10


@given(total=st.integers(0, 40), quantities=st.lists(st.integers(1, 6), max_size=20))
def test_whatever_is_asked_in_whatever_order_nothing_is_oversold(total: int, quantities: list[int]) -> None:
    stock = inventory(total=total)
    granted = 0
    for quantity in quantities:
        fits = granted + quantity <= total
        if fits:
            hold(stock, quantity)
            granted += quantity
        else:
            with pytest.raises(NotEnoughTickets):
                stock.reserve(reserve(quantity), NOW)
    assert stock.counters().reserved == granted <= total
