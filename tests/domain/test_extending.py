from dataclasses import replace

import pytest

from actor_ticketing.domain.errors import ExtensionLimitReached, Forbidden, NotFound, ReservationExpired
from actor_ticketing.domain.events import ReservationExtended
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.inventory import Inventory
from actor_ticketing.domain.reservation import Owner, Reservation
from tests.domain.builders import MINUTE, NOW, STRANGER, extend, happen, hold, inventory, reservation, rules


def extended(stock: Inventory, held: Reservation, additional_ms: int, now: int = NOW) -> Reservation:
    [moved] = happen(stock, stock.extend(extend(held, additional_ms), now))
    assert isinstance(moved, Reservation)
    return moved


def test_an_extension_counts_from_the_present_deadline_and_not_from_now() -> None:
    stock = inventory()
    held = hold(stock)
    moved = extended(stock, held, 5 * MINUTE, now=NOW + 9 * MINUTE)
    assert moved.expires_at == NOW + 15 * MINUTE


def test_an_extension_changes_the_deadline_and_the_count_and_nothing_else() -> None:
    stock = inventory()
    held = hold(stock)
    [event] = stock.extend(extend(held, MINUTE), NOW + 7)
    assert event == ReservationExtended(
        at=NOW + 7, reservation=replace(held, expires_at=held.expires_at + MINUTE, extensions=1)
    )


def test_an_extension_takes_no_stock() -> None:
    stock = inventory()
    held = hold(stock, 4)
    extended(stock, held, MINUTE)
    assert (stock.reserved, stock.available) == (4, 6)


def test_after_an_extension_the_old_deadline_means_nothing() -> None:
    stock = inventory()
    held = hold(stock)
    moved = extended(stock, held, 5 * MINUTE)
    assert stock.next_deadline() == moved.expires_at
    assert stock.expire_due(held.expires_at, limit=10) == []
    assert stock.expire_due(moved.expires_at, limit=10)


def test_a_hold_can_be_extended_as_often_as_the_policy_says_and_no_more() -> None:
    stock = inventory(extension=rules(max_count=2, max_total_ms=60 * MINUTE))
    held = extended(stock, extended(stock, hold(stock), 1), 1)
    assert held.extensions == 2
    with pytest.raises(ExtensionLimitReached) as refused:
        stock.extend(extend(held, 1), NOW)
    assert refused.value.details["extensionsLeft"] == 0


def test_with_a_count_of_zero_nothing_can_be_extended() -> None:
    stock = inventory(extension=rules(max_count=0, max_total_ms=60 * MINUTE))
    with pytest.raises(ExtensionLimitReached):
        stock.extend(extend(hold(stock), 1), NOW)


def test_a_hold_can_last_exactly_the_total_counted_from_when_it_was_made() -> None:
    stock = inventory(extension=rules(max_count=2, max_total_ms=30 * MINUTE))
    moved = extended(stock, hold(stock), 20 * MINUTE, now=NOW + 9 * MINUTE)
    assert moved.expires_at == NOW + 30 * MINUTE


def test_an_extension_past_the_total_is_refused_and_not_shortened() -> None:
    stock = inventory(extension=rules(max_count=2, max_total_ms=30 * MINUTE))
    held = hold(stock)
    with pytest.raises(ExtensionLimitReached) as refused:
        stock.extend(extend(held, 20 * MINUTE + 1), NOW)
    assert refused.value.details == {
        "extensionsLeft": 2,
        "maxExpiresAt": rfc3339(NOW + 30 * MINUTE),
        "extensionLimit": "total",
    }
    assert stock.holds[held.id] == held


def test_an_extension_that_was_refused_is_not_counted() -> None:
    stock = inventory(extension=rules(max_count=1, max_total_ms=30 * MINUTE))
    held = hold(stock)
    with pytest.raises(ExtensionLimitReached):
        stock.extend(extend(held, 60 * MINUTE), NOW)
    assert extended(stock, held, 20 * MINUTE).extensions == 1


def test_a_hold_longer_than_the_total_keeps_its_deadline_and_cannot_be_extended() -> None:
    stock = inventory(extension=rules(max_count=2, max_total_ms=5 * MINUTE))
    held = hold(stock, duration_ms=10 * MINUTE)
    with pytest.raises(ExtensionLimitReached) as refused:
        stock.extend(extend(held, 1), NOW)
    assert refused.value.details == {
        "extensionsLeft": 2,
        "maxExpiresAt": rfc3339(held.expires_at),
        "extensionLimit": "total",
    }


def test_one_millisecond_before_its_deadline_a_hold_can_be_extended() -> None:
    stock = inventory()
    held = hold(stock)
    assert extended(stock, held, 1, now=held.expires_at - 1).expires_at == held.expires_at + 1


def test_a_hold_at_its_deadline_cannot_be_extended() -> None:
    stock = inventory()
    held = hold(stock)
    with pytest.raises(ReservationExpired):
        stock.extend(extend(held, MINUTE), held.expires_at)


def test_a_stranger_cannot_extend_a_hold() -> None:
    stock = inventory()
    with pytest.raises(Forbidden):
        stock.extend(extend(hold(stock), MINUTE, owner=STRANGER), NOW)


def test_the_user_for_whom_a_hold_was_made_can_extend_it_from_another_session() -> None:
    stock = inventory()
    held = hold(stock, user_id="u1")
    assert stock.extend(extend(held, MINUTE, owner=Owner(session_id="another", user_id="u1")), NOW)


def test_what_was_never_held_cannot_be_extended() -> None:
    with pytest.raises(NotFound) as refused:
        inventory().extend(extend(reservation(), MINUTE), NOW)
    assert refused.value.code == "reservation_not_found"


def test_thousands_of_extensions_leave_one_deadline_and_no_growing_memory() -> None:
    stock = inventory(extension=rules(max_count=5_000, max_total_ms=600 * MINUTE))
    held = hold(stock)
    for _ in range(5_000):
        held = extended(stock, held, 1)
    assert stock.next_deadline() == NOW + 10 * MINUTE + 5_000
    assert len(stock._deadlines) < 100
