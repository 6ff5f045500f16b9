"""The Python client when answers are lost, or the service asks to come back later."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from pytest_aiohttp.plugin import AiohttpServer

from actor_ticketing.client import ClientError, Refused, Retries, TicketClient, Unavailable, Unreachable, Unreadable
from support.clients import Pauses, client_of
from support.ports import keep_port, number_of
from support.web import Api

SESSION = {"success": True, "data": {"sessionId": "s1"}}
BUSY = {"success": False, "message": "Later.", "error": {"code": "overloaded"}}


class Door:
    """A server that does as it is told, request by request: ``None`` cuts the connection without an answer."""

    def __init__(self, answers: Sequence[web.Response | None]) -> None:
        self.answers = list(answers)
        self.heard: list[tuple[str | None, bytes]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.heard.append((request.headers.get("Idempotency-Key"), await request.read()))
        answer = self.answers.pop(0)
        if answer is None:
            assert request.transport is not None
            request.transport.abort()
            raise web.HTTPInternalServerError
        return answer


def says(document: Any, status: int = 200, **headers: str) -> web.Response:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return web.json_response(document, status=status, headers=named)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def knock(aiohttp_server: AiohttpServer, pauses: Pauses) -> Callable[..., Any]:
    """Open a client at a door that gives these answers."""

    @asynccontextmanager
    async def open_it(*answers: web.Response | None) -> AsyncIterator[tuple[TicketClient, Door]]:
        door = Door(answers)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", door.answer)
        server = await aiohttp_server(app)
        async with TicketClient(str(server.make_url("/")), retries=Retries(sleep=pauses)) as client:
            yield client, door

    return open_it


async def test_what_is_sent_again_is_the_same_request_with_the_same_key(knock: Any) -> None:
    async with knock(None, says(BUSY, 503), says(SESSION, 201)) as (client, door):
        assert await client.start_session() == "s1"
    assert len(set(door.heard)) == 1
    assert len(door.heard) == 3
    assert door.heard[0][0]


async def test_each_call_has_a_key_of_its_own(knock: Any) -> None:
    async with knock(says(SESSION, 201), says(SESSION, 201)) as (client, door):
        await client.start_session()
        await client.start_session()
    assert len({key for key, _ in door.heard}) == 2


async def test_what_is_no_ticket_service_is_not_asked_again(knock: Any) -> None:
    async with knock(says({"success": True, "data": {}})) as (client, door):
        with pytest.raises(Unreadable):
            await client.availability("tt")
    assert [key for key, _ in door.heard] == [None]


async def test_it_waits_as_long_as_the_service_asks(knock: Any, pauses: Pauses) -> None:
    async with knock(says(BUSY, 429, Retry_After="7"), says(BUSY, 503, Retry_After="2"), says(SESSION, 201)) as (
        client,
        _,
    ):
        await client.start_session()
    assert 7 <= pauses[0] <= 8
    assert 2 <= pauses[1] <= 3


async def test_a_service_that_asks_for_too_long_a_wait_is_not_waited_for(knock: Any, pauses: Pauses) -> None:
    async with knock(says(BUSY, 429, Retry_After="3600")) as (client, _):
        with pytest.raises(Unavailable) as refused:
            await client.start_session()
    assert (refused.value.seconds, refused.value.code, pauses) == (3600, "overloaded", [])


async def test_pauses_grow_up_to_a_limit_and_then_it_gives_up(knock: Any, pauses: Pauses) -> None:
    async with knock(*[says(BUSY, 503) for _ in range(8)]) as (client, door):
        with pytest.raises(Unavailable):
            await client.start_session()
    assert (len(door.heard), len(pauses)) == (8, 7)
    assert all(0.1 * 2**number <= pause <= 0.2 * 2**number for number, pause in enumerate(pauses[:6]))
    assert pauses[6] <= 10


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422])
async def test_a_no_is_a_no(knock: Any, status: int) -> None:
    async with knock(says(BUSY, status)) as (client, door):
        with pytest.raises(Refused) as refused:
            await client.start_session()
    assert (refused.value.status, len(door.heard)) == (status, 1)
    assert not isinstance(refused.value, Unavailable)


@pytest.mark.parametrize("status", [502, 504])
async def test_a_proxy_that_has_lost_the_service_is_asked_again(knock: Any, status: int) -> None:
    async with knock(web.Response(text="<h1>Oh", status=status), says(SESSION, 201)) as (client, _):
        assert await client.start_session() == "s1"


async def test_a_defect_that_leaves_open_what_became_of_it_is_settled_by_the_key(knock: Any) -> None:
    broken = {"success": False, "message": "Oh.", "error": {"code": "internal_error"}}
    async with knock(says(broken, 500), says(SESSION, 201)) as (client, door):
        assert await client.start_session() == "s1"
    assert len(set(door.heard)) == 1


async def test_a_defect_that_stays_is_no_refusal(knock: Any) -> None:
    async with knock(*[web.Response(status=500, headers={"X-Request-ID": "r7"}) for _ in range(8)]) as (client, _):
        with pytest.raises(Unreachable, match="500, request r7"):
            await client.start_session()


async def test_an_account_is_not_made_twice_after_a_defect(knock: Any) -> None:
    async with knock(web.Response(status=500)) as (client, door):
        with pytest.raises(Unreachable):
            await client.register("ada@example.com", "correct horse battery")
    assert len(door.heard) == 1


async def test_an_answer_that_breaks_off_is_asked_for_again(knock: Any) -> None:
    cut = web.Response(text=json.dumps(SESSION), headers={"Content-Length": "4000"})
    async with knock(cut, says(SESSION, 201)) as (client, door):
        door.answers[0].force_close()
        assert await client.start_session() == "s1"


async def test_a_refresh_token_is_not_sent_twice(knock: Any) -> None:
    async with knock(None) as (client, door):
        with pytest.raises(Unreachable):
            await client.refresh("once")
    assert len(door.heard) == 1


async def test_where_nobody_listens_it_gives_up_in_the_end(pauses: Pauses) -> None:
    with keep_port() as silent:
        async with TicketClient(f"http://127.0.0.1:{number_of(silent)}", retries=Retries(sleep=pauses)) as client:
            with pytest.raises(Unreachable):
                await client.refresh("never sent, so no harm is done by trying again")
    assert len(pauses) == 7


async def test_an_account_that_was_made_is_not_made_twice_when_the_answer_is_lost(knock: Any) -> None:
    async with knock(None) as (client, door):
        with pytest.raises(ClientError):
            await client.register("ada@example.com", "correct horse battery")
    assert len(door.heard) == 1


@pytest.mark.parametrize("call", [TicketClient.start_session, lambda client: anext(client.live())])
async def test_what_does_not_even_speak_http_is_unreadable(call: Callable[[TicketClient], Awaitable[Any]]) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with TicketClient(f"http://127.0.0.1:{port}", session_id="s1") as client:
            with pytest.raises(Unreadable):
                await call(client)


class DeafLine:
    """Carries bytes to a service and back, and loses the first answers: the request arrives, nothing returns."""

    def __init__(self, host: str, port: int, losing: int) -> None:
        self._address = (host, port)
        self.losing = losing

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to, back = await asyncio.open_connection(*self._address)
        try:
            back.write(await reader.read(65_536))
            answer = await to.read(65_536)
            if self.losing:
                self.losing -= 1
            else:
                writer.write(answer)
                await writer.drain()
        finally:
            for each in (back, writer):
                each.close()


async def test_a_hold_whose_answers_were_lost_is_one_hold(api: Api, pauses: Pauses) -> None:
    line = DeafLine(api.client.server.host, api.client.server.port, losing=3)
    async with await asyncio.start_server(line, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        async with TicketClient(url, session_id="s1", retries=Retries(sleep=pauses)) as shop:
            held = await shop.reserve("tt", 2)
    assert len(pauses) == 3
    assert await api.counters() == (10, 0, 2, 8)
    async with client_of(api) as direct:
        assert [each.id for each in (await direct.reservations()).data] == [held.reservation.id]
