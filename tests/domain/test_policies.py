from dataclasses import replace

import pytest

from actor_ticketing.domain.catalogue import SalesWindow
from actor_ticketing.domain.errors import ExtensionLimitReached, Invalid, SalesClosed, SalesNotOpen
from actor_ticketing.domain.policies import ExtensionPolicy, HoldPolicy, check_on_sale
from tests.domain.builders import MINUTE, NOW, SECOND, TERMS, reservation

HOLDS = HoldPolicy(default_ms=10 * MINUTE, min_ms=SECOND, max_ms=60 * MINUTE, max_quantity=20)
EXTENSIONS = ExtensionPolicy(max_count=2, max_total_ms=30 * MINUTE)


# How long


def test_a_hold_without_a_wish_gets_the_default_duration() -> None:
    assert HOLDS.duration(None) == 10 * MINUTE


@pytest.mark.parametrize("asked", [SECOND, SECOND + 1, 10 * MINUTE, 60 * MINUTE])
def test_a_wish_within_the_bounds_is_granted_both_ends_included(asked: int) -> None:
    assert HOLDS.duration(asked) == asked


@pytest.mark.parametrize("asked", [-1, 0, SECOND - 1, 60 * MINUTE + 1])
def test_a_wish_outside_the_bounds_is_invalid(asked: int) -> None:
    with pytest.raises(Invalid) as refused:
        HOLDS.duration(asked)
    [detail] = refused.value.details
    assert detail["field"] == "expirationMinutes"
    assert "60 min" in detail["problem"]


# How many


@pytest.mark.parametrize(("of_type", "limit"), [(None, 20), (8, 8), (20, 20), (30, 20)])
def test_the_smaller_of_the_services_and_the_types_maximum_counts(of_type: int | None, limit: int) -> None:
    terms = replace(TERMS, max_per_reservation=of_type)
    HOLDS.check_quantity(terms, limit)
    with pytest.raises(Invalid) as refused:
        HOLDS.check_quantity(terms, limit + 1)
    assert f"at most {limit} tickets" in refused.value.message


# When


def test_a_type_without_a_window_is_always_on_sale() -> None:
    check_on_sale(TERMS, 0)
    check_on_sale(TERMS, 2**53)


@pytest.mark.parametrize("now", [NOW, NOW + 1, NOW + 9])
def test_a_type_is_on_sale_from_the_start_of_its_window_until_before_the_end(now: int) -> None:
    check_on_sale(replace(TERMS, window=SalesWindow(start=NOW, end=NOW + 10)), now)


def test_before_the_window_sales_are_not_open() -> None:
    with pytest.raises(SalesNotOpen):
        check_on_sale(replace(TERMS, window=SalesWindow(start=NOW, end=NOW + 10)), NOW - 1)


@pytest.mark.parametrize("now", [NOW + 10, NOW + 11])
def test_from_the_end_of_the_window_on_sales_are_closed(now: int) -> None:
    with pytest.raises(SalesClosed):
        check_on_sale(replace(TERMS, window=SalesWindow(start=NOW, end=NOW + 10)), now)


@pytest.mark.parametrize(
    "window", [SalesWindow(), SalesWindow(start=5), SalesWindow(end=5), SalesWindow(start=5, end=6)]
)
def test_a_window_that_is_open_or_ends_after_it_starts_is_in_order(window: SalesWindow) -> None:
    window.require_order()


@pytest.mark.parametrize("end", [4, 5])
def test_a_window_that_does_not_end_after_it_starts_is_invalid(end: int) -> None:
    with pytest.raises(Invalid):
        SalesWindow(start=5, end=end).require_order()


# How often


@pytest.mark.parametrize(("made", "left"), [(0, 2), (1, 1), (2, 0), (3, 0)])
def test_extensions_are_left_until_the_count_is_used_up_even_if_an_operator_lowered_it(made: int, left: int) -> None:
    assert EXTENSIONS.extensions_left(reservation(extensions=made)) == left


def test_the_latest_deadline_is_the_total_after_the_reservation_was_made() -> None:
    assert EXTENSIONS.max_expires_at(reservation()) == NOW + 30 * MINUTE


def test_the_latest_deadline_is_never_before_the_present_one() -> None:
    assert EXTENSIONS.max_expires_at(reservation(expires_at=NOW + 45 * MINUTE)) == NOW + 45 * MINUTE


def test_an_extension_is_added_to_the_present_deadline_and_counted() -> None:
    held = reservation(extensions=1)
    moved = EXTENSIONS.extend(held, 3 * MINUTE)
    assert (moved.expires_at, moved.extensions) == (held.expires_at + 3 * MINUTE, 2)


def test_an_extension_may_reach_the_latest_deadline_and_no_further() -> None:
    held = reservation()
    assert EXTENSIONS.extend(held, 20 * MINUTE).expires_at == NOW + 30 * MINUTE
    with pytest.raises(ExtensionLimitReached):
        EXTENSIONS.extend(held, 20 * MINUTE + 1)


def test_an_extension_beyond_the_count_is_refused_however_short() -> None:
    with pytest.raises(ExtensionLimitReached):
        EXTENSIONS.extend(reservation(extensions=2), 1)
