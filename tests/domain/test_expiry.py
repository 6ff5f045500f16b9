from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from actor_ticketing.domain.events import ReservationExpired, ReservationRescheduled
from actor_ticketing.domain.inventory import Inventory
from actor_ticketing.domain.reservation import Reservation, ReservationStatus
from tests.domain.builders import MINUTE, NOW, convert, extend, happen, hold, inventory, reservation

DEADLINE = NOW + 10 * MINUTE


def expired_ids(stock: Inventory, now: int, *, limit: int = 100, freeing: int | None = None) -> list[str]:
    return [event.reservation.id for event in stock.expire_due(now, limit=limit, freeing=freeing)]


def rescheduled(stock: Inventory, now: int) -> list[Reservation]:
    return happen(stock, stock.reschedule_from_future(now))


# Expiring what is due


def test_with_nothing_held_nothing_expires() -> None:
    assert inventory().expire_due(NOW, limit=10) == []


def test_one_millisecond_before_its_deadline_a_hold_does_not_expire() -> None:
    stock = inventory()
    hold(stock)
    assert stock.expire_due(DEADLINE - 1, limit=10) == []


def test_a_hold_expires_at_its_deadline() -> None:
    stock = inventory()
    held = hold(stock)
    [event] = stock.expire_due(DEADLINE, limit=10)
    settled = replace(held, status=ReservationStatus.EXPIRED, settled_at=DEADLINE)
    assert event == ReservationExpired(at=DEADLINE, reservation=settled)


def test_expiring_gives_the_stock_back() -> None:
    stock = inventory(total=10)
    hold(stock, 3)
    happen(stock, stock.expire_due(DEADLINE, limit=10))
    assert (stock.sold, stock.reserved, stock.available) == (0, 0, 10)
    assert stock.next_deadline() is None


def test_a_hold_expires_once() -> None:
    stock = inventory()
    hold(stock)
    happen(stock, stock.expire_due(DEADLINE, limit=10))
    assert stock.expire_due(DEADLINE, limit=10) == []


def test_deciding_an_expiry_twice_gives_the_same_events_since_nothing_has_changed_yet() -> None:
    stock = inventory()
    for quantity in (1, 2, 3):
        hold(stock, quantity)
    assert stock.expire_due(DEADLINE, limit=2) == stock.expire_due(DEADLINE, limit=2)
    assert stock.next_deadline() == DEADLINE


def test_holds_expire_earliest_deadline_first() -> None:
    stock = inventory()
    last = hold(stock, 1, duration_ms=3_000)
    first = hold(stock, 1, duration_ms=1_000)
    middle = hold(stock, 1, duration_ms=2_000)
    assert expired_ids(stock, NOW + 3_000) == [first.id, middle.id, last.id]


def test_only_what_is_due_expires() -> None:
    stock = inventory()
    due, later = hold(stock, 1, duration_ms=1_000), hold(stock, 1, duration_ms=2_000)
    assert expired_ids(stock, NOW + 1_999) == [due.id]
    assert later.id in stock.holds


def test_no_more_than_the_limit_expire_in_one_step_and_the_rest_in_the_next() -> None:
    stock = inventory()
    held = [hold(stock, 1, duration_ms=1_000 + each).id for each in range(5)]
    slices = []
    while events := stock.expire_due(NOW + MINUTE, limit=2):
        slices.append([event.reservation.id for event in events])
        happen(stock, events)
    assert slices == [held[:2], held[2:4], held[4:]]


def test_no_more_holds_than_needed_expire_to_free_a_number_of_tickets() -> None:
    stock = inventory(total=20)
    held = [hold(stock, 3, duration_ms=1_000 + each).id for each in range(5)]
    assert expired_ids(stock, NOW + MINUTE, freeing=1) == held[:1]
    assert expired_ids(stock, NOW + MINUTE, freeing=3) == held[:1]
    assert expired_ids(stock, NOW + MINUTE, freeing=4) == held[:2]


def test_freeing_nothing_expires_nothing() -> None:
    stock = inventory()
    hold(stock)
    assert stock.expire_due(DEADLINE, limit=10, freeing=0) == []


def test_freeing_more_than_is_overdue_expires_what_is_overdue() -> None:
    stock = inventory()
    due = hold(stock, 2, duration_ms=1_000)
    hold(stock, 5, duration_ms=2_000)
    assert expired_ids(stock, NOW + 1_000, freeing=7) == [due.id]


def test_the_limit_holds_also_when_more_would_have_to_be_freed() -> None:
    stock = inventory()
    held = [hold(stock, 1, duration_ms=1_000 + each).id for each in range(5)]
    assert expired_ids(stock, NOW + MINUTE, limit=2, freeing=5) == held[:2]


def test_a_hold_that_a_purchase_has_claimed_in_time_is_skipped() -> None:
    stock = inventory()
    claimed, other = hold(stock, 1, duration_ms=1_000), hold(stock, 1, duration_ms=2_000)
    stock.claim_holds([convert(claimed)], NOW)
    assert expired_ids(stock, NOW + MINUTE) == [other.id]
    assert expired_ids(stock, NOW + MINUTE, limit=1) == [other.id]


def test_a_claimed_hold_frees_nothing() -> None:
    stock = inventory()
    claimed, other = hold(stock, 3, duration_ms=1_000), hold(stock, 1, duration_ms=2_000)
    stock.claim_holds([convert(claimed)], NOW)
    assert expired_ids(stock, NOW + MINUTE, freeing=1) == [other.id]


def test_an_overdue_hold_expires_once_its_claim_has_been_let_go() -> None:
    stock = inventory()
    held = hold(stock)
    holds = stock.claim_holds([convert(held)], NOW)
    assert stock.expire_due(DEADLINE, limit=10) == []
    assert stock.next_deadline() == DEADLINE
    stock.let_go_holds(holds)
    assert expired_ids(stock, DEADLINE) == [held.id]


@given(durations=st.lists(st.integers(1, 20), max_size=30), after=st.integers(0, 25))
def test_the_next_deadline_is_the_smallest_of_all_holds(durations: list[int], after: int) -> None:
    stock = inventory(total=100)
    for duration in durations:
        hold(stock, 1, duration_ms=duration)
    happen(stock, stock.expire_due(NOW + after, limit=100))
    assert stock.next_deadline() == min((NOW + each for each in durations if each > after), default=None)


# Recovery under a clock that went back


def test_a_hold_made_in_the_past_or_just_now_is_not_rescheduled() -> None:
    stock = inventory(holds=[reservation(reserved_at=NOW), reservation(reserved_at=NOW - 1)])
    assert stock.reschedule_from_future(NOW) == []


def test_an_overdue_hold_is_not_rescheduled() -> None:
    stock = inventory(holds=[reservation()])
    assert stock.reschedule_from_future(DEADLINE + MINUTE) == []


def test_a_hold_from_the_future_gets_its_own_length_from_now() -> None:
    ahead = reservation(reserved_at=NOW + 60 * MINUTE, expires_at=NOW + 70 * MINUTE)
    stock = inventory(holds=[ahead])
    [event] = stock.reschedule_from_future(NOW)
    assert isinstance(event, ReservationRescheduled)
    assert event.at == NOW
    assert event.reservation.expires_at == NOW + 10 * MINUTE


def test_rescheduling_is_no_extension_and_takes_no_stock() -> None:
    ahead = reservation(reserved_at=NOW + 1, extensions=1, quantity=3)
    stock = inventory(holds=[ahead])
    [moved] = rescheduled(stock, NOW)
    assert (moved.extensions, moved.quantity, moved.status) == (1, 3, ReservationStatus.ACTIVE)
    assert (stock.reserved, stock.available) == (3, 7)


def test_a_rescheduled_hold_expires_at_its_new_deadline() -> None:
    ahead = reservation(reserved_at=NOW + 60 * MINUTE, expires_at=NOW + 70 * MINUTE)
    stock = inventory(holds=[ahead])
    rescheduled(stock, NOW)
    assert stock.next_deadline() == DEADLINE
    assert expired_ids(stock, DEADLINE) == [ahead.id]


def test_a_second_recovery_does_not_cut_a_rescheduled_hold_short() -> None:
    ahead = reservation(reserved_at=NOW + 60 * MINUTE, expires_at=NOW + 70 * MINUTE)
    [moved] = rescheduled(inventory(holds=[ahead]), NOW)
    again = inventory(holds=[moved])
    rescheduled(again, NOW + MINUTE)
    assert again.next_deadline() == DEADLINE


def test_a_rescheduled_hold_still_ends_after_it_was_made_as_the_database_demands() -> None:
    ahead = reservation(reserved_at=NOW + 60 * MINUTE, expires_at=NOW + 70 * MINUTE)
    [moved] = rescheduled(inventory(holds=[ahead]), NOW)
    assert moved.expires_at > moved.reserved_at


def test_a_rescheduled_hold_that_is_extended_back_to_its_old_deadline_expires_once() -> None:
    ahead = reservation(reserved_at=NOW + MINUTE, expires_at=NOW + 11 * MINUTE)
    stock = inventory(holds=[ahead])
    [moved] = rescheduled(stock, NOW)
    happen(stock, stock.extend(extend(moved, MINUTE), NOW))
    assert expired_ids(stock, NOW + 11 * MINUTE) == [ahead.id]
