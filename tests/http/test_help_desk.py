"""The help desk: looking up what a buyer asks about, and cancelling a hold for them."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actor_ticketing.persistence.connections import DATABASE
from support.live import hear, listening
from support.service import eventually
from support.stores import disk_full
from support.web import ADMIN_TOKEN, PERSON, RESERVATIONS, Api, configured, make_token

ADMIN = "/api/admin/reservations"


async def look(api: Api, path: str) -> Any:
    response = await api.send("GET", path, token=ADMIN_TOKEN)
    text = await response.text()
    assert response.status == 200, text
    assert "secret-session" not in text
    return json.loads(text)["data"]


async def cancel(api: Api, held: Any, *, token: str = ADMIN_TOKEN) -> Any:
    return (await api.call("POST", f"{ADMIN}/{held['id']}/cancel", {}, token=token, status=200))["data"]


async def test_a_hold_is_looked_up_without_what_would_open_it(api: Api) -> None:
    held = await api.reserve(2, session="secret-session", metadata={"cart": "c-1"})
    data = await look(api, f"{ADMIN}/{held['id']}")
    shown = data["reservation"]
    same = ("id", "code", "quantity", "reservedAt", "expiresAt", "remainingSeconds", "isExpired", "status", "metadata")
    assert {name: shown[name] for name in same} == {name: held[name] for name in same}
    assert (shown["unitPrice"], shown["currency"], shown["settledAt"], shown["userId"]) == (4500, "EUR", None, None)
    assert shown["ticketType"]["event"]["title"] == "Spring Concert"
    assert (data["transaction"], data["tickets"], data["serverTime"]) == (None, [], held["reservedAt"])


async def test_a_sale_is_looked_up_with_its_tickets_and_whether_they_were_used(api: Api) -> None:
    held = await api.reserve(2, session="secret-session")
    bought = await api.buy(held, session="secret-session", user="ada")
    first, second = bought["tickets"]
    await api.call("POST", "/api/admin/checkin", {"code": second["code"]}, token=ADMIN_TOKEN, status=200)
    data = await look(api, f"{ADMIN}/{held['id']}")
    assert (data["reservation"]["status"], data["reservation"]["settledAt"]) == ("CONVERTED", held["reservedAt"])
    assert data["transaction"] == {**bought["transaction"], "userId": "ada"}
    unused = {"checkedInAt": None, "checkedInBy": None}
    used = {"checkedInAt": held["reservedAt"], "checkedInBy": "admin token"}
    assert data["tickets"] == [
        {"id": each["id"], "code": each["code"], "ticketHolder": PERSON, **state}
        for each, state in ((first, unused), (second, used))
    ]


@pytest.mark.parametrize("spelled", [str, str.lower, lambda code: code.replace("-", "")])
async def test_a_reservation_is_found_by_the_code_that_is_read_out(api: Api, spelled: Any) -> None:
    held = [await api.reserve(session="secret-session") for _ in range(3)]
    data = await look(api, f"{ADMIN}/by-code/{spelled(held[1]['code'])}")
    assert data["reservation"]["id"] == held[1]["id"]


async def test_what_has_ended_is_found_too(api: Api) -> None:
    held = await api.reserve(expirationMinutes=1)
    await api.pass_time(60_000)
    data = await look(api, f"{ADMIN}/by-code/{held['code']}")
    assert (data["reservation"]["status"], data["reservation"]["isExpired"]) == ("EXPIRED", True)


@pytest.mark.parametrize("spelled", [str, str.lower, lambda code: code.replace("-", "")])
async def test_a_ticket_is_found_by_its_code_with_what_it_came_of(api: Api, spelled: Any) -> None:
    held = await api.reserve(2, session="secret-session")
    bought = await api.buy(held, session="secret-session")
    data = await look(api, f"/api/admin/tickets/{spelled(bought['tickets'][1]['code'])}")
    assert data["ticket"] == data["tickets"][1]
    assert data["ticket"]["code"] == bought["tickets"][1]["code"]
    assert data["reservation"]["id"] == held["id"]
    assert data["transaction"]["id"] == bought["transaction"]["id"]


async def test_what_does_not_exist_is_said_to(api: Api) -> None:
    for path in (f"{ADMIN}/nothing", f"{ADMIN}/by-code/AAAAAA-AAAAAA-AAAAAA", f"{ADMIN}/by-code/A"):
        await api.refused("GET", path, token=ADMIN_TOKEN, status=404, code="reservation_not_found")
    await api.refused("GET", "/api/admin/tickets/AAAA-AAAA", token=ADMIN_TOKEN, status=404, code="ticket_not_found")
    path = f"{ADMIN}/nothing/cancel"
    await api.refused("POST", path, {}, token=ADMIN_TOKEN, status=404, code="reservation_not_found")


async def test_the_statistics_are_not_taken_for_a_reservation(api: Api) -> None:
    assert "sweeps" in await look(api, f"{ADMIN}/cleanup")


async def test_a_cancelled_hold_gives_its_stock_back(api: Api) -> None:
    held = await api.reserve(3, session="secret-session")
    data = await cancel(api, held)
    assert (data["reservation"]["status"], data["reservation"]["settledAt"]) == ("CANCELLED", held["reservedAt"])
    assert "secret-session" not in json.dumps(data)
    assert await api.counters() == (10, 0, 0, 10)
    assert (await api.show(held, session="secret-session"))["reservation"]["status"] == "CANCELLED"


async def test_the_buyer_hears_of_it(api: Api) -> None:
    held = await api.reserve()
    async with listening(api) as socket:
        await cancel(api, held)
        [told] = await hear(socket)
    assert (told["type"], told["reservation"]["id"]) == ("reservation.cancelled", held["id"])


async def test_the_ledger_says_who_it_was(api: Api, tmp_path: Path) -> None:
    await cancel(api, await api.reserve(2), token=make_token("boss", role="admin"))
    await api.cancel(await api.reserve(2))
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        rows = connection.execute(
            "SELECT data FROM ledger WHERE kind = 'reservation.cancelled' ORDER BY seq"
        ).fetchall()
    assert rows == [('{"quantity":2,"by":"boss"}',), ('{"quantity":2}',)]


@configured(rate_limit={"enabled": True, "abandon_per_session": "1/hour"})
async def test_it_is_not_held_against_the_buyer(api: Api) -> None:
    for _ in range(3):
        await cancel(api, await api.reserve())
    await api.cancel(await api.reserve())
    body = {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s1"}
    await api.refused("POST", RESERVATIONS, body, status=429, code="rate_limited")


@configured(holds={"max_active_per_session": 1})
async def test_the_buyer_has_the_place_again(api: Api) -> None:
    await cancel(api, await api.reserve())
    await api.reserve()


async def test_what_has_ended_cannot_be_cancelled(api: Api) -> None:
    bought, released, late = await api.reserve(), await api.reserve(), await api.reserve(expirationMinutes=1)
    await api.buy(bought)
    await cancel(api, released)
    await api.pass_time(60_000)
    for held, code in ((bought, "converted"), (released, "cancelled"), (late, "expired")):
        path = f"{ADMIN}/{held['id']}/cancel"
        await api.refused("POST", path, {}, token=ADMIN_TOKEN, status=409, code=f"reservation_{code}")
    assert await api.counters() == (10, 1, 0, 9)


async def test_a_hold_that_is_overdue_has_expired_even_if_nobody_has_noticed(api: Api) -> None:
    held = await api.reserve(expirationMinutes=1)
    api.lose_timers(60_000)
    path = f"{ADMIN}/{held['id']}/cancel"
    await api.refused("POST", path, {}, token=ADMIN_TOKEN, status=409, code="reservation_expired")


async def test_of_an_operator_and_a_buyer_at_once_one_is_first(api: Api) -> None:
    held = await api.reserve()
    path, body = f"{RESERVATIONS}/{held['id']}", {"sessionId": "s1"}
    answers = await asyncio.gather(
        api.send("DELETE", path, body),
        *(api.send("POST", f"{ADMIN}/{held['id']}/cancel", {}, token=ADMIN_TOKEN) for _ in range(3)),
    )
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]
    assert await api.counters() == (10, 0, 0, 10)


async def test_an_actor_that_has_lost_a_hold_is_rebuilt(api: Api) -> None:
    held = await api.reserve()
    slot = api.backend.help_desk._roster._slots["tt"]
    assert slot.actor is not None
    slot.actor.inventory.holds.clear()
    path = f"{ADMIN}/{held['id']}/cancel"
    await api.refused("POST", path, {}, token=ADMIN_TOKEN, status=503, code="storage_unavailable")
    await eventually(lambda: slot.actor is not None)
    await cancel(api, held)
    assert await api.counters() == (10, 0, 0, 10)


async def test_what_could_not_be_stored_is_still_held(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    held = await api.reserve()
    store = api.backend.box_office._journal._store

    async def fail(_: object) -> None:
        monkeypatch.undo()
        raise disk_full()

    monkeypatch.setattr(store, "commit", fail)
    await api.refused("POST", f"{ADMIN}/{held['id']}/cancel", {}, token=ADMIN_TOKEN, status=503)
    assert (await api.show(held))["reservation"]["status"] == "ACTIVE"
    assert await api.counters() == (10, 0, 1, 9)
