"""Whatever goes wrong, no log line has a person or a session in it."""

import asyncio
import io
import json
import logging
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import structlog

from actor_ticketing.actors.box_office import BoxOffice
from actor_ticketing.domain.inventory import Inventory
from actor_ticketing.domain.ports import CommitFailed, CommitUnknown
from actor_ticketing.domain.telling import told
from actor_ticketing.http.schemas import PurchaseBody
from actor_ticketing.logs import configure_logs, report_unhandled
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.store import SqliteStore
from support.history import Shop, answer_kept
from support.people import everything_of
from support.service import ADA, break_once
from support.web import ADMIN_TOKEN, CRON_SECRET, JWT_SECRET, PERSON, RESERVATIONS, Api, make_token, purchase_of

SESSION = "the-secret-session-of-ada"
USER = "user-of-ada"
TOKEN = make_token(USER)
SECRETS = [*everything_of(ADA), "ada@example.com", SESSION, TOKEN, USER, ADMIN_TOKEN, CRON_SECRET, JWT_SECRET]


@pytest.fixture(params=["console", "json"])
def style(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def read_log(style: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """Log everything as a deployment would, and read what was logged."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    with monkeypatch.context() as redirected:
        redirected.setattr(sys, "stderr", stream)
        configure_logs("debug", style)
    # Loggers that others use after this test must not remember this one's stream.
    structlog.configure(cache_logger_on_first_use=False)
    yield stream.getvalue
    structlog.reset_defaults()
    root.handlers[:], level = before
    root.setLevel(level)


def assert_silent(log: str, *events: str) -> None:
    """Check that these events were logged, and nothing that nobody may see."""
    for event in events:
        assert event in log
    assert [secret for secret in SECRETS if secret in log] == []


def everything_at_once(*_: object, **__: object) -> None:
    """Fail as carelessly as can be."""
    try:
        {}[SESSION]
    except KeyError as error:
        raise ValueError(f"{PERSON} with {TOKEN} and {JWT_SECRET}, {CRON_SECRET}, {ADMIN_TOKEN}, {USER}") from error


async def test_a_purchase_and_its_refusals(api: Api, read_log: Callable[[], str]) -> None:
    held = await api.reserve(2, session=SESSION, metadata={"name": "Ada Lovelace"})
    path, body = purchase_of(held, session=SESSION)
    headers = {"Idempotency-Key": "k"}
    for wrong in (
        {"ticketHolders": [PERSON]},
        {"buyerInfo": {**PERSON, "email": "Ada Lovelace"}},
        {"buyerInfo": {**PERSON, "fullName": 5}},
        {"X123456": "Ada Lovelace"},
        {"sessionId": f"{SESSION} {SESSION}"},
    ):
        await api.refused("POST", path, {**body, **wrong}, token=TOKEN, status=400)
    await api.refused("POST", path, {**body, "sessionId": "another"}, token=TOKEN, status=403)
    await api.refused("POST", path, body, token=TOKEN + "x", status=401)
    await api.refused("POST", path, body, status=401)
    for _ in range(2):
        await api.call("POST", path, body, token=TOKEN, headers=headers, status=201)
    await api.refused("POST", path, body, token=TOKEN, status=409)
    await api.refused("GET", f"{RESERVATIONS}?sessionId={SESSION}&page=Ada", status=400)
    await api.call("POST", "/api/admin/privacy/export", {"email": PERSON["email"]}, token=ADMIN_TOKEN, status=200)
    await api.call("POST", "/api/admin/privacy/erase", {"email": PERSON["email"]}, token=ADMIN_TOKEN, status=200)
    assert_silent(read_log(), "person_forgotten")


async def test_a_ticket_that_is_printed(api: Api, read_log: Callable[[], str]) -> None:
    [ticket] = (await api.buy(await api.reserve()))["tickets"]
    said = read_log()
    response = await api.send("GET", f"/api/public/tickets/{ticket['code']}/ticket.pdf")
    assert response.status == 200
    assert read_log() == said


async def test_a_defect_in_a_handler(api: Api, read_log: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    path, body = purchase_of(await api.reserve(session=SESSION), session=SESSION)
    monkeypatch.setattr(BoxOffice, "purchase", everything_at_once)
    for headers in ({}, {"Idempotency-Key": "k"}):
        await api.refused("POST", path, body, token=TOKEN, headers=headers, status=500)
    log = read_log()
    assert_silent(log, "request_failed", "ValueError", "KeyError", "everything_at_once")


async def test_a_defect_in_an_actor(api: Api, read_log: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    path, body = purchase_of(await api.reserve(session=SESSION), session=SESSION)
    break_once(monkeypatch, Inventory, "convert", KeyError(SESSION, PERSON))
    await api.refused("POST", path, body, token=TOKEN, status=500)
    assert_silent(read_log(), "actor_broke", "KeyError")
    await api.call("POST", path, body, token=TOKEN, status=201)


@pytest.mark.parametrize(
    "cause", [KeyError(SESSION), UnicodeEncodeError("utf-8", f"Ada Lovelace {SESSION}", 0, 1, "reason")]
)
async def test_a_commit_that_fails(
    api: Api, read_log: Callable[[], str], monkeypatch: pytest.MonkeyPatch, cause: Exception
) -> None:
    path, body = purchase_of(await api.reserve(session=SESSION), session=SESSION)

    async def fail(*_: object) -> None:
        raise CommitFailed(cause, is_bug=True) from cause

    with monkeypatch.context() as broken:
        broken.setattr(SqliteStore, "commit", fail)
        await api.refused("POST", path, body, token=TOKEN, status=503)
    assert_silent(read_log(), "commit_failed", type(cause).__name__)


async def test_a_commit_that_the_database_refuses(api: Api, read_log: Callable[[], str], tmp_path: Path) -> None:
    path, body = purchase_of(await api.reserve(session=SESSION), session=SESSION)
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as connection:
        connection.execute(
            "CREATE TRIGGER refusing BEFORE INSERT ON tickets BEGIN SELECT RAISE(ABORT, 'no more tickets'); END"
        )
        await api.refused("POST", path, body, token=TOKEN, headers={"Idempotency-Key": "k"}, status=503)
    assert_silent(read_log(), "commit_failed", "no more tickets")


async def test_a_row_that_does_not_open(api: Api, read_log: Callable[[], str], tmp_path: Path) -> None:
    held = await api.reserve(session=SESSION)
    await api.buy(held, session=SESSION)
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as connection:
        connection.execute("UPDATE tickets SET holder = 'a lost key.x'")
    path = f"{RESERVATIONS}/{held['id']}?sessionId={SESSION}"
    await api.refused("GET", path, status=503, code="storage_unavailable")
    assert_silent(read_log(), "read_failed")


async def test_what_nobody_has_caught(read_log: Callable[[], str]) -> None:
    async def fail() -> None:
        everything_at_once()

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(report_unhandled)
    try:
        task = asyncio.create_task(fail())
        await asyncio.wait([task])
        del task
    finally:
        loop.set_exception_handler(None)
    assert_silent(read_log(), "unhandled", "ValueError")


async def test_what_a_library_logs(read_log: Callable[[], str]) -> None:
    try:
        everything_at_once()
    except ValueError:
        logging.getLogger("aiohttp.server").exception("a library's own words")
    logging.getLogger("aiosqlite").debug("executing %s", PERSON)
    assert_silent(read_log(), "a library's own words", "ValueError")


async def test_the_log_of_an_error_says_where_it_was(read_log: Callable[[], str]) -> None:
    try:
        everything_at_once()
    except ValueError:
        structlog.get_logger().exception("request_failed")
    log = read_log()
    assert log.index("KeyError") < log.index("which led to") < log.index("ValueError")
    assert "in everything_at_once" in log


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (KeyError(SESSION), "KeyError"),
        (RuntimeError("Ada"), "RuntimeError"),
        (sqlite3.OperationalError("database or disk is full"), "OperationalError: database or disk is full"),
        (OSError(28, "No space left on device"), "OSError: [Errno 28] No space left on device"),
        (CommitUnknown("disk I/O error"), "CommitUnknown: disk I/O error"),
        (CommitFailed(KeyError(SESSION)), "CommitFailed: KeyError"),
    ],
)
def test_of_an_error_its_text_is_told_only_where_that_names_nobody(error: Exception, text: str) -> None:
    assert told(error) == text


def test_nothing_that_carries_people_or_sessions_shows_them() -> None:
    shop = Shop()
    entry = shop.reserve(session=SESSION, user=USER)
    _, body = purchase_of({"id": "r", "quantity": 1}, session=SESSION)
    parsed = PurchaseBody.model_validate_json(json.dumps(body))
    shown = repr(
        [parsed, entry, shop.buy(shop.reservation), shop.purchase, answer_kept("k", body=b"Ada Lovelace"), ADA]
    )
    assert [secret for secret in [*SECRETS, "Bób"] if secret in shown] == []
    assert shop.reservation.id in shown
