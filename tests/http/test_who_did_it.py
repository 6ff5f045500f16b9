"""The ledger says which operator did what."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.verify import verify
from support.web import ADMIN_TOKEN, CLEANUP, CRON, CRON_SECRET, Api, make_token

EVENT = {"id": "autumn", "title": "Autumn Recital", "venue": "Hall", "startDate": "2027-09-20T19:00:00Z"}
TYPE = {"id": "seat", "name": "Seat", "price": 100, "currency": "EUR", "total": 5}


@pytest.fixture(params=[("boss", make_token("boss", role="admin")), ("admin token", ADMIN_TOKEN)], ids=["JWT", "token"])
def admin(request: pytest.FixtureRequest) -> tuple[str, str]:
    """How the ledger calls an admin, and their token."""
    return request.param  # type: ignore[no-any-return]


def ledger(tmp_path: Path, *, after: int = 2) -> list[tuple[str, str | None]]:
    """The kinds of all entries after the two that make the shop of these tests, and who did each."""
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        found = connection.execute("SELECT kind, data FROM ledger WHERE seq > ? ORDER BY seq", (after,)).fetchall()
    return [(kind, json.loads(data).get("by")) for kind, data in found]


async def test_every_change_of_the_catalogue_says_who(api: Api, tmp_path: Path, admin: tuple[str, str]) -> None:
    name, token = admin
    await api.call("POST", "/api/admin/events", EVENT, token=token, status=201)
    await api.call("PATCH", "/api/admin/events/autumn", {"venue": "Park"}, token=token, status=200)
    await api.call("POST", "/api/admin/events/autumn/ticket-types", TYPE, token=token, status=201)
    await api.call("PATCH", "/api/admin/ticket-types/seat", {"price": 5}, token=token, status=200)
    kinds = ("event.created", "event.changed", "ticket_type.created", "ticket_type.changed")
    assert ledger(tmp_path) == [(kind, name) for kind in kinds]


async def test_what_a_manual_sweep_releases_says_who_asked_for_it(
    api: Api, tmp_path: Path, admin: tuple[str, str]
) -> None:
    name, token = admin
    for _ in range(2):
        await api.reserve(expirationMinutes=1)
    api.lose_timers(60_000)
    await api.call("POST", CLEANUP, {}, token=token, status=200)
    assert ledger(tmp_path, after=4) == [("reservation.expired", name)] * 2


async def test_what_ends_by_itself_or_by_its_buyer_names_nobody(api: Api, tmp_path: Path) -> None:
    await api.reserve(expirationMinutes=1)
    await api.pass_time(60_000)
    await api.cancel(await api.reserve())
    await api.reserve(expirationMinutes=1)
    api.lose_timers(60_000)
    await api.call("GET", CRON, token=CRON_SECRET, status=200)
    assert {who for _, who in ledger(tmp_path)} == {None}


async def test_the_books_are_in_order_with_and_without_names(api: Api, tmp_path: Path, admin: tuple[str, str]) -> None:
    await api.call("PATCH", "/api/admin/ticket-types/tt", {"price": 5}, token=admin[1], status=200)
    assert {who for _, who in ledger(tmp_path, after=0)} == {None, admin[0]}
    assert verify(tmp_path / DATABASE).ok
