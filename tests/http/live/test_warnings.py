"""Warnings that a hold is about to end."""

import pytest

from actor_ticketing.actors import warnings
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.reservation import Owner
from actor_ticketing.http.context import Backend
from actor_ticketing.http.live.hub import Hub
from support.live import Ear
from support.service import break_once, buy, eventually, hold, let_pass, list_event, list_ticket_type

SECOND, MINUTE = 1_000, 60_000
S = Owner(session_id="s")


@pytest.fixture
async def hub(backend: Backend) -> Hub:
    await list_event(backend)
    await list_ticket_type(backend, total=1_000)
    return backend.hub


@pytest.fixture
def ear(hub: Hub) -> Ear:
    ear = Ear()
    hub.attach(ear, "s")
    return ear


def warnings_of(ear: Ear) -> list[tuple[int, int]]:
    """The position and the seconds left of each warning since the last call."""
    return [(each["seq"], each["secondsLeft"]) for each in ear.heard() if each["type"] == "reservation.expiring"]


async def test_a_hold_is_warned_of_once_a_minute_before_its_end(backend: Backend, ear: Ear, clock: ManualClock) -> None:
    made = await hold(backend)
    await hold(backend, session="other")
    clock.advance(9 * MINUTE - 1)
    assert warnings_of(ear) == []
    clock.advance(1)
    [warning] = ear.heard()
    assert (warning["type"], warning["seq"], warning["secondsLeft"]) == ("reservation.expiring", 4, 60)
    assert (warning["reservation"]["id"], warning["reservation"]["remainingSeconds"]) == (made.id, 60)
    clock.advance(MINUTE - 1)
    assert warnings_of(ear) == []


async def test_an_extension_arms_the_warning_again(backend: Backend, ear: Ear, clock: ManualClock) -> None:
    made = await hold(backend)
    clock.advance(9 * MINUTE)
    await backend.box_office.extend(made.id, S, 2 * MINUTE)
    assert warnings_of(ear) == [(3, 60)]
    clock.advance(2 * MINUTE - 1)
    assert warnings_of(ear) == []
    clock.advance(1)
    assert warnings_of(ear) == [(4, 60)]


async def test_an_extension_before_the_warning_puts_it_off(backend: Backend, ear: Ear, clock: ManualClock) -> None:
    made = await hold(backend)
    await backend.box_office.extend(made.id, S, MINUTE)
    clock.advance(9 * MINUTE)
    assert warnings_of(ear) == []
    clock.advance(MINUTE)
    assert warnings_of(ear) == [(4, 60)]


async def test_what_has_ended_is_not_warned_of(backend: Backend, hub: Hub, ear: Ear, clock: ManualClock) -> None:
    bought, released = await hold(backend), await hold(backend)
    await buy(backend, bought)
    await backend.box_office.release(released.id, S)
    assert hub._warnings._next.earliest() is None
    clock.advance(9 * MINUTE + 1)
    assert warnings_of(ear) == []


async def test_a_hold_shorter_than_the_warning_time_is_warned_of_when_it_is_made(backend: Backend, ear: Ear) -> None:
    await hold(backend, minutes=0.5)
    assert ear.heard("type", "seq", "secondsLeft") == [
        ("reservation.created", 3, None),
        ("reservation.expiring", 3, 30),
    ]


async def test_warnings_come_after_all_reservations_of_their_entry(backend: Backend, ear: Ear) -> None:
    await list_ticket_type(backend, "tt_2")
    await backend.box_office.reserve([("tt", 1), ("tt_2", 2)], session_id="s", user_id=None, duration_ms=30_000)
    assert ear.heard("type", "seq") == [
        ("reservation.created", 4),
        ("reservation.created", 5),
        ("reservation.expiring", 5),
        ("reservation.expiring", 5),
    ]


async def test_a_connection_opened_inside_the_warning_time_gets_the_warning_at_once_and_alone(
    backend: Backend, hub: Hub, ear: Ear, clock: ManualClock
) -> None:
    await hold(backend)
    clock.advance(9 * MINUTE + 30 * SECOND)
    assert warnings_of(ear) == [(3, 60)]
    late = Ear()
    hub.attach(late, "s")
    assert warnings_of(late) == [(3, 30)]
    assert warnings_of(ear) == []


async def test_a_connection_opened_with_very_many_holds_inside_the_warning_time_is_warned_in_slices(
    backend: Backend, hub: Hub, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warnings, "AT_ONCE", 2)
    monkeypatch.setattr(warnings, "SLICE", 3)
    for _ in range(9):
        await hold(backend, minutes=0.5)
    clock.advance(1)
    changed, released = [await hold(backend, minutes=0.5) for _ in range(2)]
    first, second = Ear(), Ear()
    hub.attach(first, "s")
    hub.attach(second, "s")
    assert (len(warnings_of(first)), len(warnings_of(second))) == (2, 2)
    first.is_ending = True
    await backend.box_office.release(released.id, S)
    await backend.box_office.extend(changed.id, S, SECOND)
    clock.advance(1)
    assert first.heard("type") == [("reservation.cancelled",), ("reservation.extended",), ("reservation.expiring",)]
    told = second.heard("type", "reservation")
    ids = [reservation["id"] for kind, reservation in told if kind == "reservation.expiring"]
    assert len(ids) == 8
    assert len(set(ids)) == 8
    assert changed.id in ids


async def test_a_connection_opened_before_the_warning_time_gets_it_when_it_is_due(
    backend: Backend, hub: Hub, clock: ManualClock
) -> None:
    await hold(backend)
    clock.advance(MINUTE)
    ears = [Ear(), Ear()]
    for ear in ears:
        hub.attach(ear, "s")
    clock.advance(8 * MINUTE)
    assert [warnings_of(ear) for ear in ears] == [[(3, 60)], [(3, 60)]]


async def test_nobody_is_warned_who_has_left(backend: Backend, hub: Hub, ear: Ear, clock: ManualClock) -> None:
    await hold(backend)
    ear.heard()
    hub.detach(ear)
    clock.advance(9 * MINUTE + SECOND)
    assert ear.heard() == []
    hub.attach(ear, "s")
    assert warnings_of(ear) == [(3, 59)]


async def test_an_overdue_hold_is_not_warned_of(backend: Backend, hub: Hub, clock: ManualClock) -> None:
    await hold(backend)
    clock._timers.clear()
    clock.advance(11 * MINUTE)
    ear = Ear()
    hub.attach(ear, "s")
    assert ear.heard() == []


@pytest.mark.parametrize("settings", [Settings(holds={"warn_seconds": (300, 60, 60, 30.5)})])
async def test_each_configured_time_has_its_warning(backend: Backend, ear: Ear, clock: ManualClock) -> None:
    await hold(backend)
    clock.advance(10 * MINUTE - 1)
    assert warnings_of(ear) == [(3, 300), (3, 60), (3, 31)]


@pytest.mark.parametrize("settings", [Settings(holds={"warn_seconds": (300, 60)})])
async def test_inside_several_warning_times_there_is_one_warning(
    backend: Backend, hub: Hub, clock: ManualClock
) -> None:
    await hold(backend)
    clock.advance(9 * MINUTE + 30 * SECOND)
    ear = Ear()
    hub.attach(ear, "s")
    assert warnings_of(ear) == [(3, 30)]


@pytest.mark.parametrize("settings", [Settings(holds={"warn_seconds": ()})])
async def test_without_a_warning_time_there_are_no_warnings(backend: Backend, ear: Ear, clock: ManualClock) -> None:
    await hold(backend)
    clock.advance(10 * MINUTE - 1)
    assert warnings_of(ear) == []


async def test_a_great_many_warnings_come_in_slices(
    backend: Backend, ear: Ear, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warnings, "SLICE", 3)
    for _ in range(10):
        await hold(backend)
    clock.advance(9 * MINUTE)
    assert len(warnings_of(ear)) == 10


async def test_a_timer_that_is_later_than_the_hold_warns_of_nothing(
    backend: Backend, ear: Ear, clock: ManualClock
) -> None:
    await hold(backend)
    let_pass(clock, 10 * MINUTE)
    clock.advance(0)
    await eventually(lambda: len(ear.frames) == 2)
    assert ear.heard("type") == [("reservation.created",), ("reservation.expired",)]


async def test_a_timer_that_is_late_still_warns_with_what_is_left(
    backend: Backend, ear: Ear, clock: ManualClock
) -> None:
    await hold(backend)
    ear.heard()
    let_pass(clock, 9 * MINUTE + 10 * SECOND)
    clock.advance(0)
    await eventually(lambda: bool(ear.frames))
    assert warnings_of(ear) == [(3, 50)]


async def test_a_defect_at_one_warning_takes_none_from_others_and_its_client_is_asked_to_come_back(
    backend: Backend, hub: Hub, ear: Ear, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Ear()
    hub.attach(other, "other")
    for session in ("s", "other", "other"):
        await hold(backend, session=session)
        clock.advance(1)
    break_once(monkeypatch, hub, "_warn_in_time")
    clock.advance(9 * MINUTE)
    assert (ear.closed, other.closed) == (1011, None)
    assert warnings_of(other) == [(5, 60), (5, 60)]


@pytest.mark.usefixtures("hub")
async def test_what_goes_wrong_at_one_warning_leaves_the_others_due(backend: Backend, clock: ManualClock) -> None:
    given: list[str] = []

    def give(reservation_id: str) -> None:
        given.append(reservation_id)
        if len(given) == 1:
            raise LookupError

    all_warnings = warnings.Warnings(clock, [MINUTE], give)
    holds = [await hold(backend) for _ in range(3)]
    for each in holds:
        all_warnings.arm(each, clock.now())
    with pytest.raises(LookupError):
        clock.advance(9 * MINUTE)
    clock.advance(0)
    assert sorted(given) == sorted(each.id for each in holds)
