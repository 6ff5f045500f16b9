"""SIGTERM: what is in flight is finished, and the process ends in time with status 0."""

import asyncio
import time

import aiohttp

from support.process import Service, list_stock


async def half_a_reservation(service: Service) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
    """Open a connection and send all of a request but the end of its body, which is returned."""
    host, port = service.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = b'{"ticketTypeId": "tt", "quantity": 1, "sessionId": "s"}'
    head = f"POST /api/public/reservations HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:20])
    await writer.drain()
    return reader, writer, body[20:]


async def test_an_idle_service_stops_at_once_with_status_0(service: Service, session: aiohttp.ClientSession) -> None:
    await service.start()
    await list_stock(session, service.url, {"tt": 10})
    started = time.monotonic()
    assert await service.terminate() == 0
    assert time.monotonic() - started < 10, "server.shutdown_seconds"


async def test_a_body_that_arrives_after_sigterm_gets_its_answer(
    service: Service, session: aiohttp.ClientSession
) -> None:
    await service.start()
    await list_stock(session, service.url, {"tt": 10})
    reader, writer, rest = await half_a_reservation(service)
    await asyncio.sleep(0.2)  # The request has to be in the process before the signal is.
    stopped = asyncio.create_task(service.terminate())
    await asyncio.sleep(0.3)
    writer.write(rest)
    answer = await reader.read()
    assert answer.startswith((b"HTTP/1.1 201", b"HTTP/1.1 503"))
    assert await stopped == 0
    writer.close()


async def test_a_body_that_never_arrives_gets_a_503_and_does_not_hold_the_stop_up(
    service: Service, session: aiohttp.ClientSession
) -> None:
    service.environment = {"ACTOR_TICKETING_SERVER__SHUTDOWN_SECONDS": "2"}
    await service.start()
    await list_stock(session, service.url, {"tt": 10})
    reader, writer, _ = await half_a_reservation(service)
    await asyncio.sleep(0.2)  # The request has to be in the process before the signal is.
    assert await service.terminate() == 0
    assert (await reader.read()).startswith(b"HTTP/1.1 503")
    writer.close()


async def test_a_second_sigterm_changes_nothing(service: Service) -> None:
    await service.start()
    first, second = asyncio.create_task(service.terminate()), asyncio.create_task(service.terminate())
    assert await first == await second == 0


async def test_a_hundred_open_sockets_are_told_and_do_not_hold_the_stop_up(
    service: Service, session: aiohttp.ClientSession
) -> None:
    await service.start()
    await list_stock(session, service.url, {"tt": 10})
    sockets = [await session.ws_connect(f"{service.url}/api/public/ws?sessionId=s{number}") for number in range(100)]
    for socket in sockets:
        await socket.send_json({"action": "subscribe", "ticketTypeIds": ["tt"]})
        assert (await socket.receive_json(timeout=5))["type"] == "availability"
    started = time.monotonic()
    stopped = asyncio.create_task(service.terminate())
    for socket in sockets:
        await socket.receive(timeout=10)
        assert socket.close_code == 1001
    assert await stopped == 0
    assert time.monotonic() - started < 10, "server.shutdown_seconds"
