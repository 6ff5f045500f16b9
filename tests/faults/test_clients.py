"""Clients that vanish, do nothing, or do not read."""

import asyncio
import contextlib
import json
import socket
import struct
from urllib.parse import urlsplit

from support.stage import SECONDS, Stage, keyed, until
from support.web import RESERVATIONS

IDLE, SLOW = 2_000, 50
OF_A_SESSION = 10
PING = b"\x81\x92\0\0\0\0" + b'{"action": "ping"}'


async def connect(stage: Stage, request: str, *, receive_buffer: int | None = None) -> socket.socket:
    """A plain connection with a request on its way; nobody reads from it but the test."""
    address = urlsplit(stage.service.url)
    loop = asyncio.get_running_loop()
    opened = socket.socket()
    if receive_buffer is not None:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    opened.setblocking(False)
    await loop.sock_connect(opened, (address.hostname, address.port))
    await loop.sock_sendall(opened, request.encode())
    return opened


async def watch(stage: Stage, session_id: str, *, receive_buffer: int | None = None) -> socket.socket:
    """An open WebSocket of a session."""
    request = (
        f"GET /api/public/ws?sessionId={session_id} HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    opened = await connect(stage, request, receive_buffer=receive_buffer)
    assert (await asyncio.get_running_loop().sock_recv(opened, 1_000)).startswith(b"HTTP/1.1 101")
    return opened


async def test_a_client_that_is_gone_before_the_reply_finds_what_it_asked_for_under_its_key(stage: Stage) -> None:
    body = {"ticketTypeId": stage.ticket_type_id, "quantity": 2, "sessionId": "s", "expirationMinutes": 10.0}
    text = json.dumps(body)
    request = (
        f"POST {RESERVATIONS} HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n"
        f"Idempotency-Key: gone\r\nContent-Length: {len(text)}\r\n\r\n{text}"
    )
    stage.faults.now.sync_hangs = True
    gone = await connect(stage, request)
    await until(stage.is_hanging)
    gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    gone.close()
    stage.faults.end()
    first, again = [await stage.send("POST", RESERVATIONS, body, **keyed("gone")) for _ in range(2)]
    assert first.status == 201
    assert first == again
    assert await stage.stock() == (0, 2)
    assert [line for line in stage.log() if line["level"] == "error"] == []


async def test_2000_sockets_that_do_nothing_and_50_that_do_not_read_disturb_nobody(stage: Stage) -> None:
    loop = asyncio.get_running_loop()
    with contextlib.ExitStack() as stack:

        async def crowd(name: str, number: int, **options: int) -> list[socket.socket]:
            sessions = (f"{name}-{each // OF_A_SESSION}" for each in range(number))
            return [stack.enter_context(await watch(stage, session_id, **options)) for session_id in sessions]

        idle, slow = await crowd("idle", IDLE), await crowd("slow", SLOW, receive_buffer=4_096)
        lines = [{"ticketTypeId": stage.ticket_type_id, "quantity": 1}] * 20
        for number in range(150):
            session_id = f"slow-{number % (SLOW // OF_A_SESSION)}"
            made = await stage.send("POST", RESERVATIONS, {"reservations": lines, "sessionId": session_id})
            assert made.status == 201
        for each in slow:
            assert 0 < (await everything_from(each)).count(b'"type"') < 600
        for each in idle:
            await loop.sock_sendall(each, PING)
        for each in idle:
            assert b'"pong"' in await loop.sock_recv(each, 1_000)
    assert await stage.stock() == (0, 3_000)


async def everything_from(opened: socket.socket) -> bytes:
    """Read until the other side ends it."""
    read = b""
    with contextlib.suppress(ConnectionResetError):
        async with asyncio.timeout(SECONDS):
            while part := await asyncio.get_running_loop().sock_recv(opened, 65_536):
                read += part
    return read
