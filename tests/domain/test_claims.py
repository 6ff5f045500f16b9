import pytest

from actor_ticketing.domain.catalogue import SalesWindow
from actor_ticketing.domain.commands import ChangeTicketType
from actor_ticketing.domain.errors import (
    Forbidden,
    Invalid,
    NotEnoughTickets,
    NotFound,
    ReservationExpired,
    SalesClosed,
    TotalTooLow,
)
from actor_ticketing.domain.inventory import Contended
from actor_ticketing.domain.outcomes import converted, created
from tests.domain.builders import (
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
    reserve,
)


def total_of(total: int) -> ChangeTicketType:
    return ChangeTicketType(changes={}, window={}, total=total)


# Claims on stock


def test_a_claim_on_stock_is_not_in_the_books() -> None:
    stock = inventory(total=10)
    before = stock.counters()
    assert stock.claim_stock(reserve(3, 1), NOW) == 4
    assert stock.tentative == 4
    assert stock.counters() == before


def test_an_inventory_with_a_claim_on_stock_is_not_settled() -> None:
    stock = inventory()
    assert stock.is_settled
    claimed = stock.claim_stock(reserve(1), NOW)
    assert not stock.is_settled
    stock.let_go_stock(claimed)
    assert stock.is_settled


def test_a_reserve_that_fits_beside_a_claim_goes_through() -> None:
    stock = inventory(total=10)
    stock.claim_stock(reserve(4), NOW)
    assert stock.reserve(reserve(6), NOW)


def test_a_reserve_that_only_a_claim_stands_in_the_way_of_is_contended() -> None:
    stock = inventory(total=10)
    stock.claim_stock(reserve(4), NOW)
    with pytest.raises(Contended):
        stock.reserve(reserve(7), NOW)


def test_a_reserve_that_would_not_fit_even_without_the_claim_is_refused_at_once() -> None:
    stock = inventory(total=10)
    hold(stock, 3)
    stock.claim_stock(reserve(4), NOW)
    with pytest.raises(NotEnoughTickets) as refused:
        stock.reserve(reserve(8), NOW)
    assert refused.value.details["available"] == 7


def test_the_rules_of_a_request_come_before_what_it_contends_for() -> None:
    stock = inventory(total=4, max_per_reservation=4, window=SalesWindow(end=NOW + 1))
    stock.claim_stock(reserve(4), NOW)
    with pytest.raises(Invalid):
        stock.reserve(reserve(5), NOW)
    with pytest.raises(SalesClosed):
        stock.reserve(reserve(1), NOW + 1)


def test_two_claims_share_the_stock_and_the_third_is_contended() -> None:
    stock = inventory(total=10)
    stock.claim_stock(reserve(5), NOW)
    stock.claim_stock(reserve(5), NOW)
    with pytest.raises(Contended):
        stock.claim_stock(reserve(1), NOW)
    assert stock.tentative == 10


def test_a_claim_is_refused_by_the_same_rules_as_a_reserve_and_leaves_no_trace() -> None:
    stock = inventory(total=3, max_per_reservation=5)
    with pytest.raises(NotEnoughTickets):
        stock.claim_stock(reserve(2, 2), NOW)
    with pytest.raises(Invalid):
        stock.claim_stock(reserve(3, 3), NOW)
    assert stock.is_settled


def test_a_claim_that_is_let_go_leaves_the_stock_as_it_was() -> None:
    stock = inventory(total=10)
    stock.let_go_stock(stock.claim_stock(reserve(10), NOW))
    assert stock.reserve(reserve(10), NOW)


def test_a_claim_that_is_confirmed_becomes_reservations() -> None:
    stock = inventory(total=10)
    command = reserve(3, 1)
    claimed = stock.claim_stock(command, NOW)
    events = created(stock.ticket_type, command, NOW)
    stock.let_go_stock(claimed)
    assert [made.quantity for made in happen(stock, events)] == [3, 1]
    assert (stock.reserved, stock.tentative, stock.available) == (4, 0, 6)


def test_a_total_that_only_a_claim_stands_in_the_way_of_is_contended() -> None:
    stock = inventory(total=10, sold=2)
    hold(stock, 3)
    stock.claim_stock(reserve(2), NOW)
    assert stock.change(total_of(7), NOW)
    with pytest.raises(Contended):
        stock.change(total_of(6), NOW)
    with pytest.raises(Contended):
        stock.change(total_of(5), NOW)
    with pytest.raises(TotalTooLow):
        stock.change(total_of(4), NOW)


# Claims on holds


def test_a_claim_on_holds_changes_no_counter_and_no_deadline() -> None:
    stock = inventory()
    held = [hold(stock, 2), hold(stock, 3)]
    before = stock.counters()
    assert stock.claim_holds([convert(each) for each in held], NOW) == held
    assert stock.counters() == before
    assert not stock.is_settled


def test_a_claimed_hold_makes_everything_else_about_it_wait() -> None:
    stock = inventory()
    held = hold(stock)
    stock.claim_holds([convert(held)], NOW)
    with pytest.raises(Contended):
        stock.convert(convert(held), NOW)
    with pytest.raises(Contended):
        stock.release(release(held), NOW)
    with pytest.raises(Contended):
        stock.extend(extend(held, 1), NOW)
    with pytest.raises(Contended):
        stock.claim_holds([convert(held)], NOW)


def test_a_stranger_need_not_wait_to_be_told_that_a_claimed_hold_is_not_theirs() -> None:
    stock = inventory()
    held = hold(stock)
    stock.claim_holds([convert(held)], NOW)
    with pytest.raises(Forbidden):
        stock.release(release(held, STRANGER), NOW)


def test_a_claim_on_one_hold_leaves_the_others_free() -> None:
    stock = inventory()
    claimed, free = hold(stock), hold(stock)
    stock.claim_holds([convert(claimed)], NOW)
    assert buy(stock, free).reservation.id == free.id


def test_either_all_holds_are_claimed_or_none() -> None:
    stock = inventory()
    first, second = hold(stock), hold(stock)
    with pytest.raises(NotFound):
        stock.claim_holds([convert(first), convert(reservation())], NOW)
    with pytest.raises(Invalid):
        stock.claim_holds([convert(first), convert(second, holders=1)], NOW)
    with pytest.raises(Forbidden):
        stock.claim_holds([convert(first), convert(second, STRANGER)], NOW)
    assert stock.is_settled


def test_a_hold_at_its_deadline_cannot_be_claimed() -> None:
    stock = inventory()
    held = hold(stock)
    with pytest.raises(ReservationExpired):
        stock.claim_holds([convert(held)], held.expires_at)


def test_claimed_holds_that_are_let_go_can_be_bought_after_all() -> None:
    stock = inventory()
    held = hold(stock)
    stock.let_go_holds(stock.claim_holds([convert(held)], NOW))
    assert stock.is_settled
    assert buy(stock, held).reservation.id == held.id


def test_letting_one_claim_go_leaves_the_other_claims_as_they_are() -> None:
    stock = inventory()
    first, second = hold(stock), hold(stock)
    claimed = stock.claim_holds([convert(first)], NOW)
    stock.claim_holds([convert(second)], NOW)
    stock.let_go_holds(claimed)
    assert stock.release(release(first), NOW)
    with pytest.raises(Contended):
        stock.release(release(second), NOW)


def test_claimed_holds_that_are_confirmed_are_sold_even_after_their_deadline() -> None:
    stock = inventory(total=10)
    held = [hold(stock, 2), hold(stock, 3)]
    commands = [convert(each) for each in held]
    claimed = stock.claim_holds(commands, NOW)
    happen(stock, stock.expire_due(held[0].expires_at, limit=10))
    events = [converted(each, command, NOW) for each, command in zip(claimed, commands, strict=True)]
    stock.let_go_holds(claimed)
    happen(stock, events)
    assert (stock.sold, stock.reserved, stock.available) == (5, 0, 5)
    assert stock.is_settled
