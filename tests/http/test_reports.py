"""Everything that was reserved, bought or made, as files that spreadsheets read."""

import csv
import io
from typing import Any

import pytest
from aiohttp import ClientPayloadError

from actor_ticketing.domain.errors import StorageUnavailable
from actor_ticketing.persistence import reports
from support.service import list_event, list_ticket_type
from support.web import ADMIN_TOKEN, PERSON, Api, configured, fields_of, make_token, purchase_of

REPORT = "/api/admin/analytics/report.csv"
NOON = "2027-01-15T08:00:00.000Z"


async def raw(api: Api, of: str, more: str = "") -> bytes:
    response = await api.send("GET", f"{REPORT}?of={of}{more}", token=ADMIN_TOKEN)
    assert response.status == 200
    return await response.read()


async def table(api: Api, of: str, more: str = "") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((await raw(api, of, more)).decode("utf-8-sig"), newline="")))


async def test_reservations_of_every_state_are_listed_oldest_first(api: Api) -> None:
    held = []
    for quantity in (1, 2, 3):
        held.append(await api.reserve(quantity, session="secret-session"))
        api.clock.advance(1)
    await api.buy(held[0], session="secret-session")
    await api.cancel(held[1], session="secret-session")
    rows = await table(api, "reservations")
    assert [(row["id"], row["code"], row["status"], row["quantity"]) for row in rows] == [
        (each["id"], each["code"], status, str(each["quantity"]))
        for each, status in zip(held, ("CONVERTED", "CANCELLED", "ACTIVE"), strict=True)
    ]
    assert {name: rows[0][name] for name in ("eventId", "event", "ticketTypeId", "unitPrice", "currency")} == {
        "eventId": "ev",
        "event": "Spring Concert",
        "ticketTypeId": "tt",
        "unitPrice": "4500",
        "currency": "EUR",
    }
    assert (rows[0]["reservedAt"], rows[2]["settledAt"]) == (NOON, "")


async def test_transactions_have_their_buyers(api: Api) -> None:
    held = await api.reserve(2)
    bought = await api.buy(held, user="ada")
    [row] = await table(api, "transactions")
    assert row == {
        "id": bought["transaction"]["id"],
        "reservationId": held["id"],
        "reservationCode": held["code"],
        "eventId": "ev",
        "event": "Spring Concert",
        "ticketTypeId": "tt",
        "ticketType": "tt",
        "quantity": "2",
        "totalPrice": "9000",
        "currency": "EUR",
        "createdAt": NOON,
        "userId": "ada",
        "buyerName": PERSON["fullName"],
        "buyerIdentityType": PERSON["identityType"],
        "buyerIdentityNumber": PERSON["identityNumber"],
        "buyerEmail": PERSON["email"],
        "buyerWhatsapp": f"'{PERSON['whatsapp']}",
    }


async def test_tickets_have_their_holders_and_whether_they_were_used(api: Api) -> None:
    tickets = (await api.buy(await api.reserve(2)))["tickets"]
    await api.call("POST", "/api/admin/checkin", {"code": tickets[0]["code"]}, token=ADMIN_TOKEN, status=200)
    rows = {row["code"]: row for row in await table(api, "tickets")}
    used, unused = (rows[ticket["code"]] for ticket in tickets)
    assert (used["checkedInAt"], used["checkedInBy"]) == (NOON, "admin token")
    assert (unused["checkedInAt"], unused["checkedInBy"]) == ("", "")
    assert used["holderName"] == PERSON["fullName"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://evil.test";"Ada")'])
async def test_a_name_that_a_spreadsheet_would_run_is_only_read(api: Api, name: str) -> None:
    path, body = purchase_of(await api.reserve())
    body["buyerInfo"] = {**PERSON, "fullName": name}
    await api.call("POST", path, body, token=make_token(), status=201)
    assert (await table(api, "transactions"))[0]["buyerName"] == f"'{name}"


@pytest.mark.parametrize(
    ("name", "defused"),
    [("Ada;=1+1;", "Ada;'=1+1;"), ("Ada; @SUM(A1)", "Ada; '@SUM(A1)"), ("Ada; a-b=c", "Ada; a-b=c")],
)
async def test_a_cell_that_begins_at_a_semicolon_is_only_read_too(api: Api, name: str, defused: str) -> None:
    path, body = purchase_of(await api.reserve())
    body["buyerInfo"] = {**PERSON, "fullName": name}
    await api.call("POST", path, body, token=make_token(), status=201)
    assert (await table(api, "transactions"))[0]["buyerName"] == defused


async def test_quotes_commas_and_foreign_letters_come_through(api: Api) -> None:
    name = 'Bób "the Ω", Ünïcode'
    path, body = purchase_of(await api.reserve())
    body["ticketHolders"] = [{**PERSON, "fullName": name}]
    await api.call("POST", path, body, token=make_token(), status=201)
    assert (await table(api, "tickets"))[0]["holderName"] == name
    text = (await raw(api, "tickets")).decode("utf-8")
    assert text.startswith("\ufeffid,code,transactionId,")
    assert text.count("\r\n") == text.count("\n") == 2


@pytest.mark.parametrize("of", ["reservations", "transactions", "tickets"])
async def test_no_session_is_in_any_file(api: Api, of: str) -> None:
    await api.buy(await api.reserve(session="secret-session"), session="secret-session")
    text = await raw(api, of)
    assert text.count(b"\r\n") == 2
    assert b"secret-session" not in text


async def test_whoever_was_forgotten_is_empty(api: Api) -> None:
    await api.buy(await api.reserve())
    erase = {"email": PERSON["email"]}
    await api.call("POST", "/api/admin/privacy/erase", erase, token=ADMIN_TOKEN, status=200)
    [sale], [ticket] = await table(api, "transactions"), await table(api, "tickets")
    assert {value for name, value in {**sale, **ticket}.items() if name.startswith(("buyer", "holder"))} == {""}
    assert sale["totalPrice"] == "4500"


@pytest.mark.parametrize("of", ["reservations", "transactions", "tickets"])
async def test_it_is_of_one_event_where_that_is_asked(api: Api, of: str) -> None:
    await list_event(api.backend, event_id="other")
    await list_ticket_type(api.backend, "theirs", event_id="other")
    for ticket_type_id in ("tt", "theirs", "theirs"):
        await api.buy(await api.reserve(of=ticket_type_id))
    assert [row["eventId"] for row in await table(api, of, "&eventId=other")] == ["other", "other"]
    assert len(await table(api, of)) == 3


@pytest.mark.parametrize("of", ["reservations", "transactions", "tickets"])
async def test_there_may_be_more_than_are_read_at_once(api: Api, monkeypatch: pytest.MonkeyPatch, of: str) -> None:
    await list_ticket_type(api.backend, "big", total=100)
    bought = [await api.buy(await api.reserve(of="big")) for _ in range(7)]
    for name in ("_RESERVATIONS", "_SALES", "_ALL_TICKETS"):
        monkeypatch.setattr(reports, name, getattr(reports, name).replace("LIMIT 500", "LIMIT 3"))
    ids = [row["id"] for row in await table(api, of)]
    assert ids == sorted(set(ids))
    assert len(ids) == len(bought)


async def test_nothing_yet_is_a_file_with_a_head(api: Api) -> None:
    for of in ("reservations", "transactions", "tickets"):
        assert await table(api, of) == []
        assert (await raw(api, of)).count(b"\r\n") == 1


@configured(server={"allowed_origins": ["https://shop.example.com"]})
async def test_the_head_is_that_of_a_file(api: Api) -> None:
    headers = {"X-Request-ID": "mine", "Origin": "https://shop.example.com"}
    response = await api.send("GET", f"{REPORT}?of=tickets", token=ADMIN_TOKEN, headers=headers)
    wanted = {
        "Content-Type": "text/csv; charset=utf-8; header=present",
        "Content-Disposition": 'attachment; filename="tickets.csv"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Request-ID": "mine",
        "Server": "actor-ticketing",
        "Access-Control-Allow-Origin": "https://shop.example.com",
    }
    assert {name: response.headers[name] for name in wanted} == wanted


async def test_a_head_request_gets_the_head_alone(api: Api) -> None:
    await api.reserve()
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    response = await api.client.head(f"{REPORT}?of=reservations", headers=headers)
    assert (response.status, await response.read()) == (200, b"")
    await api.availability()


async def test_what_cannot_be_read_at_all_is_a_503(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_: str) -> Any:
        raise StorageUnavailable

    monkeypatch.setattr(api.backend.reports._queries, "tickets_after", fail)
    await api.refused("GET", f"{REPORT}?of=tickets", token=ADMIN_TOKEN, status=503, code="storage_unavailable")


async def test_half_a_file_is_not_taken_for_a_whole_one(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await api.reserve()
    read = api.backend.reports._queries.reservations_after

    async def fail_later(after: str) -> Any:
        if after:
            raise StorageUnavailable
        return await read(after)

    monkeypatch.setattr(api.backend.reports._queries, "reservations_after", fail_later)
    with pytest.raises(ClientPayloadError):
        await raw(api, "reservations")
    await api.availability()


async def test_what_is_wrong_with_a_question_is_named(api: Api) -> None:
    for query in ("", "?of=", "?of=accounts"):
        assert fields_of(await api.refused("GET", REPORT + query, token=ADMIN_TOKEN, status=400)) == {"of"}
    path = f"{REPORT}?of=tickets&eventId=nothing"
    await api.refused("GET", path, token=ADMIN_TOKEN, status=404, code="event_not_found")
