"""The door over HTTP: a clear yes once, and a clear no ever after."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.tickets.signing import SigningKey, TicketSigner
from support.service import list_event, list_ticket_type
from support.web import ADMIN_TOKEN, PERSON, Api, OpenApi, failure_of, fields_of, make_token

CHECKIN = "/api/admin/checkin"


async def sold(api: Api, quantity: int = 1, *, of: str = "tt") -> list[Any]:
    tickets: list[Any] = (await api.buy(await api.reserve(quantity, of=of)))["tickets"]
    return tickets


async def scan(api: Api, **body: Any) -> Any:
    return (await api.call("POST", CHECKIN, body, token=ADMIN_TOKEN, status=200))["data"]


async def turned_away(api: Api, status: int, reason: str, **body: Any) -> Any:
    return await api.refused("POST", CHECKIN, body, token=ADMIN_TOKEN, status=status, code=reason)


async def test_a_scanned_ticket_gets_a_yes_with_what_it_is_for(api: Api) -> None:
    [ticket] = await sold(api)
    data = await scan(api, qrPayload=ticket["qrPayload"], ticketTypeIds=["tt"])
    assert data == {
        "admitted": True,
        "ticket": {
            "id": ticket["id"],
            "code": ticket["code"],
            "ticketType": {
                "id": "tt",
                "name": "tt",
                "event": {
                    "id": "ev",
                    "title": "Spring Concert",
                    "venue": "City Hall",
                    "startDate": "1970-01-01T00:00:00.000Z",
                },
            },
            "ticketHolder": PERSON,
        },
        "checkedInAt": "2027-01-15T08:00:00.000Z",
        "serverTime": "2027-01-15T08:00:00.000Z",
    }


async def test_a_second_scan_says_when_the_first_was_and_by_whom(api: Api) -> None:
    [ticket] = await sold(api)
    token = make_token("usher-7", role="admin")
    await api.call("POST", CHECKIN, {"code": ticket["code"]}, token=token, status=200)
    api.clock.advance(60_000)
    error = await turned_away(api, 409, "ticket_already_used", qrPayload=ticket["qrPayload"])
    assert error["details"] == {"checkedInAt": "2027-01-15T08:00:00.000Z", "by": "usher-7"}


@pytest.mark.parametrize("spelled", [str.lower, lambda code: code.replace("-", ""), lambda code: f" {code} "])
async def test_a_code_may_be_typed_as_people_type(api: Api, spelled: Any) -> None:
    [ticket] = await sold(api)
    assert (await scan(api, code=spelled(ticket["code"])))["ticket"]["code"] == ticket["code"]


async def test_each_ticket_of_a_purchase_is_used_for_itself(api: Api) -> None:
    first, second = await sold(api, 2)
    await scan(api, code=first["code"])
    await scan(api, code=second["code"])


async def test_two_scanners_at_once_admit_one(api: Api) -> None:
    [ticket] = await sold(api)
    answers = await asyncio.gather(
        *(api.send("POST", CHECKIN, {"qrPayload": ticket["qrPayload"]}, token=ADMIN_TOKEN) for _ in range(8))
    )
    assert sorted(answer.status for answer in answers) == [200] + [409] * 7


async def test_a_retry_with_its_key_gets_the_same_yes(api: Api) -> None:
    [ticket] = await sold(api)
    body, headers = {"code": ticket["code"]}, {"Idempotency-Key": "scan-1"}
    first = await api.send("POST", CHECKIN, body, token=ADMIN_TOKEN, headers=headers)
    api.clock.advance(1_000)
    again = await api.send("POST", CHECKIN, body, token=ADMIN_TOKEN, headers=headers)
    assert (first.status, await first.read()) == (again.status, await again.read()) == (200, await first.read())
    await turned_away(api, 409, "ticket_already_used", code=ticket["code"])


async def test_a_used_ticket_stays_used_after_a_restart(open_api: OpenApi) -> None:
    async with open_api() as api:
        await list_event(api.backend)
        await list_ticket_type(api.backend)
        [ticket] = await sold(api)
        await scan(api, code=ticket["code"])
    async with open_api() as api:
        await turned_away(api, 409, "ticket_already_used", code=ticket["code"])


async def test_a_ticket_for_another_evening_is_turned_away_and_stays_good(api: Api) -> None:
    await list_ticket_type(api.backend, "tomorrow")
    [ticket] = await sold(api, of="tomorrow")
    body = {"qrPayload": ticket["qrPayload"], "ticketTypeIds": ["tt"]}
    error = await turned_away(api, 409, "ticket_for_another_event", **body)
    assert error["details"] == {"ticketTypeId": "tomorrow"}
    await scan(api, **{**body, "ticketTypeIds": ["tt", "tomorrow"]})


async def test_a_forged_ticket_is_none(api: Api) -> None:
    [ticket] = await sold(api)
    head, claims, signature = ticket["qrPayload"].split(".")
    forger = TicketSigner([SigningKey(api.doors.signer.public_jwks()["keys"][0]["kid"], b"f" * 32)])
    forged = forger.sign(code=ticket["code"], ticket_type_id="tt")
    for payload in (forged, f"{head}.{claims}.{signature[:-4]}AAAA", f"{head}.{claims}.", "hello", ticket["code"], "é"):
        await turned_away(api, 400, "invalid_ticket", qrPayload=payload)
    await scan(api, qrPayload=ticket["qrPayload"])


async def test_a_signed_ticket_that_was_never_sold_is_not_found(api: Api) -> None:
    payload = api.doors.signer.sign(code="AAAA-AAAA-AAAA-AAAA", ticket_type_id="tt")
    await turned_away(api, 404, "ticket_not_found", qrPayload=payload)
    await turned_away(api, 404, "ticket_not_found", code="AAAA-AAAA-AAAA-AAAA")
    await turned_away(api, 404, "ticket_not_found", code="----")


async def test_a_ticket_type_that_does_not_exist_is_a_mistake_of_the_door(api: Api) -> None:
    [ticket] = await sold(api)
    body = {"code": ticket["code"], "ticketTypeIds": ["tt", "nothing"]}
    await turned_away(api, 404, "ticket_type_not_found", **body)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "code"),
        ({"code": "A", "qrPayload": "B"}, "code"),
        ({"code": ""}, "code"),
        ({"code": 5}, "code"),
        ({"code": "A" * 65}, "code"),
        ({"qrPayload": "x" * 4_097}, "qrPayload"),
        ({"code": "A", "ticketTypeIds": []}, "ticketTypeIds"),
        ({"code": "A", "ticketTypeIds": ["a/b"]}, "ticketTypeIds.0"),
        ({"code": "A", "more": 1}, "more"),
    ],
)
async def test_what_is_wrong_with_a_scan_is_named(api: Api, body: Any, field: str) -> None:
    assert fields_of(await turned_away(api, 400, "validation_error", **body)) == {field}


async def test_a_holder_who_was_forgotten_is_let_in_all_the_same(api: Api) -> None:
    [ticket] = await sold(api)
    body = {"email": PERSON["email"]}
    await api.call("POST", "/api/admin/privacy/erase", body, token=ADMIN_TOKEN, status=200)
    assert (await scan(api, code=ticket["code"]))["ticket"]["ticketHolder"] is None


async def test_the_ledger_has_no_code_and_no_name(api: Api, tmp_path: Path) -> None:
    [ticket] = await sold(api)
    await scan(api, code=ticket["code"])
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        row = connection.execute("SELECT * FROM ledger WHERE kind = 'ticket.checked_in'").fetchone()
    assert row[3:] == (None, "tt", None, f'{{"ticketId":"{ticket["id"]}","by":"admin token"}}')


async def test_nobody_but_an_admin_stands_in_the_door(api: Api) -> None:
    [ticket] = await sold(api)
    response = await api.send("POST", CHECKIN, {"code": ticket["code"]}, token=make_token("user-1"))
    await failure_of(response, status=403)
    await scan(api, code=ticket["code"])
