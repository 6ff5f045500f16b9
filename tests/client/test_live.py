"""The Python client's WebSocket, which comes back."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from pytest_aiohttp.plugin import AiohttpServer

from actor_ticketing.client import Refused, Retries, TicketClient
from actor_ticketing.wire.live import AvailabilityMessage, LiveMessage, ReservationMessage
from support.clients import Pauses, client_of
from support.service import eventually
from support.web import Api

PONG = {"type": "pong", "at": "2026-11-22T18:45:55.023Z"}


async def next_of(messages: AsyncGenerator[LiveMessage], number: int) -> list[LiveMessage]:
    async with asyncio.timeout(30):
        return [await anext(messages) for _ in range(number)]


class Stage:
    """A server that says what it is told to, one connection after the other, and hangs up each time.

    :ivar asked: the query of each connection, and what it had subscribed to.
    """

    def __init__(self, connections: Sequence[web.Response | Sequence[Any]]) -> None:
        self.connections = list(connections)
        self.asked: list[dict[str, str]] = []
        self.subscribed: list[Any] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.query))
        said = self.connections.pop(0)
        if isinstance(said, web.Response):
            return said
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.subscribed.append(await socket.receive_json())
        for message in said:
            await socket.send_json(message)
        await socket.close()
        return socket


@asynccontextmanager
async def listening_to(
    aiohttp_server: AiohttpServer, *connections: web.Response | Sequence[Any], pauses: Pauses
) -> AsyncIterator[tuple[AsyncGenerator[LiveMessage], Stage]]:
    stage = Stage(connections)
    app = web.Application()
    app.router.add_get("/api/public/ws", stage.answer)
    server = await aiohttp_server(app)
    client = TicketClient(str(server.make_url("/")), session_id="s1", retries=Retries(sleep=pauses))
    async with client, aclosing(client.live("tt")) as messages:
        yield messages, stage


async def test_it_tells_what_happens_and_what_is_left(api: Api) -> None:
    async with client_of(api) as shop, aclosing(shop.live("tt")) as messages:
        [first] = await next_of(messages, 1)
        assert isinstance(first, AvailabilityMessage)
        assert first.available == 10
        held = await shop.reserve("tt", 2)
        created = next(each for each in await next_of(messages, 2) if isinstance(each, ReservationMessage))
        assert (created.type, created.reservation.id) == ("reservation.created", held.reservation.id)


async def test_who_was_cut_off_is_told_what_was_missed(api: Api) -> None:
    async with client_of(api) as shop, aclosing(shop.live("tt")) as messages:
        await next_of(messages, 1)
        [connection] = api.backend.hub._listeners
        connection._transport.abort()  # type: ignore[attr-defined]
        await eventually(lambda: api.backend.hub.open == 0)
        made = [await shop.reserve("tt") for _ in range(2)]
        told = [each for each in await next_of(messages, 3) if isinstance(each, ReservationMessage)]
    assert [each.reservation.id for each in told] == [each.reservation.id for each in made]


async def test_each_connection_goes_on_where_the_last_has_ended(aiohttp_server: AiohttpServer) -> None:
    first, second = [{**PONG, "seq": 7}, {**PONG, "seq": 9}, {**PONG, "seq": 9}], [{**PONG, "seq": 12}]
    async with listening_to(aiohttp_server, first, second, pauses=Pauses()) as (messages, stage):
        assert [each.seq for each in await next_of(messages, 4)] == [7, 9, 9, 12]
    assert stage.asked == [{"sessionId": "s1"}, {"sessionId": "s1", "after": "9"}]
    assert stage.subscribed == [{"action": "subscribe", "ticketTypeIds": ["tt"]}] * 2


async def test_who_may_have_missed_something_is_told_to_reload(aiohttp_server: AiohttpServer) -> None:
    async with listening_to(aiohttp_server, [], [{**PONG, "seq": 3}], pauses=Pauses()) as (messages, stage):
        assert [each.type for each in await next_of(messages, 2)] == ["reload", "pong"]
    assert stage.asked == [{"sessionId": "s1"}] * 2


async def test_after_a_restored_backup_each_connection_goes_on_from_where_the_reload_said(
    aiohttp_server: AiohttpServer,
) -> None:
    restored = [{**PONG, "type": "reload", "seq": 5}, {**PONG, "seq": 6}]
    told = [{**PONG, "seq": 9}], restored, [{**PONG, "seq": 7}]
    async with listening_to(aiohttp_server, *told, pauses=Pauses()) as (messages, stage):
        assert [each.seq for each in await next_of(messages, 4)] == [9, 5, 6, 7]
    assert [query.get("after") for query in stage.asked] == [None, "9", "6"]


async def test_a_message_of_a_later_version_is_passed_over(aiohttp_server: AiohttpServer) -> None:
    said = [{**PONG, "type": "weather", "seq": 3}, {**PONG, "seq": 4, "more": "than is known"}]
    async with listening_to(aiohttp_server, said, pauses=Pauses()) as (messages, _):
        assert [each.seq for each in await next_of(messages, 1)] == [4]


async def test_a_service_that_is_busy_is_asked_again_when_it_says(aiohttp_server: AiohttpServer) -> None:
    busy, pauses = web.Response(status=503, headers={"Retry-After": "5"}), Pauses()
    starting = web.Response(status=429, headers={"Retry-After": "600"})
    async with listening_to(aiohttp_server, busy, starting, [{**PONG, "seq": 3}], pauses=pauses) as (messages, _):
        assert (await next_of(messages, 3))[-1].seq == 3
    assert 5 <= pauses[0] <= 6
    assert pauses[1] == 10


async def test_a_session_id_that_is_none_is_refused(api: Api) -> None:
    async with client_of(api, session="bad session!") as shop, aclosing(shop.live()) as messages:
        with pytest.raises(Refused) as refused:
            await anext(messages)
    assert (refused.value.status, refused.value.code) == (400, "validation_error")
    assert [each["field"] for each in refused.value.details] == ["sessionId"]


async def test_a_refusal_is_not_given_a_reason_that_belongs_to_another(aiohttp_server: AiohttpServer) -> None:
    failure = {"success": False, "message": "No.", "error": {"code": "upgrade_required"}}
    said = web.Response(status=403, headers={"X-Request-ID": "r-1"}), web.json_response(failure, status=426)
    async with listening_to(aiohttp_server, *said, pauses=Pauses()) as (messages, _):
        with pytest.raises(Refused) as refused:
            await anext(messages)
    assert (refused.value.status, refused.value.code, refused.value.request_id) == (403, "unknown", "r-1")


async def test_a_service_that_is_busy_is_not_asked_why(aiohttp_server: AiohttpServer) -> None:
    said = web.Response(status=429, headers={"Retry-After": "0"}), [{**PONG, "seq": 3}]
    async with listening_to(aiohttp_server, *said, pauses=Pauses()) as (messages, stage):
        await next_of(messages, 2)
    assert len(stage.asked) == 2
