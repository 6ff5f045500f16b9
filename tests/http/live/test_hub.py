"""The hub, without sockets."""

import timeit

import pytest

from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.errors import Draining, Overloaded, StorageUnavailable, TooManyConnections
from actor_ticketing.domain.events import DomainEvent
from actor_ticketing.domain.ports import Entry
from actor_ticketing.domain.reservation import Owner
from actor_ticketing.http.context import Backend
from actor_ticketing.http.live.hub import Hub
from support.live import Ear
from support.service import break_once, buy, hold, list_event, list_ticket_type
from support.stores import disk_full


@pytest.fixture
async def hub(backend: Backend) -> Hub:
    """The event `ev` with 10 tickets of `tt`: ledger positions 1 and 2."""
    await list_event(backend)
    await list_ticket_type(backend)
    return backend.hub


@pytest.fixture
def ear(hub: Hub) -> Ear:
    ear = Ear()
    hub.attach(ear, "s")
    return ear


async def test_a_session_hears_of_each_step_of_its_reservations(backend: Backend, ear: Ear, clock: ManualClock) -> None:
    bought, released, late = [await hold(backend, minutes=minutes) for minutes in (10, 10, 2)]
    clock.advance(1_000)
    await backend.box_office.extend(bought.id, Owner(session_id="s"), 60_000)
    await backend.box_office.release(released.id, Owner(session_id="s"))
    await buy(backend, bought)
    clock.advance(119_000)
    await backend.sweeper.sweep("cron")
    told = [each for each in ear.heard() if each["type"] != "reservation.expiring"]
    assert [(each["type"], each["seq"], each["reservation"]["id"]) for each in told] == [
        ("reservation.created", 3, bought.id),
        ("reservation.created", 4, released.id),
        ("reservation.created", 5, late.id),
        ("reservation.extended", 6, bought.id),
        ("reservation.cancelled", 7, released.id),
        ("reservation.converted", 8, bought.id),
        ("reservation.expired", 9, late.id),
    ]
    assert [each["reservation"]["status"] for each in told[3:]] == ["ACTIVE", "CANCELLED", "CONVERTED", "EXPIRED"]
    assert told[3]["reservation"]["remainingSeconds"] == 659


async def test_nobody_hears_of_the_reservations_of_others(backend: Backend, ear: Ear) -> None:
    await hold(backend, session="other")
    assert ear.heard() == []


async def test_a_bulk_reservation_is_one_message_for_each_line(backend: Backend, ear: Ear) -> None:
    await list_ticket_type(backend, "tt_2")
    await backend.box_office.reserve([("tt", 1), ("tt_2", 2)], session_id="s", user_id=None)
    assert ear.heard("type", "seq") == [("reservation.created", 4), ("reservation.created", 5)]


async def test_all_sockets_of_a_session_get_the_very_same_bytes(backend: Backend, hub: Hub, ear: Ear) -> None:
    second = Ear()
    hub.attach(second, "s")
    await hold(backend)
    assert ear.frames[0] is second.frames[0]


async def test_who_has_left_hears_nothing(backend: Backend, hub: Hub, ear: Ear) -> None:
    hub.detach(ear)
    hub.detach(ear)
    await hold(backend)
    assert ear.heard() == []


async def test_what_could_not_be_stored_is_told_to_nobody(
    backend: Backend, hub: Hub, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.topics.subscribe("tt", ear)
    ear.heard()

    async def fail(_: object) -> None:
        raise disk_full()

    with monkeypatch.context() as broken:
        broken.setattr(backend.box_office._journal._store, "commit", fail)
        with pytest.raises(StorageUnavailable):
            await hold(backend)
    assert ear.heard() == []
    await hold(backend)
    assert ear.heard("type", "seq") == [("reservation.created", 3), ("availability", 3)]


async def test_a_kind_of_entry_that_it_does_not_know_is_passed_over(hub: Hub, ear: Ear) -> None:
    class Blessed(DomainEvent):
        kind = "reservation.blessed"
        reservation = None

    hub(Entry(events=[Blessed(at=1)], last_seq=9))  # type: ignore[list-item]
    assert ear.heard() == []
    assert ear.closed is None


async def test_a_defect_here_reaches_nobody_else_and_clients_are_asked_to_come_back(
    backend: Backend, hub: Hub, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_once(monkeypatch, hub, "_tell")
    await hold(backend)
    assert ear.closed == 1011


async def test_what_comes_after_the_end_is_turned_away(hub: Hub, ear: Ear) -> None:
    hub.close()
    assert ear.closed == 1001
    with pytest.raises(Draining), hub.admitted("s", "address"):
        pass
    late = Ear()
    hub.attach(late, "s")
    assert late.closed == 1001


@pytest.mark.parametrize(
    ("settings", "expected", "scope"),
    [
        (Settings(websocket={"max_connections": 2}), Overloaded, None),
        (Settings(websocket={"max_per_session": 2}), TooManyConnections, "session"),
        (Settings(websocket={"max_per_address": 2}), TooManyConnections, "address"),
    ],
)
async def test_sockets_are_counted_while_they_are_open(hub: Hub, expected: type[Exception], scope: str | None) -> None:
    with hub.admitted("s", "a"):
        with hub.admitted("s", "a"):
            with pytest.raises(expected) as caught, hub.admitted("s", "a"):
                pass
            if scope is not None:
                assert caught.value.details == {"limit": 2, "scope": scope}  # type: ignore[attr-defined]
            assert hub.open == 2
        with hub.admitted("s", "a"):
            assert hub.open == 2
    assert hub.open == 0
    assert not hub._by_session
    assert not hub._by_address
    assert hub.statistics.opened == 3


async def test_with_no_socket_open_an_entry_costs_next_to_nothing(backend: Backend, hub: Hub) -> None:
    await hold(backend)
    entry = Entry(events=[], counters=[backend.box_office.board.counters["tt"]], last_seq=3)
    # A thousand times the promised microsecond, for machines that are busy: what it must not do is render anything.
    assert min(timeit.repeat(lambda: hub(entry), number=1, repeat=20)) < 1e-3
    assert hub.statistics.messages == 0
