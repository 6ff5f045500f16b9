"""The WebSocket: what a client that was away is told."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest

from actor_ticketing.domain.errors import StorageUnavailable
from actor_ticketing.domain.ports import ReservationMoment
from actor_ticketing.http.live import history
from support.live import end_of, hear, hear_all, listening, types_of, watch
from support.service import break_once, eventually, list_event, list_ticket_type
from support.web import Api, OpenApi, configured, make_token

Moments = Sequence[ReservationMoment] | None


class Ledger:
    """The queries' reads of the ledger, which a test lets through one by one."""

    def __init__(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        queries = api.backend.hub.histories._queries
        self._read = queries.reservation_history
        self._may_read = asyncio.Semaphore(0)
        self.asked: list[tuple[int, int]] = []
        monkeypatch.setattr(queries, "reservation_history", self)

    async def __call__(self, session_id: str, *, after: int, until: int) -> Moments:
        self.asked.append((after, until))
        await self._may_read.acquire()
        return await self._read(session_id, after=after, until=until)

    def let_through(self, number: int = 1) -> None:
        for _ in range(number):
            self._may_read.release()


async def live_through(api: Api) -> None:
    """All that can happen to reservations: positions 3 to 9."""
    bought, released, _ = [await api.reserve(expirationMinutes=minutes) for minutes in (10, 10, 0.5)]
    await api.extend(bought, 1)
    await api.cancel(released)
    await api.buy(bought)
    await api.pass_time(30_000)


def steps_of(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What ledger entries have said, without what depends on when it is told."""
    later = {"remainingSeconds": None, "isExpired": None}
    return [
        {**each, "serverTime": None, "reservation": {**each["reservation"], **later}}
        for each in messages
        if each["type"] != "reservation.expiring"
    ]


async def test_who_comes_back_is_told_what_it_would_have_heard(api: Api) -> None:
    async with listening(api) as socket:
        await live_through(api)
        heard = steps_of(await hear_all(socket))
    assert len(heard) == 7
    for number, seq in enumerate((2, *(each["seq"] for each in heard))):
        async with listening(api, after=seq) as socket:
            assert steps_of(await hear_all(socket)) == heard[number:]


async def test_only_its_own_reservations_are_told(api: Api) -> None:
    await api.reserve(session="other")
    await api.reserve()
    async with listening(api, after=0) as socket:
        assert [(each["type"], each["seq"]) for each in await hear_all(socket)] == [("reservation.created", 4)]


async def test_it_works_after_a_restart(open_api: OpenApi) -> None:
    async with open_api() as api:
        await list_event(api.backend)
        await list_ticket_type(api.backend)
        await api.reserve()
    async with open_api() as api, listening(api, after=2) as socket:
        await api.reserve()
        told = await hear(socket, 2)
        assert [(each["type"], each["seq"]) for each in told] == [
            ("reservation.created", 3),
            ("reservation.created", 4),
        ]


async def test_what_is_committed_while_the_ledger_is_read_comes_after_it_and_once(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "PORTION", 2)
    for _ in range(4):
        await api.reserve()
    ledger = Ledger(api, monkeypatch)
    async with listening(api, after=2) as socket:
        await eventually(lambda: bool(ledger.asked))
        await api.reserve()
        ledger.let_through()
        await eventually(lambda: len(ledger.asked) == 2)
        await socket.send_json({"action": "subscribe", "ticketTypeIds": ["tt"]})
        await api.reserve()
        ledger.let_through(9)
        told = [each for each in await hear_all(socket) if each["type"] != "availability"]
        assert [(each["type"], each["seq"]) for each in told] == [
            ("reservation.created", seq) for seq in (3, 4, 5, 6, 7, 8)
        ]
        assert ledger.asked == [(2, 4), (4, 6)]
        await api.reserve()
        live = await hear_all(socket)
        assert [each["seq"] for each in live if each["type"] == "reservation.created"] == [9]


async def test_the_stream_never_goes_back(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await api.reserve()
    ledger = Ledger(api, monkeypatch)
    async with listening(api, after=0) as socket:
        await socket.send_json({"action": "subscribe", "ticketTypeIds": ["tt"]})
        await eventually(lambda: bool(ledger.asked))
        await api.reserve(expirationMinutes=0.5)
        await api.reserve(session="other")
        api.clock.advance(100)
        ledger.let_through()
        told = await hear_all(socket)
    assert {"reservation.created", "reservation.expiring", "availability"} == set(types_of(told))
    seqs = [each["seq"] for each in told]
    assert seqs == sorted(seqs)


async def test_a_warning_is_not_replayed_and_comes_after_what_was_missed(api: Api) -> None:
    await api.reserve(expirationMinutes=0.5)
    async with listening(api, after=2) as socket:
        told = await hear_all(socket)
    assert [(each["type"], each["seq"]) for each in told] == [
        ("reservation.created", 3),
        ("reservation.expiring", 3),
    ]


async def test_who_has_missed_nothing_is_told_nothing(api: Api) -> None:
    await api.reserve()
    async with listening(api, after=3) as socket:
        assert await hear_all(socket) == []


async def test_a_position_ahead_of_the_ledger_means_that_all_is_to_be_loaded_anew(api: Api) -> None:
    async with listening(api, after=10**17) as socket:
        [told] = await hear_all(socket)
        assert (told["type"], told["seq"]) == ("reload", 2)
        await api.reserve()
        assert types_of(await hear_all(socket)) == ["reservation.created"]


async def test_when_too_much_has_happened_all_is_to_be_loaded_anew(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "ENTRIES_MAX", 2)
    for _ in range(3):
        await api.reserve()
    async with listening(api, after=2) as socket:
        assert types_of(await hear_all(socket)) == ["reload"]
    async with listening(api, after=3) as socket:
        assert [each["seq"] for each in await hear_all(socket)] == [4, 5]


async def test_what_the_ledger_no_longer_has_is_to_be_loaded_anew(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def forgotten(*_: object, **__: object) -> None:
        return None

    await api.reserve()
    monkeypatch.setattr(api.backend.hub.histories._queries, "reservation_history", forgotten)
    async with listening(api, after=0) as socket:
        told = await hear_all(socket)
        assert [(each["type"], each["seq"]) for each in told] == [("reload", 3)]


async def test_when_the_ledger_cannot_be_read_the_client_is_to_try_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise StorageUnavailable

    monkeypatch.setattr(api.backend.hub.histories._queries, "reservation_history", fail)
    async with listening(api, after=0) as socket:
        assert await end_of(socket) == 1013


async def test_a_defect_while_the_missed_is_told_ends_the_connection_instead_of_leaving_a_gap(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        await api.reserve()
    break_once(monkeypatch, history, "happened")
    async with listening(api, after=2) as socket:
        assert await end_of(socket) == 1011
    await eventually(lambda: api.backend.hub.open == 0)


@configured(websocket={"max_per_session": 50})
async def test_an_address_has_two_long_walks_through_the_ledger_under_way_and_some_that_wait(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "PORTION", 1)
    monkeypatch.setattr(history, "WAITING_MAX", 1)
    for _ in range(2):
        await api.reserve()
    ledger = Ledger(api, monkeypatch)
    histories = api.backend.hub.histories
    async with AsyncExitStack() as stack:
        walks = []
        for number in range(1, 4):
            walks.append(await stack.enter_async_context(listening(api, after=2)))
            await eventually(lambda number=number: histories.walking == number)
        turned_away = await stack.enter_async_context(listening(api, after=2))
        assert types_of(await hear_all(turned_away)) == ["reload"]
        short = await stack.enter_async_context(listening(api, after=3))
        await eventually(lambda: len(ledger.asked) == 1)
        ledger.let_through(4)
        assert [each["seq"] for each in await hear(short)] == [4]
        ledger.let_through(9)
        for walk in walks:
            assert [each["seq"] for each in await hear(walk, 2)] == [3, 4]
        await eventually(lambda: histories.walking == 0)
        assert not histories._crowds
    async with listening(api, after=2) as socket:
        ledger.let_through(2)
        assert [each["seq"] for each in await hear(socket, 2)] == [3, 4]


@configured(websocket={"max_per_session": 50})
async def test_who_leaves_while_waiting_for_a_walk_makes_room(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PORTION", 1)
    for _ in range(2):
        await api.reserve()
    Ledger(api, monkeypatch)
    histories = api.backend.hub.histories
    async with AsyncExitStack() as stack:
        for _ in range(5):
            await stack.enter_async_context(listening(api, after=2))
        await eventually(lambda: histories.walking == 5)
    await eventually(lambda: histories.walking == 0)
    assert not histories._crowds


async def test_who_leaves_while_the_ledger_is_read_is_forgotten(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(api, monkeypatch)
    async with listening(api, after=0):
        await eventually(lambda: bool(ledger.asked))
    await eventually(lambda: api.backend.hub.open == 0)
    ledger.let_through(2)
    async with listening(api, after=0) as socket:
        assert await hear_all(socket) == []


@configured(websocket={"max_queued_messages": 16})
async def test_who_has_too_much_to_be_told_while_the_ledger_is_read_is_disconnected(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(api, monkeypatch)
    async with listening(api, after=0) as socket, listening(api) as other:
        await eventually(lambda: bool(ledger.asked))
        for _ in range(17):
            await socket.send_json({"action": "ping"})
        await end_of(socket)
        assert api.backend.hub.statistics.dropped == 1
        assert types_of(await watch(other, "tt")) == ["availability"]


async def test_the_end_of_the_service_is_told_to_whoever_is_being_told_what_it_missed(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.reserve()
    ledger = Ledger(api, monkeypatch)
    async with listening(api, after=0) as socket:
        await eventually(lambda: bool(ledger.asked))
        api.doors.drain(body_grace_seconds=1)
        ledger.let_through()
        assert await end_of(socket) == 1001


@pytest.mark.parametrize("seed", range(3))
async def test_whoever_comes_and_goes_hears_everything_once_and_in_order(api: Api, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - it has to be the same each time.
    await list_ticket_type(api.backend, "big", total=1_000)
    is_over = False

    async def shop(session: str) -> None:
        for _ in range(40):
            held = await api.reserve(session=session, of="big")
            await asyncio.sleep(chance.choice([0, 0, 0.001, 0.003]))
            if chance.random() < 0.5:
                await api.cancel(held, session=session)

    async def come_and_go() -> list[tuple[int, str]]:
        heard: list[tuple[int, str]] = []
        last = 3
        is_last = False
        while not is_last:
            is_last = is_over
            async with listening(api, "s1", after=last) as socket:
                await socket.send_json({"action": "subscribe", "ticketTypeIds": ["big"]})
                told = await hear_all(socket)
                await asyncio.sleep(chance.choice([0, 0.002]))
                for message in told + await hear_all(socket):
                    assert message["seq"] >= last
                    last = message["seq"]
                    if message["type"] != "availability":
                        heard.append((last, message["type"]))
        return heard

    async def shop_all() -> None:
        nonlocal is_over
        await asyncio.gather(*(shop(session) for session in ("s1", "s2", "s1")))
        is_over = True

    heard, _ = await asyncio.gather(come_and_go(), shop_all())
    end = api.backend.box_office.board.seq
    ledger = await api.backend.hub.histories._queries.reservation_history("s1", after=0, until=end)
    assert ledger is not None
    assert heard == [(moment.seq, moment.kind) for moment in ledger]


async def test_a_claimed_session_hears_what_it_heard_before_and_nothing_of_the_claim(api: Api) -> None:
    async with listening(api) as socket:
        held = await api.reserve()
        await api.call("POST", "/api/public/sessions/claim", {"sessionId": "s1"}, token=make_token(), status=200)
        await api.cancel(held)
        live = await hear_all(socket)
    assert [(each["type"], each["seq"]) for each in live] == [("reservation.created", 3), ("reservation.cancelled", 5)]
    async with listening(api, after=2) as socket:
        assert steps_of(await hear_all(socket)) == steps_of(live)
