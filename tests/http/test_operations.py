"""For whoever runs the service."""

import asyncio
import sys
from typing import Any, NoReturn

import pytest

from actor_ticketing.persistence.store import SqliteStore
from support.service import eventually, list_event, list_ticket_type
from support.web import RESERVATIONS, Api, OpenApi, failure_of

BODY = {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s1"}
FAILING = """
import structlog
from actor_ticketing.logs import configure_logs

def fail(session_id):
    raise RuntimeError("boom")

configure_logs("info", "{style}")
try:
    fail("-".join(["the", "secret", "session"]))
except RuntimeError:
    structlog.get_logger().exception("request_failed")
"""


async def test_a_service_that_takes_requests_is_alive_and_ready(api: Api) -> None:
    for path in ("/livez", "/readyz"):
        assert (await api.call("GET", path, status=200))["success"] is True


async def test_before_recovery_is_done_it_is_alive_and_not_ready(api: Api) -> None:
    api.doors.backend = None
    await api.call("GET", "/livez", status=200)
    response = await api.send("GET", "/readyz")
    await failure_of(response, status=503)
    assert int(response.headers["Retry-After"]) > 0


async def test_while_draining_it_is_alive_and_not_ready(api: Api) -> None:
    api.doors.drain(body_grace_seconds=1)
    await api.call("GET", "/livez", status=200)
    response = await api.send("GET", "/readyz")
    await failure_of(response, status=503, code="draining")
    assert int(response.headers["Retry-After"]) > 0


async def test_it_can_stop_while_a_release_is_on_its_way_to_the_disk(
    open_api: OpenApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = SqliteStore.commit
    on_its_way: list[Any] = []

    async with open_api() as api:
        await list_event(api.backend)
        await list_ticket_type(api.backend)
        await api.reserve(3, expirationMinutes=1)
        journal = api.backend.box_office._journal

        async def commit_when_closing(store: SqliteStore, batch: Any) -> None:
            on_its_way.append(batch)
            await eventually(lambda: journal._closing)
            await commit(store, batch)

        monkeypatch.setattr(SqliteStore, "commit", commit_when_closing)
        api.clock.advance(60_000)
        await eventually(lambda: bool(on_its_way))
    monkeypatch.undo()
    async with open_api() as api:
        assert await api.counters() == (10, 0, 0, 10)


async def test_an_error_of_ours_says_nothing_of_our_insides(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> NoReturn:
        raise RuntimeError("what nobody outside should see")

    headers = {"Idempotency-Key": "k", "X-Request-ID": "r-1"}
    with monkeypatch.context() as broken:
        broken.setattr(api.backend.box_office, "reserve", fail)
        response = await api.send("POST", RESERVATIONS, BODY, headers=headers)
        await failure_of(response, status=500, code="internal_error")
        assert "nobody" not in await response.text()
        assert response.headers["X-Request-ID"] == "r-1"
    await api.call("POST", RESERVATIONS, BODY, headers=headers, status=201)


@pytest.mark.parametrize("style", ["console", "json"])
async def test_the_log_of_an_error_shows_where_it_was_and_neither_its_text_nor_a_session_id(style: str) -> None:
    program = FAILING.replace("{style}", style)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stderr=asyncio.subprocess.PIPE)
    _, log = await process.communicate()
    assert b"request_failed" in log
    assert b"RuntimeError" in log
    assert b"in fail" in log
    assert b"boom" not in log
    assert b"the-secret-session" not in log


async def test_the_log_does_not_repeat_what_a_handshake_asked_for() -> None:
    program = """
import logging
from actor_ticketing.logs import configure_logs

configure_logs("info", "json")
logging.getLogger("aiohttp.websocket").warning("Client protocols %r", ["a-secret"])
logging.getLogger("aiohttp.server").warning("something else")
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stderr=asyncio.subprocess.PIPE)
    _, log = await process.communicate()
    assert b"something else" in log
    assert b"a-secret" not in log
