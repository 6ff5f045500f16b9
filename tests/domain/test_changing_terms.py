import pytest

from actor_ticketing.domain.catalogue import Event, SalesWindow
from actor_ticketing.domain.commands import ChangeTicketType
from actor_ticketing.domain.errors import Invalid, NotEnoughTickets, SalesClosed, TotalTooLow
from actor_ticketing.domain.events import EventChanged, EventCreated, LedgerEvent, TicketTypeChanged, TicketTypeCreated
from tests.domain.builders import NOW, TERMS, happen, hold, inventory, reserve


def change(
    total: int | None = None, window: dict[str, int | None] | None = None, **changes: object
) -> ChangeTicketType:
    return ChangeTicketType(changes=changes, window=window or {}, total=total)


def test_a_larger_total_is_available_at_once() -> None:
    stock = inventory(total=2)
    hold(stock, 2)
    happen(stock, stock.change(change(total=5), NOW))
    assert (stock.total, stock.reserved, stock.available) == (5, 2, 3)


def test_the_total_can_go_down_to_what_is_sold_and_held() -> None:
    stock = inventory(total=10, sold=4)
    hold(stock, 3)
    happen(stock, stock.change(change(total=7), NOW))
    assert stock.available == 0
    with pytest.raises(NotEnoughTickets):
        stock.reserve(reserve(1), NOW)


def test_the_total_never_goes_below_what_is_sold_and_held() -> None:
    stock = inventory(total=10, sold=4)
    hold(stock, 3)
    with pytest.raises(TotalTooLow) as refused:
        stock.change(change(total=6), NOW)
    assert refused.value.details == {"sold": 4, "reserved": 3}
    assert stock.total == 10


def test_without_anything_sold_or_held_the_total_can_go_to_zero() -> None:
    stock = inventory(total=10)
    happen(stock, stock.change(change(total=0), NOW))
    assert stock.available == 0


def test_a_change_that_names_no_total_keeps_it() -> None:
    stock = inventory(total=10, sold=4)
    [event] = stock.change(change(name="Balcony"), NOW)
    assert isinstance(event, TicketTypeChanged)
    assert (event.at, event.total, event.ticket_type.name) == (NOW, 10, "Balcony")


def test_a_change_keeps_the_terms_that_it_does_not_name() -> None:
    stock = inventory(price=4_500, currency="EUR", max_per_reservation=8, window=SalesWindow(start=1, end=2))
    happen(stock, stock.change(change(price=5_000), NOW))
    terms = stock.ticket_type
    assert (terms.price, terms.currency, terms.name, terms.max_per_reservation) == (5_000, "EUR", TERMS.name, 8)
    assert terms.window == SalesWindow(start=1, end=2)


def test_a_new_price_is_for_new_reservations_only() -> None:
    stock = inventory(price=4_500)
    before = hold(stock)
    happen(stock, stock.change(change(price=9_900), NOW))
    assert hold(stock).unit_price == 9_900
    assert stock.holds[before.id].unit_price == 4_500


def test_a_new_maximum_counts_from_the_next_reservation_on() -> None:
    stock = inventory()
    before = hold(stock, 4)
    happen(stock, stock.change(change(max_per_reservation=2), NOW))
    with pytest.raises(Invalid):
        stock.reserve(reserve(3), NOW)
    assert stock.holds[before.id] == before


def test_one_edge_of_the_window_can_be_changed_alone() -> None:
    stock = inventory(window=SalesWindow(start=NOW - 5, end=NOW + 5))
    happen(stock, stock.change(change(window={"end": NOW}), NOW))
    assert stock.ticket_type.window == SalesWindow(start=NOW - 5, end=NOW)
    with pytest.raises(SalesClosed):
        stock.reserve(reserve(1), NOW)


def test_an_edge_of_the_window_can_be_taken_away() -> None:
    stock = inventory(window=SalesWindow(start=NOW - 5, end=NOW))
    happen(stock, stock.change(change(window={"end": None}), NOW))
    assert stock.reserve(reserve(1), NOW)


@pytest.mark.parametrize("end", [NOW - 1, NOW])
def test_a_window_cannot_end_before_or_when_it_starts(end: int) -> None:
    stock = inventory(window=SalesWindow(start=NOW))
    with pytest.raises(Invalid) as refused:
        stock.change(change(window={"end": end}), NOW)
    assert refused.value.details == [{"field": "salesEnd", "problem": "must be after salesStart"}]


def test_closing_sales_leaves_the_holds_their_time() -> None:
    stock = inventory()
    held = hold(stock)
    happen(stock, stock.change(change(window={"end": NOW}), NOW))
    assert stock.holds == {held.id: held}
    assert stock.next_deadline() == held.expires_at


SHOW = Event(id="ev_spring", title="Spring Concert", venue="City Hall", start_date=NOW)


@pytest.mark.parametrize(
    "event",
    [
        EventCreated(at=NOW, event=SHOW),
        EventChanged(at=NOW, event=SHOW),
        TicketTypeCreated(at=NOW, ticket_type=TERMS, total=5),
    ],
    ids=lambda event: event.kind,
)
def test_an_event_that_does_not_concern_an_inventory_is_a_bug_of_the_caller(event: LedgerEvent) -> None:
    stock = inventory(total=10)
    with pytest.raises(ValueError, match=rf"{event.kind} does not concern an inventory"):
        stock.apply(event)
    assert stock.counters() == inventory(total=10).counters()
