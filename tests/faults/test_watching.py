"""WebSockets of the real process, on its own event loop."""

import asyncio
import socket
from collections.abc import Mapping
from typing import Any

import aiohttp

from support.process import Service, list_stock

RESERVATIONS = "/api/public/reservations"


async def reserve(session: aiohttp.ClientSession, service: Service, holder: str, lines: int = 1) -> None:
    body = {"reservations": [{"ticketTypeId": "tt", "quantity": 1}] * lines, "sessionId": holder}
    async with session.post(service.url + RESERVATIONS, json=body) as response:
        assert response.status == 201


async def messages(
    session: aiohttp.ClientSession, service: Service, number: int, **query: Any
) -> list[Mapping[str, Any]]:
    """The first messages on a new socket of the session `s`."""
    async with session.ws_connect(f"{service.url}/api/public/ws", params={"sessionId": "s", **query}) as opened:
        return [await opened.receive_json(timeout=10) for _ in range(number)]


async def test_after_a_crash_clients_get_what_they_have_missed(
    service: Service, session: aiohttp.ClientSession
) -> None:
    await service.start()
    await list_stock(session, service.url, {"tt": 100})
    async with session.ws_connect(f"{service.url}/api/public/ws?sessionId=s") as opened:
        await reserve(session, service, "s", lines=2)
        seen = [await opened.receive_json(timeout=10) for _ in range(2)]
        await opened.close()
    for _ in range(3):
        await reserve(session, service, "other")
        await reserve(session, service, "s")
    await service.kill()
    await service.start()
    await reserve(session, service, "s")
    told = await messages(session, service, 4, after=seen[0]["seq"] + 1)
    assert [each["type"] for each in told] == ["reservation.created"] * 4
    assert [each["seq"] for each in told] == [6, 8, 10, 11]
    assert (await messages(session, service, 1, after=seen[0]["seq"]))[0]["seq"] == seen[1]["seq"]


async def test_a_client_that_does_not_read_is_disconnected_and_the_others_go_on(
    service: Service, session: aiohttp.ClientSession
) -> None:
    service.environment = {"ACTOR_TICKETING_WEBSOCKET__MAX_QUEUED_MESSAGES": "16"}
    await service.start()
    await list_stock(session, service.url, {"tt": 10_000})
    host, port = service.url.removeprefix("http://").split(":")
    loop = asyncio.get_running_loop()
    with socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        lazy.setblocking(False)
        await loop.sock_connect(lazy, (host, int(port)))
        handshake = (
            f"GET /api/public/ws?sessionId=s HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        await loop.sock_sendall(lazy, handshake.encode())
        assert (await loop.sock_recv(lazy, 1_000)).startswith(b"HTTP/1.1 101")
        async with session.ws_connect(f"{service.url}/api/public/ws?sessionId=s") as other:
            for _ in range(60):
                await reserve(session, service, "s", lines=20)
                told = [await other.receive_json(timeout=10) for _ in range(20)]
                assert [each["type"] for each in told] == ["reservation.created"] * 20
            with_end = b""
            try:
                async with asyncio.timeout(30):
                    while part := await loop.sock_recv(lazy, 65_536):
                        with_end += part
            except ConnectionResetError:
                pass
            assert with_end.count(b'"type"') < 1_200
    assert await service.terminate() == 0
