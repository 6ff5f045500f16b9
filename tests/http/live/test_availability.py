"""Availability for those who watch."""

from collections.abc import Callable

import pytest

from actor_ticketing.clock import ManualClock, Timer
from actor_ticketing.http.context import Backend
from actor_ticketing.http.live import availability
from actor_ticketing.http.live.hub import Hub
from support.live import Ear
from support.service import hold, list_event, list_ticket_type


@pytest.fixture
async def hub(backend: Backend) -> Hub:
    await list_event(backend)
    for ticket_type_id in ("tt", "tt_2"):
        await list_ticket_type(backend, ticket_type_id, total=100)
    return backend.hub


@pytest.fixture
def ear(hub: Hub) -> Ear:
    """Somebody who watches `tt`."""
    ear = Ear()
    hub.topics.subscribe("tt", ear)
    hub.attach(ear, "watcher")
    return ear


async def test_the_present_state_comes_at_once(hub: Hub) -> None:
    ear = Ear()
    hub.topics.subscribe("tt", ear)
    assert ear.heard() == [
        {
            "type": "availability",
            "seq": 3,
            "at": "2027-01-15T08:00:00.000Z",
            "ticketTypeId": "tt",
            "total": 100,
            "sold": 0,
            "reserved": 0,
            "available": 100,
            "nextReleaseAt": None,
        }
    ]


async def test_the_first_change_is_told_at_once_and_the_next_ones_together(
    backend: Backend, ear: Ear, clock: ManualClock
) -> None:
    ear.heard()
    for _ in range(5):
        await hold(backend)
    assert ear.heard("seq", "available") == [(4, 99)]
    clock.advance(99)
    assert ear.heard() == []
    clock.advance(1)
    assert ear.heard("seq", "available") == [(8, 95)]
    clock.advance(1_000)
    assert ear.heard() == []
    await hold(backend)
    assert ear.heard("seq", "available") == [(9, 94)]


async def test_there_are_ten_messages_a_second_at_most_and_the_last_state_is_among_them(
    backend: Backend, ear: Ear, clock: ManualClock
) -> None:
    ear.heard()
    for _ in range(90):
        await hold(backend)
        clock.advance(11)
    clock.advance(99)
    told = ear.heard("available")
    assert len(told) <= 11
    assert told[-1] == (10,)


async def test_a_message_never_goes_behind_what_was_told_of_a_reservation(
    backend: Backend, hub: Hub, ear: Ear, clock: ManualClock
) -> None:
    hub.attach(ear, "s")
    ear.heard()
    await hold(backend, session="other")
    await hold(backend, session="other")
    await hold(backend, of="tt_2")
    clock.advance(100)
    assert ear.heard("type", "seq") == [("availability", 4), ("reservation.created", 6), ("availability", 6)]


async def test_types_do_not_wait_for_each_other(backend: Backend, hub: Hub, ear: Ear) -> None:
    hub.topics.subscribe("tt_2", ear)
    ear.heard()
    await hold(backend)
    await hold(backend, of="tt_2")
    assert ear.heard("ticketTypeId", "available") == [("tt", 99), ("tt_2", 99)]


async def test_a_new_total_is_told(backend: Backend, ear: Ear) -> None:
    ear.heard()
    await backend.desk.change_ticket_type("tt", {}, window={}, total=50)
    assert ear.heard("total", "available") == [(50, 50)]


async def test_who_has_unsubscribed_hears_nothing_not_even_what_was_under_way(
    backend: Backend, hub: Hub, ear: Ear, clock: ManualClock
) -> None:
    for _ in range(2):
        await hold(backend)
    ear.heard()
    hub.topics.unsubscribe("tt", ear)
    hub.topics.unsubscribe("tt", ear)
    clock.advance(1_000)
    await hold(backend)
    assert ear.heard() == []
    hub.topics.subscribe("tt", ear)
    await hold(backend)
    assert ear.heard("available") == [(97,), (96,)]


async def test_all_who_watch_get_the_very_same_bytes(backend: Backend, hub: Hub, ear: Ear) -> None:
    second = Ear()
    hub.topics.subscribe("tt", second)
    hub.attach(second, "watcher")
    await hold(backend)
    assert ear.frames[-1] is second.frames[-1]


async def test_a_great_many_who_watch_get_fewer_messages_each(
    backend: Backend, hub: Hub, ear: Ear, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.topics.subscribe("tt_2", ear)
    clock.advance(1_000)
    monkeypatch.setattr(availability, "SENDS_PER_SECOND", 2)
    ear.heard()
    await hold(backend)
    await hold(backend, of="tt_2")
    await hold(backend)
    assert ear.heard("ticketTypeId", "available") == [("tt", 99)]
    clock.advance(500)
    assert ear.heard("ticketTypeId", "available") == [("tt_2", 99)]
    clock.advance(500)
    assert ear.heard("ticketTypeId", "available") == [("tt", 98)]


async def test_many_who_watch_are_told_in_slices_and_all_of_the_last_state(
    backend: Backend, hub: Hub, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ears = [Ear() for _ in range(5)]
    for ear in ears:
        hub.topics.subscribe("tt", ear)
        hub.attach(ear, "watchers")
        ear.heard()
    clock.advance(1_000)
    monkeypatch.setattr(availability, "SLICE", 2)
    monkeypatch.setattr(availability, "SENDS_PER_SECOND", 10)
    rounds = []
    await hold(backend)
    for _ in range(6):
        rounds.append([each for ear in ears for each in ear.heard("seq", "available")])
        clock.advance(200)
        if len(rounds) == 1:
            await hold(backend)
    assert [len(told) for told in rounds] == [2, 2, 1, 2, 2, 1]
    assert rounds[0] == [(4, 99)] * 2
    assert rounds[1] == [(4, 99)] * 2
    assert [each for told in rounds[2:] for each in told] == [(5, 98)] * 6


async def test_who_unsubscribes_in_the_middle_of_a_round_is_left_out(
    backend: Backend, hub: Hub, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ears = [Ear(), Ear()]
    for ear in ears:
        hub.topics.subscribe("tt", ear)
        hub.attach(ear, "watchers")
        ear.heard()
    clock.advance(1_000)
    monkeypatch.setattr(availability, "SLICE", 1)
    monkeypatch.setattr(availability, "SENDS_PER_SECOND", 10)
    await hold(backend)
    [late] = [ear for ear in ears if not ear.frames]
    hub.topics.unsubscribe("tt", late)
    clock.advance(1_000)
    assert late.heard() == []


async def test_a_great_many_types_that_wait_have_one_timer_and_are_told_in_the_order_of_their_changes(
    backend: Backend, hub: Hub, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(availability, "SENDS_PER_SECOND", 1_000)
    ear = Ear()
    names = [f"tt_{number}" for number in (5, 3, 9, 7, 8)]
    for name in names:
        await list_ticket_type(backend, name)
        hub.topics.subscribe(name, ear)
    clock.advance(1_000)
    ear.heard()
    armed = []
    call_at = clock.call_at

    def counted(instant: int, callback: Callable[[], None]) -> Timer:
        armed.append(instant)
        return call_at(instant, callback)

    monkeypatch.setattr(clock, "call_at", counted)
    for name in names:
        hub.topics.changed(name)
    assert ear.heard("ticketTypeId") == [(names[0],)]
    assert len(armed) == 1
    for number, name in enumerate(names[1:], 2):
        clock.advance(1)
        assert ear.heard("ticketTypeId") == [(name,)]
        assert len(armed) == min(number, 4)


async def test_first_states_beyond_a_great_many_wait_for_their_turn_and_are_the_last_state(
    backend: Backend, hub: Hub, clock: ManualClock
) -> None:
    ears = [Ear() for _ in range(1_000)]
    for ear in ears:
        hub.topics.subscribe("tt", ear)
    late = [ear for ear in ears if not ear.heard()]
    assert len(late) == pytest.approx(500, abs=2)
    await hold(backend)
    clock.advance(95)
    assert not any(ear.frames for ear in late)
    gone = late.pop()
    hub.topics.unsubscribe("tt", gone)
    clock.advance(100)
    assert [ear.heard("seq", "available") for ear in late] == [[(4, 99)]] * len(late)
    assert gone.heard() == []


async def test_first_states_leave_time_for_what_changes(backend: Backend, hub: Hub, clock: ManualClock) -> None:
    watcher = Ear()
    hub.topics.subscribe("tt", watcher)
    hub.attach(watcher, "watcher")
    watcher.heard()
    for _ in range(20):
        for _ in range(1_000):
            hub.topics.subscribe("tt_2", Ear())
        await hold(backend)
        clock.advance(100)
    assert len(watcher.heard()) > 1
