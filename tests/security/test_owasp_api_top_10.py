"""The OWASP API Security Top 10 (2023): for each item, an attack that would succeed without its defence.

https://owasp.org/API-Security/editions/2023/en/0x11-t10/. docs/security.md names the wider tests of each defence.
"""

import asyncio
import gzip
import json
import re
import socket
import time
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web
from pydantic import ValidationError

from actor_ticketing.config.sections import IssuerSettings
from actor_ticketing.domain.errors import Unauthenticated, Unavailable
from actor_ticketing.http.jwks import JwksKeys
from support.provider import RSA, KeyServer, jwk_of
from support.routes import ALL, template_of
from support.web import ADMIN_TOKEN, CLEANUP, RESERVATIONS, Api, configured, make_token, purchase_of

DOCUMENT = Path(__file__).parents[2] / "docs" / "http-api.md"
BODY = {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s1"}


async def test_api1_object_level_a_known_id_opens_nothing_without_its_proof(api: Api) -> None:
    held = await api.reserve()
    path = f"{RESERVATIONS}/{held['id']}"
    thief = {"sessionId": "thief"}
    await api.refused("GET", f"{path}?sessionId=thief", status=403)
    await api.refused("PATCH", path, {**thief, "additionalMinutes": 1}, status=403)
    await api.refused("DELETE", path, thief, status=403)
    buy, body = purchase_of(held, session="thief")
    await api.refused("POST", buy, body, token=make_token("thief"), status=403)
    assert await api.counters() == (10, 0, 1, 9)


async def test_api1_object_level_a_list_shows_only_ones_own(api: Api) -> None:
    await api.reserve(session="s1")
    mine = await api.reserve(session="s2")
    listed = await api.call("GET", f"{RESERVATIONS}?sessionId=s2", status=200)
    assert [each["id"] for each in listed["data"]] == [mine["id"]]


@pytest.mark.parametrize("algorithm", ["none", "HS384"])
async def test_api2_authentication_a_token_that_chooses_its_own_algorithm_is_none(api: Api, algorithm: str) -> None:
    claims = jwt.decode(make_token(role="admin"), options={"verify_signature": False})
    forged = jwt.encode(claims, None if algorithm == "none" else "x" * 48, algorithm=algorithm)
    await api.refused("GET", CLEANUP, token=forged, status=401, code="unauthenticated")


@configured(rate_limit={"enabled": True, "operator_per_address": "5/minute"})
async def test_api2_authentication_secrets_cannot_be_guessed_at_will(api: Api) -> None:
    answers = [(await api.send("GET", CLEANUP, token=f"guess-{number}")).status for number in range(8)]
    assert answers == [401] * 5 + [429] * 3


@pytest.mark.parametrize(
    "extra",
    [
        {"status": "CONVERTED"},
        {"unitPrice": 0},
        {"price": 0},
        {"userId": "victim"},
        {"expiresAt": "2099-01-01T00:00:00Z"},
        {"extensions": -5},
        {"role": "admin"},
    ],
)
async def test_api3_property_level_nobody_sets_what_is_not_theirs_to_set(api: Api, extra: dict[str, Any]) -> None:
    error = await api.refused("POST", RESERVATIONS, {**BODY, **extra}, status=400, code="validation_error")
    assert [each["field"] for each in error["details"]] == list(extra)
    assert await api.counters() == (10, 0, 0, 10)


async def test_api3_property_level_the_public_catalogue_shows_nobody_and_no_secret(api: Api) -> None:
    await api.buy(await api.reserve())
    for path in ("/api/public/events", "/api/public/events/ev", "/api/public/availability/tt"):
        text = await (await api.send("GET", path)).text()
        assert not re.search(r"sessionId|userId|Ada|example\.com|X123456|secret|token", text, re.IGNORECASE)


async def test_api4_resources_a_body_over_the_limit_is_not_even_read(api: Api) -> None:
    reader, writer = await asyncio.open_connection(api.client.server.host, api.client.server.port)
    head = (
        f"POST {RESERVATIONS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n"
    )
    writer.write(head.encode())
    async with asyncio.timeout(30):
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
    writer.close()


@pytest.mark.parametrize("path", [RESERVATIONS, "/no/such/route"])
async def test_api4_resources_a_compressed_body_is_not_unpacked(api: Api, path: str) -> None:
    unpacked: list[int] = []
    really = zlib.decompressobj

    class Watched:
        def __init__(self, *arguments: Any, **options: Any) -> None:
            self._really = really(*arguments, **options)
            unpacked.append(1)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._really, name)

    bomb = gzip.compress(b"0" * 5_000_000)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zlib, "decompressobj", Watched)
        response = await api.client.post(path, data=bomb, headers=headers, compress=None)
    assert response.status in {404, 415}
    assert unpacked == []


async def test_api4_resources_a_body_in_which_everything_is_wrong_is_not_told_all_of_it(api: Api) -> None:
    unknown = {f"field-{number}": 0 for number in range(10_000)}
    error = await api.refused("POST", RESERVATIONS, {**BODY, **unknown}, status=400, code="validation_error")
    assert [each["field"] for each in error["details"]] == ["body"]


async def test_api4_resources_no_more_holders_are_looked_at_than_one_hold_can_have(api: Api) -> None:
    held = await api.reserve()
    path, body = purchase_of(held, ticketHolders=[{"email": "x"}] * 60)
    error = await api.refused("POST", path, body, token=make_token(), status=400, code="validation_error")
    assert error["details"] == [{"field": "ticketHolders", "problem": "has too many entries"}]


@pytest.mark.parametrize("query", ["limit=101", "limit=1000000", "page=0", "limit=-1"])
async def test_api4_resources_a_page_has_an_end(api: Api, query: str) -> None:
    await api.refused("GET", f"/api/public/events?{query}", status=400)


async def test_api4_resources_heads_have_an_end(api: Api) -> None:
    many = "".join(f"X-{number}: {number}\r\n" for number in range(1_000))
    for head in (many, f"X: {'x' * 20_000}\r\n"):
        answer = await api.raw(f"GET /livez HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
        assert re.match(rb"HTTP/1\.[01] 400 ", answer), answer[:100]


@configured(rate_limit={"enabled": True, "read_per_address": "5/minute"})
async def test_api4_resources_nobody_takes_all_of_the_service(api: Api) -> None:
    answers = [(await api.send("GET", "/api/public/events")).status for _ in range(8)]
    assert answers == [200] * 5 + [429] * 3


async def test_api5_function_level_a_buyer_cannot_do_what_operators_do(api: Api) -> None:
    for route in ALL:
        if route.path.startswith("/api/admin/"):
            path = template_of(route).replace("{id}", "ev").replace("{code}", "AAAA-AAAA")
            await api.refused(route.method, path, {"total": 99}, token=make_token("buyer"), status=403)
    assert await api.counters() == (10, 0, 0, 10)


async def test_api5_function_level_another_method_is_no_way_in(api: Api) -> None:
    for method in ("PUT", "TRACE", "CONNECT", "DELETE"):
        response = await api.client.request(method, "/api/admin/events", headers={"X-HTTP-Method-Override": "GET"})
        assert response.status in {400, 404, 405}
    response = await api.send("POST", "/api/admin/events", headers={"X-Original-URL": "/livez"})
    assert response.status == 401


@configured(holds={"max_active_per_session": 2, "max_active_per_address": 3})
async def test_api6_business_flows_one_buyer_cannot_hold_the_house(api: Api) -> None:
    sessions = ("s1", "s1", "s1", "s2", "s3")
    answers = [(await api.send("POST", RESERVATIONS, {**BODY, "sessionId": each})).status for each in sessions]
    assert answers == [201, 201, 409, 201, 409]


@configured(rate_limit={"enabled": True, "abandon_per_address": "3/hour"})
async def test_api6_business_flows_nobody_keeps_stock_away_by_holding_it_again_and_again(api: Api) -> None:
    for number in range(3):
        await api.cancel(await api.reserve(session=f"s{number}"), session=f"s{number}")
    await api.refused("POST", RESERVATIONS, BODY, status=429, code="rate_limited")


@pytest.fixture
async def provider() -> AsyncIterator[KeyServer]:
    server = KeyServer()
    await server.start()
    yield server
    await server.close()


@pytest.mark.parametrize("member", ["jku", "x5u"])
async def test_api7_request_forgery_no_address_that_a_token_names_is_fetched(
    api: Api, provider: KeyServer, member: str
) -> None:
    claims = {"sub": "u", "iss": "actor-ticketing", "aud": "actor-ticketing", "exp": int(time.time()) + 600}
    token = jwt.encode(claims, RSA, "RS256", headers={"kid": "k1", member: provider.url})
    await api.refused("GET", RESERVATIONS, token=token, status=401)
    assert provider.fetches == 0


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "file:///etc/passwd", "gopher://x/", "http://keys.example"]
)
def test_api7_request_forgery_keys_are_only_fetched_over_tls(url: str) -> None:
    with pytest.raises(ValidationError, match="https://"):
        IssuerSettings(name="https://provider.example", jwks_url=url)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00:ec2::254]/latest/meta-data",
        "https://localhost/",
        "https://user@hooks.example/",
        "file:///etc/passwd",
    ],
)
async def test_api7_request_forgery_no_webhook_leads_into_our_own_network(api: Api, url: str) -> None:
    hook = {"name": "W", "url": url}
    await api.refused("POST", "/api/admin/webhooks", hook, token=ADMIN_TOKEN, status=400, code="validation_error")


async def test_api7_request_forgery_a_name_that_stands_for_our_own_network_is_not_connected_to(
    api: Api, provider: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(provider.url.rpartition(":")[2].partition("/")[0])
    hook = {"name": "W", "url": f"https://hooks.example:{port}/"}
    made = await api.call("POST", "/api/admin/webhooks", hook, token=ADMIN_TOKEN, status=201)
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: inside)
    path = f"/api/admin/webhooks/{made['data']['webhook']['id']}/test"
    tested = await api.call("POST", path, {}, token=ADMIN_TOKEN, status=200)
    assert tested["data"] == {"delivered": False, "reason": "address_refused"}
    assert provider.fetches == 0


async def test_api10_consumption_a_provider_that_sends_us_elsewhere_is_not_followed(provider: KeyServer) -> None:
    elsewhere = KeyServer()
    await elsewhere.start()
    keys = JwksKeys(provider.url, ["RS256"], cache_seconds=600)

    async def redirect() -> web.Response:
        return web.Response(status=302, headers={"Location": elsewhere.url})

    provider.answer = redirect
    with pytest.raises(Unavailable):
        await keys.find({"alg": "RS256", "kid": "k1"})
    assert (provider.fetches, elsewhere.fetches) == (1, 0)
    await elsewhere.close()


async def test_api10_consumption_a_provider_that_never_stops_is_cut_off(provider: KeyServer) -> None:
    keys = JwksKeys(provider.url, ["RS256"], cache_seconds=600)

    async def endless() -> web.Response:
        # The key in it would do, if anybody read that far.
        document = json.dumps({"keys": [jwk_of(RSA)], "and": " " * 3_000_000})
        return web.Response(text=document, content_type="application/json")

    provider.answer = endless
    with pytest.raises(Unavailable):
        await keys.find({"alg": "RS256", "kid": "k1"})


async def test_api10_consumption_a_published_secret_signs_nothing(provider: KeyServer) -> None:
    keys = JwksKeys(provider.url, ["HS256"], cache_seconds=600)
    provider.keys = [{"kty": "oct", "kid": "k1", "alg": "HS256", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXM"}]
    with pytest.raises(Unauthenticated):
        await keys.find({"alg": "HS256", "kid": "k1"})


async def test_api8_configuration_every_answer_tells_browsers_to_be_careful(api: Api) -> None:
    for path in ("/livez", "/api/public/events", "/no/such/route"):
        headers = (await api.send("GET", path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Server"] == "actor-ticketing"


async def test_api8_configuration_a_defect_shows_nothing_of_the_inside(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise LookupError("the secret inside")

    monkeypatch.setattr(api.backend.box_office.board, "event", broken)
    response = await api.send("GET", "/api/public/events/ev")
    text = await response.text()
    assert response.status == 500
    assert not re.search(r"Traceback|LookupError|the secret inside|\.py|line \d", text + str(response.headers))


async def test_api8_configuration_no_page_of_another_origin_reads_anything_unless_listed(api: Api) -> None:
    response = await api.send("GET", "/api/public/events", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in response.headers


def without_names(text: str) -> str:
    """The text with all parameters of paths called the same."""
    return re.sub(r"\{\w+\}", "{}", text)


async def test_api9_inventory_every_route_is_documented_and_none_else_exists(api: Api) -> None:
    documented = without_names(DOCUMENT.read_text(encoding="utf-8"))
    names = [f"{route.method} {template_of(route)}" for route in ALL]
    assert [name for name in names if f"`{without_names(name)}`" not in documented] == []
    for path in ("/debug", "/api/v1/events", "/api/internal", "/console", "/.git/config", "/api/users", "/livez/"):
        await api.refused("GET", path, token=ADMIN_TOKEN, status=404)
