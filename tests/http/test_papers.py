"""Tickets as PDF files, and events for a calendar."""

import asyncio
import threading

import pytest

from actor_ticketing.tickets import papers
from support.papers import image_of, scan, texts_of, words_of
from support.service import list_event, list_ticket_type
from support.web import (
    ADMIN_TOKEN,
    PERSON,
    PURCHASES,
    RESERVATIONS,
    Api,
    configured,
    fields_of,
    make_token,
    purchase_of,
)


def path_of(ticket: dict[str, str]) -> str:
    return f"/api/public/tickets/{ticket['code']}/ticket.pdf"


async def test_a_ticket_is_a_file_that_a_phone_shows_and_a_door_reads(api: Api) -> None:
    [ticket] = (await api.buy(await api.reserve()))["tickets"]
    response = await api.send("GET", path_of(ticket))
    assert (response.status, response.content_type) == (200, "application/pdf")
    assert response.headers["Content-Disposition"] == f'inline; filename="ticket-{ticket["code"]}.pdf"'
    pdf = await response.read()
    assert scan(image_of(pdf)) == ticket["qrPayload"]
    text = words_of(pdf)
    assert all(
        part in text for part in ("Spring Concert", "City Hall", "tt", "45.00 EUR", "Ada Lovelace", ticket["code"])
    )


async def test_no_browser_keeps_a_ticket_that_bears_a_name(api: Api) -> None:
    [ticket] = (await api.buy(await api.reserve()))["tickets"]
    assert (await api.send("GET", path_of(ticket))).headers["Cache-Control"] == "no-store"


async def test_a_ticket_does_not_tell_more_of_a_person_than_the_name(api: Api) -> None:
    [ticket] = (await api.buy(await api.reserve()))["tickets"]
    text = words_of(await (await api.send("GET", path_of(ticket))).read())
    assert not any(PERSON[field] in text for field in ("identityType", "identityNumber", "email", "whatsapp"))


async def test_the_price_is_the_one_that_was_paid(api: Api) -> None:
    held = await api.reserve(2)
    await api.call("PATCH", "/api/admin/ticket-types/tt", {"price": 9900}, token=ADMIN_TOKEN, status=200)
    for ticket in (await api.buy(held))["tickets"]:
        text = words_of(await (await api.send("GET", path_of(ticket))).read())
        assert "45.00 EUR" in text
        assert "99.00" not in text


async def test_all_tickets_of_a_purchase_are_one_file_in_order(api: Api) -> None:
    held = await api.reserve(3)
    path, body = purchase_of(held)
    body["ticketHolders"] = [{**PERSON, "fullName": name} for name in ("Ada", "Bea", "Cleo")]
    bought = (await api.call("POST", path, body, token=make_token(), status=201))["data"]
    response = await api.send("GET", f"{RESERVATIONS}/{held['id']}/tickets.pdf?sessionId=s1")
    assert (response.status, response.content_type) == (200, "application/pdf")
    assert response.headers["Content-Disposition"] == f'inline; filename="tickets-{held["code"]}.pdf"'
    assert response.headers["Cache-Control"] == "no-store"
    pdf = await response.read()
    texts = texts_of(pdf)
    assert len(texts) == 3
    for number, (ticket, text) in enumerate(zip(bought["tickets"], texts, strict=True)):
        assert f"TICKET {number + 1} OF 3" in text
        assert ticket["code"] in text
        assert f"NAME {ticket['ticketHolder']['fullName']}\n" in text
        assert scan(image_of(pdf, number)) == ticket["qrPayload"]


ALL_OF = "/api/public/purchases/tickets.pdf"


async def test_a_purchase_of_several_reservations_is_one_file_numbered_through(api: Api) -> None:
    await list_ticket_type(api.backend, "balcony")
    held = [await api.reserve(2), await api.reserve(1, of="balcony")]
    body = {
        "sessionId": "s1",
        "reservationIds": [each["id"] for each in held],
        "buyerInfo": PERSON,
        "ticketHolders": [[PERSON, PERSON], [PERSON]],
    }
    bought = (await api.call("POST", PURCHASES, body, token=make_token(), status=201))["data"]
    path = f"{ALL_OF}?reservationIds={held[0]['id']},{held[1]['id']}&sessionId=s1"
    response = await api.send("GET", path)
    assert (response.status, response.content_type) == (200, "application/pdf")
    assert response.headers["Content-Disposition"] == f'inline; filename="tickets-{held[0]["code"]}.pdf"'
    assert response.headers["Cache-Control"] == "no-store"
    pdf = await response.read()
    texts = texts_of(pdf)
    for number, (ticket, text) in enumerate(zip(bought["tickets"], texts, strict=True)):
        assert f"TICKET {number + 1} OF 3" in text
        assert ticket["code"] in text
        assert scan(image_of(pdf, number)) == ticket["qrPayload"]
    assert "TYPE balcony" in texts[2]


async def test_a_file_of_several_has_nothing_of_somebody_elses(api: Api) -> None:
    mine, other = await api.reserve(), await api.reserve(session="s2")
    await api.buy(mine)
    await api.buy(other, session="s2", user="user-2")
    ids = f"{mine['id']},{other['id']}"
    await api.refused("GET", f"{ALL_OF}?reservationIds={ids}&sessionId=s1", status=403, code="forbidden")
    await api.refused("GET", f"{ALL_OF}?reservationIds={ids}", status=401, code="unauthenticated")


async def test_a_file_of_several_is_whole_or_not_at_all(api: Api) -> None:
    mine, active = await api.reserve(), await api.reserve()
    await api.buy(mine)
    path = f"{ALL_OF}?sessionId=s1&reservationIds={mine['id']}"
    error = await api.refused("GET", f"{path},{active['id']}", status=409, code="reservation_not_purchased")
    assert error["details"] == {"status": "ACTIVE"}
    await api.refused("GET", f"{path},nothing", status=404, code="reservation_not_found")


@pytest.mark.parametrize(
    ("path", "name"),
    [(f"{ALL_OF}?sessionId=s1&", "reservationIds"), ("/api/public/events.ics?", "eventIds")],
    ids=["tickets", "calendar"],
)
@pytest.mark.parametrize(
    "ids", [None, "", ",", "a,", "a%2Fb", "a%00", "%C3%A9", "a,a", ",".join(map(str, range(21))), "a" * 129]
)
async def test_a_list_that_is_none_is_refused(api: Api, path: str, name: str, ids: str | None) -> None:
    path += "" if ids is None else f"{name}={ids}"
    assert fields_of(await api.refused("GET", path, status=400, code="validation_error")) == {name}


@configured(rate_limit={"enabled": True, "read_per_session": "3/minute"})
async def test_each_reservation_in_a_file_counts(api: Api) -> None:
    path = f"{ALL_OF}?sessionId=s1&reservationIds="
    await api.refused("GET", f"{path}a,b", status=404, code="reservation_not_found")
    await api.refused("GET", f"{path}a,b", status=429, code="rate_limited")


async def test_one_of_several_tickets_is_the_same_page_alone(api: Api) -> None:
    _, ticket = (await api.buy(await api.reserve(2)))["tickets"]
    [text] = texts_of(await (await api.send("GET", path_of(ticket))).read())
    assert "TICKET 2 OF 2" in text
    assert ticket["code"] in text


async def test_a_ticket_is_the_same_file_each_time(api: Api) -> None:
    [ticket] = (await api.buy(await api.reserve()))["tickets"]
    first, second = [await (await api.send("GET", path_of(ticket))).read() for _ in range(2)]
    assert first == second


async def test_the_user_who_bought_needs_no_session(api: Api) -> None:
    body = {"ticketTypeId": "tt", "quantity": 1}
    made = await api.call("POST", RESERVATIONS, body, token=make_token(), status=201)
    held = made["data"]["reservation"]
    path, body = purchase_of(held, session=None)
    await api.call("POST", path, body, token=make_token(), status=201)
    response = await api.send("GET", f"{RESERVATIONS}/{held['id']}/tickets.pdf", token=make_token())
    assert response.status == 200


async def test_somebody_elses_tickets_are_not_given_out(api: Api) -> None:
    held = await api.reserve()
    await api.buy(held)
    path = f"{RESERVATIONS}/{held['id']}/tickets.pdf"
    await api.refused("GET", path, status=401, code="unauthenticated")
    await api.refused("GET", f"{path}?sessionId=s2", status=403, code="forbidden")
    await api.refused("GET", path, token=make_token("user-2"), status=403, code="forbidden")


async def test_an_unknown_reservation_has_no_tickets(api: Api) -> None:
    path = f"{RESERVATIONS}/nothing/tickets.pdf?sessionId=s1"
    await api.refused("GET", path, status=404, code="reservation_not_found")


async def test_what_was_not_purchased_has_no_tickets(api: Api) -> None:
    active, cancelled, expired = await api.reserve(), await api.reserve(), await api.reserve(expirationMinutes=1)
    await api.cancel(cancelled)
    await api.pass_time(60_000)
    for held, status in ((active, "ACTIVE"), (cancelled, "CANCELLED"), (expired, "EXPIRED")):
        path = f"{RESERVATIONS}/{held['id']}/tickets.pdf?sessionId=s1"
        error = await api.refused("GET", path, status=409, code="reservation_not_purchased")
        assert error["details"] == {"status": status}


async def test_an_unknown_ticket_has_no_file(api: Api) -> None:
    path = "/api/public/tickets/AAAA-AAAA-AAAA-AAAA/ticket.pdf"
    await api.refused("GET", path, status=404, code="ticket_not_found")


async def test_of_somebody_erased_the_ticket_is_left(api: Api) -> None:
    held = await api.reserve()
    [ticket] = (await api.buy(held))["tickets"]
    assert "Ada" in words_of(await (await api.send("GET", path_of(ticket))).read())
    await api.call("POST", "/api/admin/privacy/erase", {"email": PERSON["email"]}, token=ADMIN_TOKEN, status=200)
    for path in (path_of(ticket), f"{RESERVATIONS}/{held['id']}/tickets.pdf?sessionId=s1"):
        pdf = await (await api.send("GET", path)).read()
        assert "Ada" not in words_of(pdf)
        assert scan(image_of(pdf)) == ticket["qrPayload"]


async def test_too_many_files_at_once_are_refused_and_drawn_later(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    began, opened = threading.Event(), threading.Event()

    def draw(pages: tuple[papers.Page, ...]) -> bytes:
        began.set()
        assert opened.wait(30)
        return pages[0].code.encode()

    monkeypatch.setattr(papers, "_draw", draw)
    await api.doors.papers.close()
    api.doors.papers = papers.TicketPapers(max_pending=1)
    first, second = (await api.buy(await api.reserve(2)))["tickets"]
    drawing = asyncio.create_task(api.send("GET", path_of(first)))
    assert await asyncio.to_thread(began.wait, 30)
    response = await api.send("GET", path_of(second))
    assert (response.status, response.headers["Retry-After"]) == (503, "1")
    assert (await response.json())["error"]["code"] == "unavailable"
    opened.set()
    assert await (await drawing).read() == first["code"].encode()
    assert await (await api.send("GET", path_of(second))).read() == second["code"].encode()


@configured(rate_limit={"enabled": True, "read_per_address": "1/minute"})
async def test_files_have_the_budget_of_reading(api: Api) -> None:
    assert (await api.send("GET", "/api/public/events/ev/event.ics")).status == 200
    for path in ("/api/public/events/ev/event.ics", "/api/public/tickets/AAAA/ticket.pdf"):
        await api.refused("GET", path, status=429, code="rate_limited")


async def test_an_event_is_a_file_for_a_calendar(api: Api) -> None:
    response = await api.send("GET", "/api/public/events/ev/event.ics")
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'inline; filename="event-ev.ics"'
    assert response.headers["Cache-Control"] == "no-cache"
    lines = (await response.read()).decode().split("\r\n")
    assert {"UID:ev@actor-ticketing", "DTSTAMP:20270115T080000Z", "DTSTART:19700101T000000Z"} <= set(lines)
    assert {"SUMMARY:Spring Concert", "LOCATION:City Hall"} <= set(lines)


async def test_a_calendars_file_follows_the_event(api: Api) -> None:
    change = {"title": "Autumn, Concert", "startDate": "2027-10-20T19:00:00+02:00"}
    await api.call("PATCH", "/api/admin/events/ev", change, token=ADMIN_TOKEN, status=200)
    lines = (await (await api.send("GET", "/api/public/events/ev/event.ics")).read()).decode().split("\r\n")
    assert {"UID:ev@actor-ticketing", "DTSTART:20271020T170000Z", "SUMMARY:Autumn\\, Concert"} <= set(lines)


async def test_an_unknown_event_has_no_file(api: Api) -> None:
    await api.refused("GET", "/api/public/events/nothing/event.ics", status=404, code="event_not_found")


async def test_several_events_are_one_file_for_a_calendar(api: Api) -> None:
    await list_event(api.backend, event_id="late")
    response = await api.send("GET", "/api/public/events.ics?eventIds=ev,late")
    assert (response.status, response.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert response.headers["Content-Disposition"] == 'inline; filename="events.ics"'
    lines = (await response.read()).decode().split("\r\n")
    assert [line for line in lines if line.startswith("UID:")] == ["UID:ev@actor-ticketing", "UID:late@actor-ticketing"]
    await api.refused("GET", "/api/public/events.ics?eventIds=ev,no", status=404, code="event_not_found")
