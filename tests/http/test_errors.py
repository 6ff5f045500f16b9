"""One shape for every failure, on every route."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator

import pytest

from support.web import ADMIN_TOKEN, RESERVATIONS, Api, failure_of, fields_of, make_token

JSON = {"Content-Type": "application/json"}
PROBLEM = {"Accept": "application/problem+json"}
BODY = {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s1"}
NO_JSON = [
    b"", b"{", b'{"a":}', b"nope", b"'x'", b'{"a":1}{"b":2}', b"{'a':1}", b'{"a":1,}', b"// c\n{}", b'{"a":"\x01"}',
    b'{"a":"\\ud800"}', b'{"a":"\\x"}', b"\xff\xfe{}", b'{"a":"\xed\xa0\x80"}', b'{"a":"\xff"}', b"\xef\xbb\xbf{}",
    b"[" * 100_000, b'{"metadata":' + b'{"a":' * 50_000, b'{"a":-}', b'{"a":01}', b'{"a":+1}', b'{"a":0x1}',
]  # fmt: skip


def parts_of(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers by lower-case name, and body of an answer as it came over the wire."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split()[1]), headers, body


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/index.html", "/events", "/static", "/api", "/api/public/reservations/", "/api/public/events/a/b",
     "/api/public/events/%2F", "/api/public/events/%00", "/api/public/events/%ED%A0%80", "/api/public/availability/",
     "/%FF"],
)  # fmt: skip
async def test_an_unknown_address_is_not_found(api: Api, path: str) -> None:
    answer = await api.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    status, headers, body = parts_of(answer)
    document = json.loads(body)
    assert (status, document["success"], document["error"]["code"]) == (404, False, "route_not_found")
    assert headers["x-request-id"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", RESERVATIONS, {"GET", "POST"}),
        ("POST", f"{RESERVATIONS}/r", {"GET", "DELETE", "PATCH"}),
        ("GET", f"{RESERVATIONS}/r/purchase", {"POST"}),
        ("DELETE", "/api/public/events", {"GET"}),
        ("POST", "/api/cron/cleanup-reservations", {"GET"}),
        ("OPTIONS", "/livez", {"GET"}),
        ("PROPFIND", "/livez", {"GET"}),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(api: Api, method: str, path: str, allowed: set[str]) -> None:
    response = await api.client.request(method, path)
    await failure_of(response, status=405, code="method_not_allowed")
    assert {each.strip() for each in response.headers["Allow"].split(",")} - {"HEAD"} == allowed


@pytest.mark.parametrize(
    "request_line",
    [b"BREW /livez HTTP/1.1\r\nHost: x", b"GET /livez HTTP/1.1\r\nHost x", b"GET /livez HTTP/9.9\r\nHost: x",
     b"GET /livez HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9_000, b"GET http://[::1/livez HTTP/1.1\r\nHost: x"],
    ids=["method nobody knows", "header without colon", "protocol version", "header too long", "broken address"],
)  # fmt: skip
async def test_what_is_no_http_fails_in_the_one_shape_too(api: Api, request_line: bytes) -> None:
    status, headers, body = parts_of(await api.raw(request_line + b"\r\nConnection: close\r\n\r\n"))
    assert status in {400, 405, 431, 505}
    assert headers["content-type"].startswith("application/json"), body
    assert json.loads(body)["success"] is False
    assert headers["x-request-id"]


async def test_an_expectation_that_cannot_be_met_fails_in_the_one_shape(api: Api) -> None:
    response = await api.client.request("POST", "/api/public/sessions", headers={"Expect": "miracles"})
    assert response.content_type == "application/json", await response.text()
    await failure_of(response, status=417)


async def test_what_is_no_json_is_refused(api: Api) -> None:
    for body in NO_JSON:
        response = await api.client.post(RESERVATIONS, data=body, headers=JSON)
        await failure_of(response, status=400, code="malformed_json")


async def test_of_duplicate_keys_the_last_counts(api: Api) -> None:
    body = b'{"ticketTypeId":"tt","quantity":"many","quantity":3,"sessionId":"s2","sessionId":"s1"}'
    response = await api.client.post(RESERVATIONS, data=body, headers=JSON)
    reservation = (await response.json())["data"]["reservation"]
    assert (reservation["quantity"], reservation["sessionId"]) == (3, "s1")
    response = await api.client.post(RESERVATIONS, data=body.replace(b'3,"s', b'3,"quantity":true,"s'), headers=JSON)
    await failure_of(response, status=400, code="validation_error")


async def test_a_body_has_to_be_an_object(api: Api) -> None:
    for body in ("null", "true", "5", '"text"', "[]", "[{}]", "NaN", "-Infinity"):
        response = await api.client.post(RESERVATIONS, data=body, headers=JSON)
        await failure_of(response, status=400)


async def test_a_validation_error_lists_fields_and_problems(api: Api) -> None:
    error = await api.refused(
        "POST", RESERVATIONS, {**BODY, "quantity": 0, "x": 1}, status=400, code="validation_error"
    )
    assert fields_of(error) == {"quantity", "x"}
    assert all(detail["problem"] for detail in error["details"])


async def test_what_is_not_said_to_be_json_is_refused(api: Api) -> None:
    for content_type in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/jsonp",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "x",
    ):
        headers = {"Content-Type": content_type}
        response = await api.client.post(RESERVATIONS, data=json.dumps(BODY).encode(), headers=headers)
        await failure_of(response, status=415, code="unsupported_media_type")
    assert await api.counters() == (10, 0, 0, 10)


async def test_json_may_name_its_charset(api: Api) -> None:
    for content_type in ("application/json; charset=utf-8", "application/json;charset=UTF-8"):
        headers = {"Content-Type": content_type}
        response = await api.client.post(RESERVATIONS, data=json.dumps(BODY).encode(), headers=headers)
        assert response.status == 201


async def test_a_body_over_the_limit_is_refused(api: Api) -> None:
    body = json.dumps({**BODY, "metadata": {"k": "x" * 262_144}}).encode()
    for chunked in (None, True):
        response = await api.client.post(RESERVATIONS, data=body, headers=JSON, chunked=chunked)
        await failure_of(response, status=413, code="body_too_large")


async def test_a_packed_body_is_refused_so_that_none_unpacks_to_a_large_one(api: Api) -> None:
    body = gzip.compress(b" " * 5_000_000)
    headers = {**JSON, "Content-Encoding": "gzip"}
    response = await api.client.post(RESERVATIONS, data=body, headers=headers)
    await failure_of(response, status=415, code="unsupported_media_type")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_cannot_be_unpacked_is_refused(api: Api, encoding: str) -> None:
    head = f"POST {RESERVATIONS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
    head += f"Content-Encoding: {encoding}\r\nContent-Length: 7\r\n\r\n"
    status, _, body = parts_of(await api.raw(head.encode() + b"garbage"))
    assert status in {400, 415}, body
    assert json.loads(body)["success"] is False


async def test_a_problem_is_sent_as_rfc_9457_to_those_who_ask(api: Api) -> None:
    response = await api.send("POST", RESERVATIONS, {**BODY, "quantity": 0}, headers=PROBLEM)
    assert (response.status, response.content_type) == (400, "application/problem+json")
    problem = await response.json()
    assert problem["status"] == 400
    assert problem["title"] == "Bad Request"
    assert problem["type"] == "about:blank"
    assert problem["detail"]
    assert problem["code"] == "validation_error"
    assert [detail["field"] for detail in problem["details"]] == ["quantity"]


@pytest.mark.parametrize(
    ("path", "status"), [("/nothing", 404), (f"{RESERVATIONS}/r", 401), ("/api/admin/events", 401)]
)
async def test_every_failure_can_be_a_problem(api: Api, path: str, status: int) -> None:
    headers = {"Accept": "text/html;q=0.5, application/problem+json"}
    response = await api.send("GET", path, headers=headers)
    assert (response.status, response.content_type) == (status, "application/problem+json")
    assert (await response.json())["status"] == status


async def test_a_success_is_no_problem(api: Api) -> None:
    response = await api.send("GET", "/livez", headers=PROBLEM)
    assert response.content_type == "application/json"


@pytest.mark.parametrize("path", ["/livez", "/nothing", f"{RESERVATIONS}/r"])
async def test_a_sane_request_id_comes_back(api: Api, path: str) -> None:
    for request_id in ("r-1", "3f2b9a:7/_~+=.", "x" * 128):
        response = await api.send("GET", path, headers={"X-Request-ID": request_id})
        assert response.headers["X-Request-ID"] == request_id


async def test_another_request_id_is_replaced(api: Api) -> None:
    for request_id in ("", "x" * 1_000, "two words", "<script>", 'a"b', "é", "a\tb"):
        response = await api.send("GET", "/livez", headers={"X-Request-ID": request_id})
        assert response.headers["X-Request-ID"] not in {"", request_id}


async def test_each_request_has_an_id_of_its_own(api: Api) -> None:
    responses = await asyncio.gather(*(api.send("GET", "/livez") for _ in range(5)))
    assert len({response.headers["X-Request-ID"] for response in responses}) == 5


async def test_before_recovery_is_done_everything_is_unavailable(api: Api) -> None:
    backend, api.doors.backend = api.doors.backend, None
    try:
        for method, path, token in [
            ("GET", "/api/public/events", None),
            ("GET", "/api/public/availability/tt", None),
            ("GET", f"{RESERVATIONS}?sessionId=s1", None),
            ("POST", "/api/public/sessions", None),
            ("GET", "/api/admin/events", ADMIN_TOKEN),
            ("GET", "/readyz", None),
        ]:
            response = await api.send(method, path, token=token)
            await failure_of(response, status=503)
            assert int(response.headers["Retry-After"]) > 0
    finally:
        api.doors.backend = backend


async def test_while_draining_nothing_new_is_begun(api: Api) -> None:
    held = await api.reserve()
    api.doors.drain(body_grace_seconds=1)
    path = f"{RESERVATIONS}/{held['id']}"
    for method, address, body in [
        ("POST", RESERVATIONS, BODY),
        ("PATCH", path, {"additionalMinutes": 1, "sessionId": "s1"}),
        ("DELETE", path, {"sessionId": "s1"}),
    ]:
        response = await api.send(method, address, body, token=make_token())
        await failure_of(response, status=503, code="draining")
        assert int(response.headers["Retry-After"]) > 0
    assert await api.counters() == (10, 0, 1, 9)


async def test_a_body_that_does_not_arrive_before_the_end_gets_a_503(api: Api) -> None:
    arriving = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b'{"ticketTypeId": "tt",'
        await arriving.wait()
        yield b'"quantity": 1, "sessionId": "s1"}'

    request = asyncio.create_task(api.client.post(RESERVATIONS, data=body(), headers=JSON))
    async with asyncio.timeout(30):
        while not api.doors.reading:  # noqa: ASYNC110 - nothing tells when a body has begun.
            await asyncio.sleep(0)
    api.doors.drain(body_grace_seconds=0)
    async with asyncio.timeout(30):
        response = await request
    await failure_of(response, status=503, code="draining")
    arriving.set()
