"""No body, on whatever route, is answered with a 500 or changes the stock."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from support.routes import SAFE, UNSAFE, VALID, name_of, path_of, send_raw, template_of
from support.web import ADMIN_TOKEN, Api, failure_of

DEEP = b"[" * 5_000 + b"]" * 5_000
NEVER_VALID = [
    b"{", b"nope", b"\xff\xfe\x00", b'"\xed\xa0\x80"', b'{"sessionId":"\\ud800"}', b"null", b"true", b"1", b'"x"',
    b"[]", b"[[]]", b"NaN", b"1e999", b"-Infinity", b"9" * 5_000, DEEP, b'{"unknown":1}', b'{"__proto__":{}}',
    b'{"":""}', b'{"sessionId":NaN}', b'{"sessionId":{}}', b'{"sessionId":[["s1"]]}', b'{"metadata":' + DEEP + b"}",
    b'{"reservations":[{"ticketTypeId":"tt","quantity":' + b"9" * 4_000 + b"}]}", b"{" + b'"a":1,' * 10_000 + b'"b":2}',
    b'{"quantity":1e999,"ticketTypeId":"tt"}', b'{"title":"\\u0000","venue":"\\u0000"}', b"\x1f\x8b\x08garbage",
]  # fmt: skip

HOSTILE = [
    float("nan"), float("inf"), -1, 0, 0.1, 1e308, 5e-324, 10**18, 10**400, -(10**400), True, None, "", "1",
    "x" * 5_000, "\u0000", "\u202e", "😀" * 100, "'; DROP TABLE reservations; --", "\ud800", [], [[]], {}, [None],
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", {"a": {"b": [float("inf")]}}, list(range(2_000)),
    json.loads("[" * 150 + "]" * 150),
]  # fmt: skip


def mutations_of(document: Any) -> Iterator[Any]:
    """The document with each of its leaves and branches replaced by each hostile value."""
    yield from HOSTILE
    if isinstance(document, dict):
        for name, value in document.items():
            yield {other: each for other, each in document.items() if other != name}
            for changed in mutations_of(value):
                yield {**document, name: changed}
    elif isinstance(document, list):
        for position, value in enumerate(document[:1]):
            for changed in mutations_of(value):
                yield [*document[:position], changed, *document[position + 1 :]]


@pytest.mark.parametrize("route", UNSAFE, ids=name_of)
async def test_a_hostile_body_is_refused_in_the_one_shape(api: Api, route: web.RouteDef) -> None:
    held = await api.reserve(2)
    seq = api.backend.box_office.board.seq
    for body in NEVER_VALID:
        response = await send_raw(api, route, path_of(route, held), body)
        assert 400 <= response.status < 500, (response.status, body[:80])
        await failure_of(response, status=response.status)
    assert await api.counters() == (10, 0, 2, 8)
    assert api.backend.box_office.board.seq == seq


@pytest.mark.parametrize("route", [route for route in UNSAFE if template_of(route) in VALID], ids=name_of)
async def test_a_hostile_value_in_whatever_field_is_no_error_of_ours(api: Api, route: web.RouteDef) -> None:
    held = await api.reserve(2)
    for document in VALID[template_of(route)]:
        for changed in mutations_of(json.loads(json.dumps(document).replace("{id}", held["id"]))):
            body = json.dumps(changed).encode()
            response = await send_raw(api, route, path_of(route, held), body)
            assert response.status < 500, (response.status, body[:300])
            if response.status >= 400:
                await failure_of(response, status=response.status)
    total, sold, reserved, available = await api.counters()
    assert total == sold + reserved + available
    assert (await api.send("GET", "/api/admin/events", token=ADMIN_TOKEN)).status == 200


@pytest.mark.parametrize("route", SAFE, ids=name_of)
async def test_a_hostile_query_or_body_of_a_get_is_no_error_of_ours(api: Api, route: web.RouteDef) -> None:
    held = await api.reserve(2)
    names = ("page", "limit", "sessionId", "after")
    values = ("", "NaN", "-1", "9" * 400, "%00", "%ED%A0%80", "%FF", "%", "a&a=b", "[]", "😀")
    for query in [f"{name}={value}" for name in names for value in values]:
        response = await send_raw(api, route, f"{path_of(route, held)}?{query}", b"{")
        assert response.status < 500, query
        if response.status >= 400:
            await failure_of(response, status=response.status)
    assert await api.counters() == (10, 0, 2, 8)
