"""Clients that keep a connection and send next to nothing."""

import asyncio
import json
from contextlib import suppress

import pytest

from actor_ticketing.http.idle import IdleConnections
from support.service import eventually
from support.web import RESERVATIONS, Api, configured

BODY = json.dumps({"ticketTypeId": "tt", "quantity": 1, "sessionId": "s1"}).encode()
HEAD = (
    f"POST {RESERVATIONS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
).encode()


async def connect(api: Api) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(api.client.server.host, api.client.server.port)


@configured(server={"body_seconds": 0.2})
async def test_a_body_that_comes_letter_by_letter_is_refused_and_others_do_not_notice(api: Api) -> None:
    reader, writer = await connect(api)
    writer.write(HEAD)

    async def drip() -> None:
        for letter in BODY[:20]:
            writer.write(bytes([letter]))
            await asyncio.sleep(0.02)

    dripping = asyncio.create_task(drip())
    await api.reserve(session="meanwhile")
    async with asyncio.timeout(30):
        answer = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readuntil(b"}}")
    await dripping
    writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"\r\nConnection: close\r\n" in answer
    assert json.loads(body)["error"]["code"] == "request_timeout"
    assert await api.counters() == (10, 0, 1, 9)


async def test_a_body_in_two_pieces_is_fine(api: Api) -> None:
    reader, writer = await connect(api)
    writer.write(HEAD + BODY[:10])
    await eventually(lambda: bool(api.doors.reading))
    writer.write(BODY[10:])
    assert (await reader.readline()).startswith(b"HTTP/1.1 201 ")
    writer.close()


@pytest.mark.parametrize("begun", [b"", b"GET /livez HTTP/1.1\r\nHo", b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"])
async def test_a_connection_on_which_no_whole_request_comes_is_closed_in_time(api: Api, begun: bytes) -> None:
    reader, writer = await connect(api)
    writer.write(begun)
    if begun.endswith(b"\r\n\r\n"):
        await reader.readuntil(b"}}")
    server, idle = api.client.server.handler, IdleConnections()
    await eventually(lambda: any(each._waiter is not None for each in server.connections))
    assert idle.close_idle(server.connections, 100.0, 75) == 0
    assert idle.close_idle(server.connections, 174.9, 75) == 0
    assert idle.close_idle(server.connections, 175.0, 75) >= 1
    with suppress(ConnectionResetError):  # It is, where the beginning of a head was thrown away.
        async with asyncio.timeout(30):
            assert await reader.read() == b""
    writer.close()


async def test_a_connection_that_is_used_stays_open(api: Api) -> None:
    server, idle = api.client.server.handler, IdleConnections()
    for second in range(0, 500, 50):
        await api.call("GET", "/livez", status=200)
        await eventually(lambda: any(each._waiter is not None for each in server.connections))
        assert idle.close_idle(server.connections, float(second), 75) == 0
    await api.call("GET", "/livez", status=200)


async def test_a_request_that_is_being_handled_is_not_idle(api: Api) -> None:
    _, writer = await connect(api)
    writer.write(HEAD + BODY[:10])
    await eventually(lambda: bool(api.doors.reading))
    server, idle = api.client.server.handler, IdleConnections()
    busy = [each for each in server.connections if each._current_request is not None]
    assert idle.close_idle(busy, 0.0, 75) == idle.close_idle(busy, 1_000.0, 75) == 0
    writer.close()
