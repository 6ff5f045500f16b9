"""The WebSocket's handshake: who gets in."""

from typing import Any

import pytest
from aiohttp import ClientError, WSServerHandshakeError

from actor_ticketing.http.context import Doors
from actor_ticketing.http.live.socket import LiveSocket
from support.live import WS, end_of, hear_all, listening
from support.service import eventually
from support.web import Api, configured, failure_of, fields_of

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


async def refused(api: Api, query: str = "?sessionId=s1", *, status: int, code: str, **headers: str) -> Any:
    """Send a handshake that has to be turned down, and return the error and the headers."""
    sent = {**UPGRADE, **{name.replace("_", "-"): value for name, value in headers.items()}}
    response = await api.send("GET", WS + query, headers={name: value for name, value in sent.items() if value})
    return await failure_of(response, status=status, code=code), response.headers


async def test_the_handshake_carries_the_request_id(api: Api) -> None:
    async with api.client.ws_connect(f"{WS}?sessionId=s1", headers={"X-Request-ID": "r-1"}) as socket:
        assert socket._response.headers["X-Request-ID"] == "r-1"
        assert socket._response.headers["Server"] == "actor-ticketing"
        assert await hear_all(socket) == []


async def test_nothing_is_compressed(api: Api) -> None:
    async with api.client.ws_connect(f"{WS}?sessionId=s1", compress=15) as socket:
        assert not socket.compress


@pytest.mark.parametrize("query", ["", "?sessionId=", "?sessionId=a%20b", "?sessionId=%00", f"?sessionId={'x' * 129}"])
@pytest.mark.parametrize("upgrade", ["websocket", ""])
async def test_it_needs_a_session_id(api: Api, query: str, upgrade: str) -> None:
    error, _ = await refused(api, query, status=400, code="validation_error", Upgrade=upgrade)
    assert fields_of(error) == {"sessionId"}


@pytest.mark.parametrize("after", ["", "-1", "1.0", "x", "%2B1", "1" * 19, "٣"])
async def test_after_is_a_position(api: Api, after: str) -> None:
    error, _ = await refused(api, f"?sessionId=s1&after={after}", status=400, code="validation_error")
    assert fields_of(error) == {"after"}


@pytest.mark.parametrize("headers", [{"Upgrade": ""}, {"Upgrade": "h2c"}, {"Sec_WebSocket_Version": "12"}])
async def test_it_speaks_nothing_else(api: Api, headers: dict[str, str]) -> None:
    _, answered = await refused(api, status=426, code="upgrade_required", **headers)
    assert answered["Upgrade"] == "websocket"
    assert answered["Sec-WebSocket-Version"] == "13"


async def test_head_is_no_handshake(api: Api) -> None:
    response = await api.send("HEAD", f"{WS}?sessionId=s1", headers=UPGRADE)
    assert response.status == 426


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_other_methods_are_not_allowed(api: Api, method: str) -> None:
    response = await api.send(method, f"{WS}?sessionId=s1")
    await failure_of(response, status=405, code="method_not_allowed")
    assert "GET" in response.headers["Allow"]


@pytest.mark.parametrize(
    "headers", [{"Sec_WebSocket_Key": "short"}, {"Sec_WebSocket_Key": ""}, {"Connection": "close"}]
)
async def test_a_broken_handshake_is_a_bad_request(api: Api, headers: dict[str, str]) -> None:
    await refused(api, status=400, code="bad_request", **headers)
    assert api.backend.hub.open == 0


@configured(server={"allowed_origins": ("https://shop.example",)})
async def test_our_own_pages_need_not_be_listed(api: Api) -> None:
    server = api.client.server
    async with api.client.ws_connect(f"{WS}?sessionId=s1", origin=f"http://{server.host}:{server.port}") as socket:
        assert not socket.closed
    await refused(api, status=403, code="forbidden", Origin=f"http://{server.host}")


@configured(server={"allowed_origins": ("https://shop.example",)})
async def test_pages_of_other_origins_may_not_connect(api: Api) -> None:
    for origin in ("https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null"):
        await refused(api, status=403, code="forbidden", Origin=origin)
    for origin in ("https://shop.example", "HTTPS://Shop.Example"):
        async with api.client.ws_connect(f"{WS}?sessionId=s1", origin=origin) as socket:
            assert await hear_all(socket) == []
    async with listening(api) as socket:
        assert await hear_all(socket) == []


async def test_without_a_list_of_origins_any_page_may_connect(api: Api) -> None:
    async with api.client.ws_connect(f"{WS}?sessionId=s1", origin="https://anywhere.example") as socket:
        assert await hear_all(socket) == []


@configured(websocket={"max_per_session": 2})
async def test_a_session_has_so_many_connections(api: Api) -> None:
    async with listening(api), listening(api):
        error, headers = await refused(api, status=429, code="too_many_connections")
        assert error["details"] == {"limit": 2, "scope": "session"}
        assert int(headers["Retry-After"]) > 0
        assert headers["RateLimit-Policy"] == '"session-connections";q=2'
        assert headers["RateLimit"].startswith('"session-connections";r=0;t=')
        async with listening(api, "other") as socket:
            assert await hear_all(socket) == []
    await eventually(lambda: api.backend.hub.open == 0)
    async with listening(api) as socket:
        assert await hear_all(socket) == []


@configured(websocket={"max_per_address": 2})
async def test_an_address_has_so_many_connections(api: Api) -> None:
    async with listening(api, "a"), listening(api, "b"):
        error, headers = await refused(api, status=429, code="too_many_connections")
        assert error["details"] == {"limit": 2, "scope": "address"}
        assert int(headers["Retry-After"]) > 0


@configured(websocket={"max_connections": 2})
async def test_there_are_so_many_connections_in_all(api: Api) -> None:
    async with listening(api, "a"), listening(api, "b"):
        _, headers = await refused(api, status=503, code="overloaded")
        assert int(headers["Retry-After"]) > 0


async def test_before_recovery_is_done_nobody_gets_in(api: Api) -> None:
    backend, api.doors.backend = api.doors.backend, None
    await refused(api, status=503, code="unavailable")
    api.doors.backend = backend


async def test_when_the_service_stops_sockets_close_and_no_more_get_in(api: Api) -> None:
    doors: Doors = api.doors
    async with listening(api) as first, listening(api, "b", after=0) as second:
        doors.drain(body_grace_seconds=1)
        assert [await end_of(socket) for socket in (first, second)] == [1001, 1001]
    await refused(api, status=503, code="draining")
    with pytest.raises(WSServerHandshakeError):
        await api.client.ws_connect(f"{WS}?sessionId=s1")


async def test_a_client_that_goes_during_the_handshake_is_no_error(
    api: Api, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    async def go(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as broken:
        broken.setattr(LiveSocket, "prepare", go)
        with pytest.raises(ClientError):
            await api.client.ws_connect(f"{WS}?sessionId=s1")
    await eventually(lambda: api.backend.hub.open == 0)
    assert "request_failed" not in "".join(capfd.readouterr())
    async with listening(api) as socket:
        assert await hear_all(socket) == []
