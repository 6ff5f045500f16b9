"""The WebSocket: what a client is told, and what it may ask for."""

import asyncio
import json

import pytest

from support.live import end_of, hear, hear_all, listening, types_of, watch
from support.service import break_once, eventually, list_ticket_type
from support.stores import disk_full
from support.web import Api, configured


async def test_a_client_hears_of_its_own_reservations_as_the_list_shows_them(api: Api) -> None:
    async with listening(api) as socket:
        await api.reserve(session="other")
        made = await api.reserve(2, metadata={"cart": "c-1"})
        [told] = await hear(socket)
        assert told == {
            "type": "reservation.created",
            "seq": 4,
            "at": made["reservedAt"],
            "serverTime": made["reservedAt"],
            "reservation": made,
        }


async def test_each_step_is_told_in_order(api: Api) -> None:
    async with listening(api) as socket:
        bought, released, late = [await api.reserve(expirationMinutes=minutes) for minutes in (10, 10, 2)]
        await api.extend(bought, 1)
        await api.cancel(released)
        await api.buy(bought)
        await api.pass_time(120_000)
        told = await hear_all(socket)
    steps = [(each["type"].removeprefix("reservation."), each["reservation"]["id"]) for each in told]
    assert steps == [
        ("created", bought["id"]),
        ("created", released["id"]),
        ("created", late["id"]),
        ("extended", bought["id"]),
        ("cancelled", released["id"]),
        ("converted", bought["id"]),
        ("expiring", late["id"]),
        ("expired", late["id"]),
    ]
    assert [each["seq"] for each in told] == [3, 4, 5, 6, 7, 8, 8, 9]


async def test_two_sockets_of_one_session_hear_the_same(api: Api) -> None:
    async with listening(api) as first, listening(api) as second:
        await api.reserve()
        assert await hear(first) == await hear(second)


async def test_nothing_is_told_that_was_not_stored(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening(api) as socket:
        store = api.backend.box_office._journal._store

        async def fail(_: object) -> None:
            raise disk_full()

        with monkeypatch.context() as broken:
            broken.setattr(store, "commit", fail)
            body = {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s1"}
            await api.refused("POST", "/api/public/reservations", body, status=503, code="storage_unavailable")
        assert await hear_all(socket) == []
        await api.reserve()
        assert [(each["type"], each["seq"]) for each in await hear_all(socket)] == [("reservation.created", 3)]


async def test_availability_comes_at_once_and_with_each_change(api: Api) -> None:
    async with listening(api) as socket:
        [present] = await watch(socket, "tt")
        assert present.pop("seq") == 2
        assert present.pop("type") == "availability"
        assert present.pop("at").endswith("Z")
        assert present == await api.availability()
        await api.reserve(3, session="other")
        [changed] = await hear(socket)
        assert (changed["seq"], changed["reserved"], changed["available"]) == (3, 3, 7)
        assert changed["nextReleaseAt"] is not None


async def test_unknown_ticket_types_are_named_and_the_others_are_watched(api: Api) -> None:
    async with listening(api) as socket:
        present, refused = await watch(socket, "tt", "nope", "nada")
        assert present["ticketTypeId"] == "tt"
        assert (refused["type"], refused["code"], refused["seq"]) == ("error", "ticket_type_not_found", 2)
        assert refused["details"] == {"ticketTypeIds": ["nope", "nada"]}
        await api.reserve(session="other")
        assert types_of(await hear_all(socket)) == ["availability"]


async def test_after_unsubscribing_there_is_silence(api: Api) -> None:
    async with listening(api) as socket:
        await watch(socket, "tt")
        await socket.send_json({"action": "unsubscribe", "ticketTypeIds": ["tt", "never"]})
        assert await hear_all(socket) == []
        await api.reserve(session="other")
        assert await hear_all(socket) == []


@configured(websocket={"max_subscriptions": 2})
async def test_one_connection_may_watch_only_so_many_types(api: Api) -> None:
    for ticket_type_id in ("tt_2", "tt_3"):
        await list_ticket_type(api.backend, ticket_type_id)
    async with listening(api) as socket:
        await watch(socket, "tt")
        [refused] = await watch(socket, "tt_2", "tt_3")
        assert (refused["code"], refused["details"]) == ("too_many_subscriptions", {"limit": 2})
        assert types_of(await watch(socket, "tt", "tt_2")) == ["availability"]
        await socket.send_json({"action": "unsubscribe", "ticketTypeIds": ["tt_2"]})
        assert types_of(await watch(socket, "tt_3")) == ["availability"]


@pytest.mark.parametrize(
    ("text", "code", "field"),
    [
        ("", "malformed_json", None),
        ("{", "malformed_json", None),
        ("NaN", "validation_error", "body"),
        ('{"action":"ping","id":"\\ud800"}', "malformed_json", None),
        ("[]", "validation_error", "body"),
        ("{}", "validation_error", "action"),
        ('{"action":"buy"}', "validation_error", "action"),
        ('{"action":"ping","more":1}', "validation_error", "more"),
        ('{"action":"subscribe"}', "validation_error", "ticketTypeIds"),
        ('{"action":"subscribe","ticketTypeIds":[]}', "validation_error", "ticketTypeIds"),
        ('{"action":"subscribe","ticketTypeIds":"tt"}', "validation_error", "ticketTypeIds"),
        ('{"action":"subscribe","ticketTypeIds":[1]}', "validation_error", "ticketTypeIds.0"),
        ('{"action":"subscribe","ticketTypeIds":["a b"]}', "validation_error", "ticketTypeIds.0"),
        (
            json.dumps({"action": "subscribe", "ticketTypeIds": ["tt", *[""] * 499]}),
            "validation_error",
            "ticketTypeIds.1",
        ),
        (json.dumps({"action": "subscribe", "ticketTypeIds": ["tt"] * 501}), "validation_error", "ticketTypeIds"),
    ],
)
async def test_a_message_that_makes_no_sense_is_answered_and_the_connection_goes_on(
    api: Api, text: str, code: str, field: str | None
) -> None:
    async with listening(api) as socket:
        await socket.send_str(text)
        [refused] = await hear_all(socket)
        assert (refused["type"], refused["code"]) == ("error", code)
        assert refused["message"]
        if field is not None:
            assert [each["field"] for each in refused["details"]] == [field]
        assert types_of(await watch(socket, "tt")) == ["availability"]


async def test_a_message_of_more_than_16_kib_is_too_large(api: Api) -> None:
    text = json.dumps({"action": "ping"})
    async with listening(api) as socket:
        await socket.send_str(text + " " * (16_384 - len(text)))
        assert types_of(await hear(socket)) == ["pong"]
        await socket.send_str(text + " " * (16_385 - len(text)))
        assert await end_of(socket) == 1009


async def test_binary_messages_end_the_connection(api: Api) -> None:
    async with listening(api) as socket:
        await socket.send_bytes(b'{"action":"ping"}')
        assert await end_of(socket) == 1003


async def test_bad_utf_8_ends_the_connection(api: Api) -> None:
    async with listening(api) as socket:
        await socket.send_frame(b"\xff\xfe", 1)  # type: ignore[arg-type]
        assert await end_of(socket) == 1007


async def test_who_sends_too_many_messages_is_disconnected(api: Api) -> None:
    async with listening(api) as socket, listening(api) as other:
        for _ in range(100):
            await socket.send_json({"action": "ping"})
        await hear(socket, 100)
        api.clock.advance(10_000)
        for _ in range(101):
            await socket.send_json({"action": "ping"})
        assert await end_of(socket) == 1008
        await api.reserve()
        assert types_of(await hear_all(other)) == ["reservation.created"]


@configured(rate_limit={"enabled": True})
async def test_an_address_may_ask_only_for_so_much(api: Api) -> None:
    async with listening(api, "a") as first, listening(api, "b") as second:
        for _ in range(9):
            await watch(first, *["tt"] * 500)
        assert await watch(second, *["tt"] * 480) != []
        await second.send_json({"action": "subscribe", "ticketTypeIds": ["tt"] * 30})
        [refused] = await hear(second)
        assert (refused["type"], refused["code"]) == ("error", "rate_limited")
        assert refused["details"] == {"budget": "watch-address", "retryAfterSeconds": 1}
        await first.send_str("{" + "," * 100)
        assert [each["code"] for each in await hear(first)] == ["rate_limited"]
        await api.reserve(session="b")
        assert types_of(await hear(second, 2)) == ["reservation.created", "availability"]
        api.clock.advance(10_000)
        assert types_of(await hear_all(first)) == ["availability"]


async def test_a_defect_ends_the_connection_and_not_the_service(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening(api) as socket:
        break_once(monkeypatch, api.backend.hub.topics, "subscribe")
        await socket.send_json({"action": "subscribe", "ticketTypeIds": ["tt"]})
        assert await end_of(socket) == 1011
    await eventually(lambda: api.backend.hub.open == 0)
    assert not api.backend.hub.topics._topics
    await api.reserve()


async def test_a_client_that_leaves_is_forgotten(api: Api) -> None:
    async with listening(api) as socket:
        await watch(socket, "tt")
        assert api.backend.hub.open == 1
    hub = api.backend.hub
    await eventually(lambda: hub.open == 0)
    assert not hub._listeners
    assert not hub._of_session
    assert not hub.topics._topics


async def test_a_client_whose_connection_breaks_is_forgotten(api: Api) -> None:
    async with listening(api) as socket:
        await watch(socket, "tt")
        transport = socket._conn.transport  # type: ignore[union-attr]
        assert transport is not None
        transport.abort()
        await eventually(lambda: api.backend.hub.open == 0)
    assert not api.backend.hub.topics._topics
    await api.reserve()


async def test_many_clients_come_and_go_while_there_is_much_to_tell(api: Api) -> None:
    await list_ticket_type(api.backend, "big", total=1_000)

    async def come_and_go(number: int) -> None:
        for _ in range(3):
            async with listening(api, f"s{number}") as socket:
                await watch(socket, "big")
                await api.reserve(session=f"s{number}", of="big")
                told = await hear_all(socket)
                assert sum(each["type"] == "reservation.created" for each in told) == 1
                seqs = [each["seq"] for each in told]
                assert seqs == sorted(seqs)

    await asyncio.gather(*(come_and_go(number) for number in range(20)))
    await eventually(lambda: api.backend.hub.open == 0)
