"""`X-Ledger-Seq`: where in the ledger stands what an answer tells of."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse

from actor_ticketing.persistence.connections import DATABASE
from bench.history.ledger import Row, read_ledger
from bench.history.recording import LEDGER_SEQ
from support.service import list_ticket_type
from support.web import (
    ADMIN_TOKEN,
    CLEANUP,
    CRON,
    CRON_SECRET,
    PURCHASES,
    RESERVATIONS,
    Api,
    OpenApi,
    configured,
    make_token,
    purchase_of,
    purchases_of,
)

AVAILABILITY = "/api/public/availability/tt"
MINUTE = 60_000


def position_of(response: ClientResponse) -> int:
    return int(response.headers[LEDGER_SEQ])


def entry_at(directory: Path, response: ClientResponse) -> Row:
    """The ledger entry that an answer stands for."""
    return read_ledger(directory / DATABASE)[position_of(response) - 1]


async def test_a_change_says_which_entry_of_the_ledger_it_is(api: Api, tmp_path: Path) -> None:
    body = {"ticketTypeId": "tt", "quantity": 2, "sessionId": "s1"}
    reserved = await api.send("POST", RESERVATIONS, body)
    held = (await reserved.json())["data"]["reservation"]
    of_it = f"{RESERVATIONS}/{held['id']}"
    extended = await api.send("PATCH", of_it, {"sessionId": "s1", "additionalMinutes": 1})
    path, purchase = purchase_of(held)
    bought = await api.send("POST", path, purchase, token=make_token())
    other = await api.reserve()
    cancelled = await api.send("DELETE", f"{RESERVATIONS}/{other['id']}", {"sessionId": "s1"})
    entries = [entry_at(tmp_path, each) for each in (reserved, extended, bought, cancelled)]
    assert [(entry.kind, entry.reservation_id) for entry in entries] == [
        ("reservation.created", held["id"]),
        ("reservation.extended", held["id"]),
        ("reservation.converted", held["id"]),
        ("reservation.cancelled", other["id"]),
    ]


async def test_an_answer_about_several_stands_at_the_last_of_them(api: Api) -> None:
    await list_ticket_type(api.backend, "other")
    before = api.backend.box_office.board.seq
    lines = [{"ticketTypeId": of, "quantity": 1} for of in ("other", "tt", "tt")]
    made = await api.send("POST", RESERVATIONS, {"reservations": lines, "sessionId": "s1"})
    held = (await made.json())["data"]["reservations"]
    bought = await api.send("POST", PURCHASES, purchases_of(*held), token=make_token())
    assert [position_of(made), position_of(bought)] == [before + 3, before + 6]


async def test_a_look_at_the_stock_stands_at_the_last_commit(api: Api) -> None:
    for path in (AVAILABILITY, "/api/public/events", "/api/public/events/ev"):
        before = await api.send("GET", path)
        held = await api.reserve()
        after = await api.send("GET", path)
        assert position_of(after) == position_of(before) + 1
        unchanged = await api.send("GET", path, headers={"If-None-Match": after.headers["ETag"]})
        assert (unchanged.status, position_of(unchanged)) == (304, position_of(after))
        await api.cancel(held)


@pytest.mark.parametrize("path", ["/api/admin/events", "/api/admin/events/ev"])
async def test_so_does_an_operators_look_at_it(api: Api, path: str) -> None:
    await api.reserve()
    looked = await api.send("GET", path, token=ADMIN_TOKEN)
    assert position_of(looked) == api.backend.box_office.board.seq


async def test_a_refusal_for_want_of_tickets_says_as_of_when(api: Api) -> None:
    await api.reserve(10)
    refused = await api.send("POST", RESERVATIONS, {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s1"})
    assert (refused.status, position_of(refused)) == (409, api.backend.box_office.board.seq)


@pytest.mark.parametrize("several", [False, True], ids=["one", "bulk"])
async def test_a_repeated_answer_has_its_position_too_also_after_a_restart(open_api: OpenApi, several: Any) -> None:
    body: dict[str, Any] = {"ticketTypeId": "tt", "quantity": 1}
    body = {"reservations": [body, body], "sessionId": "s1"} if several else {**body, "sessionId": "s1"}
    key = {"Idempotency-Key": "k"}
    async with open_api() as api:
        await api.backend.desk.create_event(event_id="ev", title="t", venue="v", start_date=0)
        await list_ticket_type(api.backend)
        answers = await asyncio.gather(*(api.send("POST", RESERVATIONS, body, headers=key) for _ in range(3)))
        await api.reserve(session="s2")
        answers.append(await api.send("POST", RESERVATIONS, body, headers=key))
    async with open_api() as api:
        answers.append(await api.send("POST", RESERVATIONS, body, headers=key))
    assert {position_of(each) for each in answers} == {4 if several else 3}


async def test_what_operators_do_has_a_position(api: Api, tmp_path: Path) -> None:
    held, other = await api.reserve(), await api.reserve(2)
    [ticket, _] = (await api.buy(other))["tickets"]
    admin = "/api/admin"
    answers = [
        await api.send("POST", f"{admin}/reservations/{held['id']}/cancel", {}, token=ADMIN_TOKEN),
        await api.send("POST", f"{admin}/checkin", {"code": ticket["code"]}, token=ADMIN_TOKEN),
        await api.send("PATCH", f"{admin}/ticket-types/tt", {"total": 20}, token=ADMIN_TOKEN),
        await api.send("POST", f"{admin}/ticket-types/tt/pause", token=ADMIN_TOKEN),
        await api.send("PATCH", f"{admin}/events/ev", {"title": "Autumn"}, token=ADMIN_TOKEN),
    ]
    assert [entry_at(tmp_path, each).kind for each in answers] == [
        "reservation.cancelled",
        "ticket.checked_in",
        "ticket_type.changed",
        "ticket_type.paused",
        "event.changed",
    ]


async def test_what_changed_nothing_has_none(api: Api) -> None:
    answers = [
        await api.send("POST", "/api/public/sessions"),
        await api.send("POST", f"{CLEANUP}", token=ADMIN_TOKEN),
        await api.send("POST", "/api/admin/ticket-types/tt/resume", token=ADMIN_TOKEN),
        await api.send("POST", RESERVATIONS, {"ticketTypeId": "tt", "quantity": 0, "sessionId": "s1"}),
    ]
    assert [LEDGER_SEQ in each.headers for each in answers] == [False] * 4


@pytest.mark.parametrize("keyed", [False, True])
async def test_a_claim_of_a_session_stands_at_its_last_hold(api: Api, tmp_path: Path, keyed: Any) -> None:
    await list_ticket_type(api.backend, "other")
    for of in ("tt", "other"):
        await api.reserve(of=of)
    body, headers = {"sessionId": "s1"}, {"Idempotency-Key": "k"} if keyed else {}
    for _ in range(2 if keyed else 1):
        claimed = await api.send("POST", "/api/public/sessions/claim", body, token=make_token("ada"), headers=headers)
        assert position_of(claimed) == len(read_ledger(tmp_path / DATABASE))


@pytest.mark.parametrize(("method", "path", "token"), [("POST", CLEANUP, ADMIN_TOKEN), ("GET", CRON, CRON_SECRET)])
async def test_a_sweep_stands_at_its_last_release(api: Api, tmp_path: Path, method: str, path: str, token: str) -> None:
    await api.reserve(expirationMinutes=1)
    await api.reserve(expirationMinutes=1)
    api.lose_timers(MINUTE)
    assert entry_at(tmp_path, await api.send(method, path, token=token)).kind == "reservation.expired"


@configured(server={"allowed_origins": ["https://shop.example"]})
async def test_pages_of_listed_origins_may_read_it(api: Api) -> None:
    response = await api.send("GET", AVAILABILITY, headers={"Origin": "https://shop.example"})
    assert LEDGER_SEQ in response.headers["Access-Control-Expose-Headers"].split(", ")
