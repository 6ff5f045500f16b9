"""nginx and Caddy with the configurations of deploy/, between a buyer and the real process."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import WSServerHandshakeError
from yarl import URL

from support.ports import free_port
from support.process import Service, list_stock
from support.proxies import PER_ADDRESS, Proxy, proxying
from support.web import RESERVATIONS

WS = "/api/public/ws"
SECRET = "a-session-nobody-may-read"
DESK = {
    "# allow 10.0.0.0/8;": "allow 127.0.1.0/24;",
    "# deny all;": "deny all;",
}
DESK_OF_CADDY = {
    "# @outside {": "@outside {",
    "# \tpath /admin": "path /admin",
    "# \tnot remote_ip 10.0.0.0/8": "not remote_ip 127.0.1.0/24",
    "# }\n": "}\n",
    "# respond @outside 403": "respond @outside 403",
}


def hold(session_id: str = "s") -> dict[str, Any]:
    return {"ticketTypeId": "tt", "quantity": 1, "sessionId": session_id}


async def closed(service: Service) -> None:
    """Wait until it listens no longer."""
    host, port = service.url.removeprefix("http://").split(":")
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, int(port))
            except ConnectionRefusedError:
                return
            writer.close()
            await asyncio.sleep(0.05)


async def test_a_buyer_reserves_through_it(proxy: Proxy, buyer: aiohttp.ClientSession) -> None:
    async with buyer.post(proxy.url + RESERVATIONS, json=hold()) as response:
        document = await response.json()
        assert (response.status, document["success"]) == (201, True)
        assert response.headers["Strict-Transport-Security"] == "max-age=31536000"


async def test_without_tls_there_is_nothing_but_the_way_to_it(proxy: Proxy, buyer: aiohttp.ClientSession) -> None:
    async with buyer.get(f"{proxy.plain}/readyz", allow_redirects=False) as response:
        assert response.status in (301, 308)
        assert response.headers["Location"].startswith("https://tickets.example.org")


async def test_a_web_socket_goes_through_and_what_the_service_refuses_comes_back(
    proxy: Proxy, buyer: aiohttp.ClientSession
) -> None:
    async with buyer.ws_connect(f"{proxy.url}{WS}?sessionId=listener") as socket:
        async with buyer.post(proxy.url + RESERVATIONS, json=hold("listener")) as response:
            reservation = (await response.json())["data"]["reservation"]
        heard = await socket.receive_json(timeout=20)
        assert reservation["id"] in str(heard)
        # The service has room for one: its 503 is passed on.
        with pytest.raises(WSServerHandshakeError) as refused:
            await buyer.ws_connect(f"{proxy.url}{WS}?sessionId=another")
        assert refused.value.status == 503


async def test_each_address_is_counted_by_itself_and_none_can_be_made_up(
    proxy: Proxy, address: str, buyer: aiohttp.ClientSession
) -> None:
    async def reserve(client: aiohttp.ClientSession, **headers: str) -> int:
        async with client.post(proxy.url + RESERVATIONS, json=hold(), headers=headers) as response:
            return response.status

    assert [await reserve(buyer) for _ in range(PER_ADDRESS + 1)] == [201] * PER_ADDRESS + [429]
    assert await reserve(buyer, **{"X-Forwarded-For": "203.0.113.9"}) == 429
    async with proxy.client(address.replace("127.0.0.", "127.0.2.")) as another:
        assert await reserve(another) == 201


@pytest.mark.parametrize("path", ["/metrics", "//metrics", "/%6detrics", "/metrics?x=1", "/api/../metrics"])
async def test_metrics_are_for_nobody_outside(
    proxy: Proxy, service: Service, buyer: aiohttp.ClientSession, path: str
) -> None:
    async with buyer.get(URL(proxy.url + path, encoded=True)) as response:
        assert response.status == 404
    async with aiohttp.ClientSession() as inside, inside.get(f"{service.url}/metrics") as response:
        assert response.status == 200


async def test_a_body_that_is_too_large_is_refused_in_the_words_of_the_service_and_a_huge_one_too(
    proxy: Proxy, buyer: aiohttp.ClientSession
) -> None:
    async with buyer.post(proxy.url + RESERVATIONS, data=BytesIO(bytes(300_000))) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (413, "body_too_large")
    async with buyer.post(proxy.url + RESERVATIONS, data=BytesIO(bytes(2_000_000))) as response:
        assert response.status == 413


async def test_no_log_has_a_session_in_it(kind: str, proxy: Proxy, tmp_path: Path) -> None:
    """Neither of what went well, nor of the errors while the service is away."""
    impatient = {"try_duration 10s": "try_duration 0s"} if kind == "caddy" else {}
    async with proxying(kind, tmp_path / "away", f"127.0.0.1:{free_port()}", impatient) as alone:
        for each, status in ((proxy, 404), (alone, 502)):
            async with each.client() as client:
                query, led_here = {"sessionId": SECRET}, {"Referer": f"{each.url}/?sessionId={SECRET}"}
                async with client.get(f"{each.url}{RESERVATIONS}/none", params=query, headers=led_here) as response:
                    assert response.status == status
                with pytest.raises(WSServerHandshakeError):
                    await client.ws_connect(f"{each.url}{WS}", params={"after": "x", **query})
            async with asyncio.timeout(30):
                while f"{RESERVATIONS}/none" not in each.logged() or WS not in each.logged():  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            assert SECRET not in each.logged()


async def test_the_desk_can_be_kept_to_a_network(kind: str, service: Service, tmp_path: Path) -> None:
    also = DESK if kind == "nginx" else DESK_OF_CADDY
    async with (
        proxying(kind, tmp_path / "home", service.url.removeprefix("http://"), also) as proxy,
        proxy.client("127.0.1.7") as inside,
        proxy.client("127.0.3.7") as outside,
    ):
        statuses = {}
        for path in ("/admin", "/admin/door", "/api/admin/events", "/administration", "/api/public/events"):
            for name, client in (("inside", inside), ("outside", outside)):
                async with client.get(proxy.url + path) as response:
                    statuses[path, name] = response.status
        assert {path for (path, name), status in statuses.items() if status == 403} == {
            "/admin",
            "/admin/door",
            "/api/admin/events",
        }
        assert {name for (_, name), status in statuses.items() if status == 403} == {"outside"}
        assert statuses["/api/public/events", "outside"] == 200


async def test_a_request_whose_body_arrives_too_late_for_a_stop_is_told_that_it_drains(tmp_path: Path) -> None:
    """nginx reads a body to its end before it asks the service, so this can only happen behind Caddy."""
    service = Service(data_dir=tmp_path)
    try:
        await service.start()
        async with (
            proxying("caddy", tmp_path / "home", service.url.removeprefix("http://")) as proxy,
            proxy.client() as buyer,
        ):
            arrives = asyncio.Event()

            async def body() -> AsyncIterator[bytes]:
                yield b'{"ticketTypeId": '
                await arrives.wait()
                yield b'"tt", "quantity": 1, "sessionId": "s"}'

            headers = {"Content-Type": "application/json"}
            asked = asyncio.create_task(buyer.post(proxy.url + RESERVATIONS, data=body(), headers=headers))
            await asyncio.sleep(0.5)  # The request has to be in the process before the signal is.
            stopped = asyncio.create_task(service.terminate())
            await closed(service)
            arrives.set()
            async with await asked as response:
                assert (response.status, (await response.json())["error"]["code"]) == (503, "draining")
            assert await stopped == 0
    finally:
        await service.stop()


async def test_behind_caddy_a_request_waits_for_a_restart(tmp_path: Path) -> None:
    service, port = Service(data_dir=tmp_path), free_port()
    try:
        await service.start("--port", str(port))
        async with aiohttp.ClientSession() as session:
            await list_stock(session, service.url, {"tt": 10})
        async with (
            # A machine that tests something else as well takes its time.
            proxying(
                "caddy", tmp_path / "home", f"127.0.0.1:{port}", {"try_duration 10s": "try_duration 60s"}
            ) as proxy,
            proxy.client() as buyer,
        ):
            assert await service.terminate() == 0
            asked = asyncio.create_task(buyer.post(proxy.url + RESERVATIONS, json=hold()))
            await asyncio.sleep(0.2)
            await service.start("--port", str(port))
            async with await asked as response:
                assert response.status in (201, 503), "not 502: the service answers, if only that it is not ready yet"
    finally:
        await service.stop()
