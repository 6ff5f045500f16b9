"""The extension policies, each as the pure function that it is, and what their bounds make of a hold."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actor_ticketing.domain.errors import ExtensionLimitReached
from actor_ticketing.domain.extensions import (
    Bounds,
    Demand,
    ExtensionPolicy,
    ExtensionRules,
    Limit,
    Room,
    accessible,
    demand_aware,
    standard,
    strict,
)
from actor_ticketing.domain.reservation import Reservation
from tests.domain.builders import MINUTE, NOW, reservation, rules

CALM = Demand(total=100, available=100, turned_away_at=None, now=NOW)
RUSH = Demand(total=100, available=0, turned_away_at=NOW, now=NOW)
RULES = rules(max_count=3, max_total_ms=60 * MINUTE)
USUAL = Bounds(count=3, total_ms=60 * MINUTE)

EXTENSIONS = Bounds(count=2, total_ms=30 * MINUTE)


# What bounds make of a hold


@pytest.mark.parametrize(("made", "left"), [(0, 2), (1, 1), (2, 0), (3, 0)])
def test_extensions_are_left_until_the_count_is_used_up_even_if_an_operator_lowered_it(made: int, left: int) -> None:
    assert EXTENSIONS.room(reservation(extensions=made)).left == left


def test_the_latest_deadline_is_the_total_after_the_reservation_was_made() -> None:
    assert EXTENSIONS.room(reservation()).max_expires_at == NOW + 30 * MINUTE


def test_the_latest_deadline_is_never_before_the_present_one() -> None:
    assert EXTENSIONS.room(reservation(expires_at=NOW + 45 * MINUTE)).max_expires_at == NOW + 45 * MINUTE


def test_an_extension_is_added_to_the_present_deadline_and_counted() -> None:
    held = reservation(extensions=1)
    moved = EXTENSIONS.extend(held, 3 * MINUTE)
    assert (moved.expires_at, moved.extensions) == (held.expires_at + 3 * MINUTE, 2)


def test_an_extension_may_reach_the_latest_deadline_and_no_further() -> None:
    held = reservation()
    assert EXTENSIONS.extend(held, 20 * MINUTE).expires_at == NOW + 30 * MINUTE
    with pytest.raises(ExtensionLimitReached):
        EXTENSIONS.extend(held, 20 * MINUTE + 1)


@pytest.mark.parametrize(
    ("bounds", "limit"),
    [
        (EXTENSIONS, Limit.COUNT),
        (Bounds(count=0, total_ms=30 * MINUTE), Limit.NOT_OFFERED),
        (Bounds(count=1, total_ms=30 * MINUTE, because=Limit.STOCK_IS_LOW), Limit.STOCK_IS_LOW),
        (Bounds(count=3, total_ms=10 * MINUTE), Limit.TOTAL),
        (Bounds(count=3, total_ms=10 * MINUTE, because=Limit.STOCK_IS_LOW), Limit.STOCK_IS_LOW),
    ],
)
def test_without_room_both_the_room_and_the_refusal_name_the_rule(bounds: Bounds, limit: Limit) -> None:
    held = reservation(extensions=2)
    assert bounds.room(held).limit is limit
    with pytest.raises(ExtensionLimitReached) as refused:
        bounds.extend(held, 1)
    assert refused.value.details["extensionLimit"] == limit


@pytest.mark.parametrize("because", [None, Limit.STOCK_IS_LOW])
def test_who_asks_for_too_much_hears_the_rule_although_there_is_room(because: Limit | None) -> None:
    bounds = replace(EXTENSIONS, because=because)
    assert bounds.room(reservation()).limit is None
    with pytest.raises(ExtensionLimitReached) as refused:
        bounds.extend(reservation(), 21 * MINUTE)
    assert refused.value.details["extensionLimit"] == (because or Limit.TOTAL)


# Who chooses


def test_a_ticket_type_without_a_policy_follows_the_service() -> None:
    assert replace(RULES, policy=ExtensionPolicy.STRICT).bounds(None, CALM) == strict(RULES, CALM)


@pytest.mark.parametrize(
    ("policy", "function"),
    [
        (ExtensionPolicy.STANDARD, standard),
        (ExtensionPolicy.ACCESSIBLE, accessible),
        (ExtensionPolicy.STRICT, strict),
        (ExtensionPolicy.DEMAND_AWARE, demand_aware),
    ],
)
def test_a_ticket_types_own_policy_wins(
    policy: ExtensionPolicy, function: Callable[[ExtensionRules, Demand], Bounds]
) -> None:
    ours = replace(RULES, policy=ExtensionPolicy.STRICT)
    assert ours.bounds(policy, RUSH) == function(ours, RUSH)


def test_without_a_word_of_the_operators_the_policy_is_the_standard() -> None:
    assert RULES.bounds(None, RUSH) == standard(RULES, RUSH)


# The policies


@pytest.mark.parametrize("demand", [CALM, RUSH])
def test_standard_is_what_the_operator_has_set_whatever_the_demand(demand: Demand) -> None:
    assert standard(RULES, demand) == Bounds(count=3, total_ms=60 * MINUTE)


@pytest.mark.parametrize("demand", [CALM, RUSH])
def test_strict_grants_nothing(demand: Demand) -> None:
    room = strict(RULES, demand).room(held := reservation())
    assert (room.left, room.max_expires_at, room.limit) == (0, held.expires_at, Limit.NOT_OFFERED)


@pytest.mark.parametrize(("set_to", "granted"), [(0, 10), (3, 10), (12, 12)])
def test_accessible_grants_ten_extensions_or_more(set_to: int, granted: int) -> None:
    assert accessible(rules(max_count=set_to), RUSH).count == granted


@pytest.mark.parametrize("length", [10 * MINUTE, 60 * MINUTE])
def test_accessible_lets_any_hold_be_extended_ten_times_by_the_usual_length(length: int) -> None:
    held = reservation(expires_at=NOW + length)
    bounds = accessible(rules(max_total_ms=15 * MINUTE, hold_ms=10 * MINUTE, hold_ms_max=60 * MINUTE), RUSH)
    for _ in range(10):
        held = bounds.extend(held, 10 * MINUTE)
    assert held.expires_at == NOW + length + 100 * MINUTE
    assert bounds.room(held).limit is Limit.COUNT


def test_accessible_never_grants_less_time_than_the_operator_has_set() -> None:
    assert accessible(rules(max_total_ms=900 * MINUTE), CALM).total_ms == 900 * MINUTE


@pytest.mark.parametrize(
    ("available", "turned_away_at", "expected"),
    [
        (100, None, USUAL),
        (50, NOW, USUAL),
        (49, None, Bounds(count=2, total_ms=30 * MINUTE, because=Limit.STOCK_IS_LOW, usual=USUAL)),
        (1, NOW, Bounds(count=2, total_ms=30 * MINUTE, because=Limit.STOCK_IS_LOW, usual=USUAL)),
        (0, None, Bounds(count=2, total_ms=30 * MINUTE, because=Limit.STOCK_IS_LOW, usual=USUAL)),
        (0, NOW - 2 * MINUTE, Bounds(count=2, total_ms=30 * MINUTE, because=Limit.STOCK_IS_LOW, usual=USUAL)),
        (0, NOW - 2 * MINUTE + 1, Bounds(count=0, total_ms=0, because=Limit.OTHERS_WAIT, usual=USUAL)),
        (0, NOW, Bounds(count=0, total_ms=0, because=Limit.OTHERS_WAIT, usual=USUAL)),
    ],
)
def test_demand_aware_shrinks_with_what_is_left_and_who_waits(
    available: int, turned_away_at: int | None, expected: Bounds
) -> None:
    demand = Demand(total=100, available=available, turned_away_at=turned_away_at, now=NOW)
    assert demand_aware(RULES, demand) == expected


@pytest.mark.parametrize("turned_away_at", [None, NOW])
def test_demand_aware_blames_no_demand_for_what_would_have_no_room_in_calm_either(turned_away_at: int | None) -> None:
    bounds = demand_aware(RULES, Demand(total=100, available=0, turned_away_at=turned_away_at, now=NOW))
    assert bounds.room(reservation(extensions=2)).limit is bounds.because
    assert bounds.room(reservation(extensions=3)).limit is Limit.COUNT
    assert bounds.room(reservation(expires_at=NOW + 60 * MINUTE)).limit is Limit.TOTAL


@pytest.mark.parametrize(("minutes", "limit"), [(25, Limit.STOCK_IS_LOW), (50, Limit.STOCK_IS_LOW), (51, Limit.TOTAL)])
def test_demand_aware_blames_no_demand_for_a_time_too_long_for_calm(minutes: int, limit: Limit) -> None:
    bounds = demand_aware(RULES, Demand(total=100, available=10, turned_away_at=None, now=NOW))
    with pytest.raises(ExtensionLimitReached) as refused:
        bounds.extend(reservation(), minutes * MINUTE)
    assert refused.value.details["extensionLimit"] == limit


def test_demand_aware_blames_no_demand_where_the_operator_offers_no_extension_anyway() -> None:
    assert demand_aware(rules(max_count=0), RUSH).room(reservation()).limit is Limit.NOT_OFFERED


# Of all of them

COUNTS = st.integers(0, 30)
LENGTHS = st.integers(1, 200 * MINUTE)
SOME_RULES = st.builds(
    ExtensionRules,
    policy=st.sampled_from(ExtensionPolicy),
    max_count=COUNTS,
    max_total_ms=LENGTHS,
    hold_ms=LENGTHS,
    hold_ms_max=LENGTHS,
    wait_ms=LENGTHS,
)
SOME_HOLDS = st.builds(
    lambda length, extensions: reservation(expires_at=NOW + length, extensions=extensions), LENGTHS, COUNTS
)
STOCK = st.integers(0, 50)
TURNED_AWAY = st.none() | st.integers(NOW - 200 * MINUTE, NOW)


@given(ours=SOME_RULES, held=SOME_HOLDS, total=STOCK, available=STOCK, turned_away_at=TURNED_AWAY, more=LENGTHS)
def test_no_policy_grants_less_than_nothing_takes_time_away_or_goes_past_what_it_said(
    ours: ExtensionRules,
    held: Reservation,
    total: int,
    available: int,
    turned_away_at: int | None,
    more: int,
) -> None:
    demand = Demand(total=total, available=available, turned_away_at=turned_away_at, now=NOW)
    bounds = ours.bounds(None, demand)
    room = bounds.room(held)
    assert room.left >= 0
    assert room.max_expires_at >= held.expires_at
    assert (room.limit is None) == (room.left > 0 and room.max_expires_at > held.expires_at)
    if room.limit is not None or held.expires_at + more > room.max_expires_at:
        with pytest.raises(ExtensionLimitReached) as refused:
            bounds.extend(held, more)
        assert refused.value.details["extensionsLeft"] == room.left
        return
    moved = bounds.extend(held, more)
    assert moved.expires_at == held.expires_at + more <= held.reserved_at + bounds.total_ms
    assert bounds.room(moved).left == room.left - 1


@given(ours=SOME_RULES, held=SOME_HOLDS, total=STOCK, stock=st.tuples(STOCK, STOCK), turned_away_at=TURNED_AWAY)
def test_less_stock_and_more_who_wait_never_give_more_time(
    ours: ExtensionRules, held: Reservation, total: int, stock: tuple[int, int], turned_away_at: int | None
) -> None:
    few, many = sorted(stock)

    def room(available: int, turned_away_at: int | None) -> Room:
        demand = Demand(total=total, available=available, turned_away_at=turned_away_at, now=NOW)
        return ours.bounds(None, demand).room(held)

    wanted = room(few, turned_away_at)
    for easier in (room(many, turned_away_at), room(few, None)):
        assert wanted.left <= easier.left
        assert wanted.max_expires_at <= easier.max_expires_at
