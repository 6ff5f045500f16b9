from dataclasses import fields, replace

import pytest

from actor_ticketing.domain import reservation as module
from actor_ticketing.domain.errors import Refusal, ReservationCancelled, ReservationConverted, ReservationExpired
from actor_ticketing.domain.reservation import TRANSITIONS, Owner, Reservation, ReservationStatus, active
from tests.domain.builders import NOW, reservation

ACTIVE, EXPIRED, CONVERTED, CANCELLED = (
    ReservationStatus.ACTIVE,
    ReservationStatus.EXPIRED,
    ReservationStatus.CONVERTED,
    ReservationStatus.CANCELLED,
)
TERMINAL = [EXPIRED, CONVERTED, CANCELLED]
each_terminal = pytest.mark.parametrize("status", TERMINAL)


def test_the_four_states_have_the_names_of_the_specification() -> None:
    assert [str(status) for status in ReservationStatus] == ["ACTIVE", "EXPIRED", "CONVERTED", "CANCELLED"]


def test_an_active_reservation_can_go_anywhere_and_a_settled_one_nowhere() -> None:
    ways = {status: set(targets) for status, targets in TRANSITIONS.items()}
    assert ways == {
        ACTIVE: {ACTIVE, EXPIRED, CONVERTED, CANCELLED},
        EXPIRED: set(),
        CONVERTED: set(),
        CANCELLED: set(),
    }


@each_terminal
def test_settling_notes_the_state_and_the_instant_and_changes_nothing_else(status: ReservationStatus) -> None:
    held = reservation()
    assert held.settle(status, NOW + 7) == replace(held, status=status, settled_at=NOW + 7)
    assert held.status is ACTIVE


@each_terminal
@pytest.mark.parametrize("target", ReservationStatus)
def test_a_settled_reservation_cannot_become_anything(status: ReservationStatus, target: ReservationStatus) -> None:
    settled = reservation(status=status, settled_at=NOW)
    with pytest.raises(ValueError, match=f"{status} cannot become {target}"):
        settled.settle(target, NOW)


def test_being_active_is_not_a_way_to_settle() -> None:
    with pytest.raises(ValueError, match="ACTIVE cannot become ACTIVE"):
        reservation().settle(ACTIVE, NOW)


def test_moving_sets_the_deadline_and_the_count_and_changes_nothing_else() -> None:
    held = reservation()
    assert held.moved_to(NOW + 1, extensions=2) == replace(held, expires_at=NOW + 1, extensions=2)


@each_terminal
def test_a_settled_reservation_has_no_deadline_to_move(status: ReservationStatus) -> None:
    with pytest.raises(ValueError, match="no deadline to move"):
        reservation(status=status, settled_at=NOW).moved_to(NOW, extensions=0)


@pytest.mark.parametrize(("now", "overdue"), [(-1, False), (0, True), (1, True)])
def test_a_reservation_is_overdue_from_its_deadline_on(now: int, overdue: bool) -> None:  # noqa: FBT001
    held = reservation()
    assert held.is_overdue(held.expires_at + now) is overdue


def test_an_active_reservation_before_its_deadline_may_be_changed() -> None:
    held = reservation()
    held.require_active(held.expires_at - 1)


def test_an_active_reservation_at_its_deadline_counts_as_expired() -> None:
    held = reservation()
    with pytest.raises(ReservationExpired):
        held.require_active(held.expires_at)


@pytest.mark.parametrize("now", [NOW, NOW + 3_600_000], ids=["in time", "late"])
@pytest.mark.parametrize(
    ("status", "refusal"),
    [(EXPIRED, ReservationExpired), (CONVERTED, ReservationConverted), (CANCELLED, ReservationCancelled)],
)
def test_each_terminal_state_has_its_own_refusal_whatever_the_time(
    status: ReservationStatus, refusal: type[Refusal], now: int
) -> None:
    with pytest.raises(refusal):
        reservation(status=status, settled_at=NOW).require_active(now)


@pytest.mark.parametrize(
    ("owner", "belongs"),
    [
        (Owner(session_id="guest"), True),
        (Owner(user_id="u1"), True),
        (Owner(session_id="guest", user_id="u1"), True),
        (Owner(session_id="guest", user_id="u2"), True),
        (Owner(session_id="other", user_id="u1"), True),
        (Owner(session_id="other", user_id="u2"), False),
        (Owner(session_id="other"), False),
        (Owner(user_id="u2"), False),
        (Owner(session_id="u1", user_id="guest"), False),
        (Owner(), False),
    ],
)
def test_a_reservation_belongs_to_its_session_and_to_its_user(owner: Owner, belongs: bool) -> None:  # noqa: FBT001
    assert reservation(session_id="guest", user_id="u1").belongs_to(owner) is belongs


def test_a_session_is_compared_in_a_time_that_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    monkeypatch.setattr(module, "compare_digest", lambda *both: compared.append(both) or False)
    assert not reservation(session_id="guest").belongs_to(Owner(session_id="guess"))
    assert compared == [(b"guess", b"guest")]


def test_a_reservation_made_without_a_user_belongs_to_no_user() -> None:
    assert not reservation(user_id=None).belongs_to(Owner(session_id=None, user_id=None))
    assert not reservation(user_id=None).belongs_to(Owner(user_id="u1"))


def test_one_that_is_made_in_the_quick_way_is_like_any_other() -> None:
    whose = {"session_id": "s", "user_id": "u", "metadata": "{}", "address": "192.0.2.1"}
    made = Reservation(
        id="r",
        ticket_type_id="tt",
        quantity=2,
        unit_price=1_200,
        currency="EUR",
        reserved_at=1,
        expires_at=2,
        extensions=3,
        **whose,
    )
    quick = active("r", "tt", "s", "u", 2, 1_200, "EUR", 1, 2, 3, "{}", "192.0.2.1")
    assert {each.name: getattr(quick, each.name) for each in fields(Reservation)} == {
        each.name: getattr(made, each.name) for each in fields(Reservation)
    }
    assert quick == made
