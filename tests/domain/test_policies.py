from dataclasses import replace

import pytest

from actor_ticketing.domain.catalogue import SalesWindow
from actor_ticketing.domain.errors import Invalid, SalesClosed, SalesNotOpen
from actor_ticketing.domain.policies import HoldPolicy, check_on_sale
from tests.domain.builders import MINUTE, NOW, SECOND, TERMS

HOLDS = HoldPolicy(default_ms=10 * MINUTE, min_ms=SECOND, max_ms=60 * MINUTE, max_quantity=20)


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
