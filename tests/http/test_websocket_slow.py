"""The WebSocket: clients that do not read, and the end of the service."""

import asyncio
import socket
from typing import Any

import pytest
from aiohttp import WSMsgType
from structlog.testing import capture_logs

from actor_ticketing.http.live import socket as live_socket
from support.live import WS, end_of, hear_all, listening
from support.service import eventually, hold
from support.web import Api, configured

HANDSHAKE = (
    f"GET {WS}?sessionId=lazy HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


async def lazy_client(api: Api) -> socket.socket:
    """A client of the session `lazy` that reads the answer to its handshake, and then nothing any more."""
    server: Any = api.client.server
    loop = asyncio.get_running_loop()
    plug = socket.socket()
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    plug.setblocking(False)
    await loop.sock_connect(plug, (server.host, server.port))
    await loop.sock_sendall(plug, HANDSHAKE.encode())
    assert (await loop.sock_recv(plug, 1_000)).startswith(b"HTTP/1.1 101")
    await eventually(lambda: "lazy" in api.backend.hub._of_session)
    return plug


async def tell_much(api: Api, session: str, *, until: Any) -> None:
    """Make and cancel holds, until something has happened."""
    for _ in range(2_000):
        held = await hold(api.backend, session=session)
        await api.cancel({"id": held.id}, session=session)
        if until():
            return
    raise AssertionError("it never happened")


@configured(websocket={"max_queued_messages": 16})
async def test_a_client_that_does_not_read_is_disconnected_and_the_others_go_on(api: Api) -> None:
    plug = await lazy_client(api)
    try:
        async with listening(api, "lazy") as other:
            heard = 0

            async def read() -> None:
                nonlocal heard
                async for message in other:
                    assert message.type is WSMsgType.TEXT
                    heard += 1

            reading = asyncio.create_task(read())
            hub = api.backend.hub
            await tell_much(api, "lazy", until=lambda: hub.statistics.dropped == 1)
            await eventually(lambda: hub.open == 1)
            reading.cancel()
            assert heard > 0
            told = hub.statistics.messages
            await hold(api.backend, session="lazy")
            assert hub.statistics.messages == told + 1
    finally:
        plug.close()


async def test_a_client_that_reads_slowly_gets_everything_in_order(api: Api) -> None:
    plug = await lazy_client(api)
    hub = api.backend.hub
    [connection] = hub._listeners
    try:
        await tell_much(api, "lazy", until=lambda: len(connection._queue) > 20)  # type: ignore[attr-defined]
        last = api.backend.box_office.board.seq
        received = b""
        async with asyncio.timeout(30):
            while f'"seq":{last},'.encode() not in received:
                received += await asyncio.get_running_loop().sock_recv(plug, 65_536)
        seqs = [int(part.split(b",")[0]) for part in received.split(b'"seq":')[1:]]
        assert seqs == list(range(3, last + 1))
        assert hub.statistics.dropped == 0
        assert connection._sender is None  # type: ignore[attr-defined]
    finally:
        plug.close()
    await eventually(lambda: hub.open == 0)


@pytest.mark.parametrize("is_behind", [False, True])
async def test_a_client_that_does_not_read_does_not_hold_the_end_up(api: Api, is_behind: bool) -> None:  # noqa: FBT001
    plug = await lazy_client(api)
    hub = api.backend.hub
    [connection] = hub._listeners
    try:
        if is_behind:
            await tell_much(api, "lazy", until=lambda: len(connection._queue) > 0)  # type: ignore[attr-defined]
        api.doors.drain(body_grace_seconds=1)
        async with asyncio.timeout(30):
            await api.client.server.close()  # type: ignore[union-attr]
        assert hub.open == 0
    finally:
        plug.close()


async def test_a_client_that_answers_no_ping_is_forgotten_with_all_that_waits_for_it(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_socket, "HEARTBEAT_SECONDS", 0.5)
    plug = await lazy_client(api)
    hub = api.backend.hub
    [connection] = hub._listeners
    try:
        # On a busy machine it is forgotten before so much was told that something waits.
        until = lambda: len(connection._queue) > 0 or hub.open == 0  # type: ignore[attr-defined]  # noqa: E731
        await tell_much(api, "lazy", until=until)
        await eventually(lambda: hub.open == 0)
        await eventually(lambda: connection._protocol.transport is None)  # type: ignore[attr-defined]
    finally:
        plug.close()


async def test_nothing_is_sent_after_the_end(api: Api) -> None:
    plug = await lazy_client(api)
    [connection] = api.backend.hub._listeners
    try:
        api.backend.hub.close()
        connection.send(b"something")
        received = b""
        while part := await asyncio.get_running_loop().sock_recv(plug, 1_000):
            received += part
            connection.send(b"something")
        assert received[0] == 0x88
        assert len(received) == 2 + received[1]
        assert int.from_bytes(received[2:4]) == 1001
    finally:
        plug.close()


async def test_a_shutdown_closes_the_sockets_by_itself(api: Api) -> None:
    async with listening(api) as first, listening(api) as second:
        assert await hear_all(first) == []
        ends = asyncio.gather(end_of(first), end_of(second))
        async with asyncio.timeout(30):
            await api.client.server.close()  # type: ignore[union-attr]
        assert await ends == [1001, 1001]


async def test_a_client_that_vanishes_is_no_defect_of_ours(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def vanish(_: object) -> None:
        raise ConnectionResetError

    with capture_logs() as lines:
        async with api.client.ws_connect(f"{WS}?sessionId=s1"):
            monkeypatch.setattr(live_socket.LiveSocket, "receive", vanish)
            async with api.client.ws_connect(f"{WS}?sessionId=s2") as gone:
                await end_of(gone)
    assert [line for line in lines if line["event"] == "live_failed"] == []
