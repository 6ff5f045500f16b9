"""How an answer leaves: one head, one body, and the connection as HTTP has it."""

import json

import pytest

from support.web import RESERVATIONS, Api

AVAILABILITY = "/api/public/availability/tt"


def parts_of(answer: bytes) -> tuple[str, dict[str, str], bytes]:
    """First line, headers by lower-case name, and what follows."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    names = [line.partition(": ")[0].lower() for line in lines]
    assert len(names) == len(set(names)), "a header was sent twice"
    return first, dict(line.lower().split(": ", 1) for line in lines), body


def get(path: str, *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/{version}", "Host: x", *headers, "", ""]).encode()


async def test_an_answer_has_all_that_every_answer_has(api: Api) -> None:
    first, headers, body = parts_of(await api.raw(get(AVAILABILITY, "Connection: close")))
    assert first == "HTTP/1.1 200 OK"
    assert headers.keys() == {
        "content-type", "content-length", "cache-control", "x-request-id", "etag", "connection", "date", "server",
        "x-content-type-options", "referrer-policy", "content-security-policy", "x-ledger-seq",
    }  # fmt: skip
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert int(headers["content-length"]) == len(body)
    assert json.loads(body)["success"] is True


async def test_the_answer_to_head_is_the_head_of_the_answer(api: Api) -> None:
    _, of_get, body = parts_of(await api.raw(get(AVAILABILITY, "Connection: close")))
    first, of_head, nothing = parts_of(await api.raw(get(AVAILABILITY, "Connection: close", method="HEAD")))
    assert (first, nothing) == ("HTTP/1.1 200 OK", b"")
    assert of_head["content-length"] == of_get["content-length"] == f"{len(body)}"


async def test_what_has_not_changed_has_no_body_and_describes_none(api: Api) -> None:
    _, headers, _ = parts_of(await api.raw(get(AVAILABILITY, "Connection: close")))
    answer = await api.raw(get(AVAILABILITY, f"If-None-Match: {headers['etag']}", "Connection: close"))
    first, unchanged, body = parts_of(answer)
    assert (first, body) == ("HTTP/1.1 304 Not Modified", b"")
    assert not unchanged.keys() & {"content-length", "content-type"}
    assert unchanged["etag"] == headers["etag"]


@pytest.mark.parametrize(("version", "asked"), [("1.1", "close"), ("1.0", None), ("1.0", "close")])
async def test_a_connection_that_ends_says_so_and_ends(api: Api, version: str, asked: str | None) -> None:
    headers = () if asked is None else (f"Connection: {asked}",)
    first, answered, _ = parts_of(await api.raw(get(AVAILABILITY, *headers, version=version)))
    assert first == f"HTTP/{version} 200 OK"
    assert answered.get("connection") == ("close" if version == "1.1" else None)


async def test_an_old_client_may_keep_its_connection(api: Api) -> None:
    two = get(AVAILABILITY, "Connection: keep-alive", version="1.0") + get(AVAILABILITY, version="1.0")
    answers = await api.raw(two)
    assert answers.count(b"HTTP/1.0 200 OK") == 2
    assert answers.lower().count(b"connection: keep-alive") == 1


async def test_requests_sent_together_are_answered_in_their_order(api: Api) -> None:
    three = b"".join(
        get(path, *headers) for path, *headers in ((AVAILABILITY,), ("/livez",), ("/nothing", "Connection: close"))
    )
    answers = (await api.raw(three)).split(b"HTTP/1.1 ")[1:]
    assert [answer[:3] for answer in answers] == [b"200", b"200", b"404"]


@pytest.mark.parametrize("sane", ["a", "abc-123", "x" * 128])
async def test_a_sane_request_id_comes_back(api: Api, sane: str) -> None:
    _, headers, _ = parts_of(await api.raw(get("/livez", f"X-Request-ID: {sane}", "Connection: close")))
    assert headers["x-request-id"] == sane


@pytest.mark.parametrize("odd", ["", "a b", "x" * 129, 'a"b', "é"])
async def test_an_odd_request_id_is_replaced(api: Api, odd: str) -> None:
    _, headers, _ = parts_of(await api.raw(get("/livez", f"X-Request-ID: {odd}", "Connection: close")))
    assert headers["x-request-id"] not in {"", odd.lower()}


async def test_every_request_without_an_id_gets_its_own(api: Api) -> None:
    ids = {(await api.send("GET", "/livez")).headers["X-Request-ID"] for _ in range(5)}
    assert len(ids) == 5


async def test_an_address_that_was_found_before_still_looks_at_expectations_and_methods(api: Api) -> None:
    await api.reserve()
    await api.reserve()
    for headers, status in (({"Expect": "miracles"}, 417), ({}, 405)):
        method = "POST" if headers else "PUT"
        response = await api.client.request(method, RESERVATIONS, json={}, headers=headers)
        assert response.status == status
