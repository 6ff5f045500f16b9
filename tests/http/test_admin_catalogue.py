"""The catalogue as an admin changes it."""

from typing import Any

import pytest

from support.web import ADMIN_TOKEN, Api, fields_of

EVENTS = "/api/admin/events"
TYPES = "/api/admin/events/ev/ticket-types"
TYPE = "/api/admin/ticket-types/tt"
EVENT_BODY = {"title": "Autumn Concert", "venue": "Park", "startDate": "2027-09-20T21:00:00+02:00"}
TYPE_BODY = {"name": "VIP", "price": 12000, "currency": "EUR", "total": 5}


async def call(api: Api, method: str, path: str, body: Any = None, *, status: int) -> Any:
    return (await api.call(method, path, body, token=ADMIN_TOKEN, status=status))["data"]


async def refused(api: Api, method: str, path: str, body: Any, *, status: int, code: str | None = None) -> Any:
    return await api.refused(method, path, body, token=ADMIN_TOKEN, status=status, code=code)


async def test_an_event_is_created(api: Api) -> None:
    event = (await call(api, "POST", EVENTS, EVENT_BODY, status=201))["event"]
    assert len(event["id"]) >= 11
    assert {name: event[name] for name in EVENT_BODY} == {**EVENT_BODY, "startDate": "2027-09-20T19:00:00.000Z"}
    assert (await call(api, "GET", f"{EVENTS}/{event['id']}", status=200))["event"] == event


async def test_the_operator_may_choose_ids(api: Api) -> None:
    event = (await call(api, "POST", EVENTS, {**EVENT_BODY, "id": "autumn"}, status=201))["event"]
    assert event["id"] == "autumn"
    body = {**TYPE_BODY, "id": "autumn-vip"}
    made = await call(api, "POST", f"{EVENTS}/autumn/ticket-types", body, status=201)
    assert (made["ticketType"]["id"], made["ticketType"]["eventId"]) == ("autumn-vip", "autumn")


async def test_an_id_is_taken_once(api: Api) -> None:
    await refused(api, "POST", EVENTS, {**EVENT_BODY, "id": "ev"}, status=409, code="already_exists")
    await refused(api, "POST", TYPES, {**TYPE_BODY, "id": "tt"}, status=409, code="already_exists")
    assert (await call(api, "GET", f"{EVENTS}/ev", status=200))["event"]["title"] == "Spring Concert"
    assert await api.counters() == (10, 0, 0, 10)


async def test_what_is_created_is_on_sale_at_once(api: Api) -> None:
    made = (await call(api, "POST", TYPES, {**TYPE_BODY, "maxPerReservation": 3}, status=201))["ticketType"]
    assert (made["total"], made["sold"], made["reserved"], made["available"]) == (5, 0, 0, 5)
    assert made["maxPerReservation"] == 3
    await api.reserve(3, of=made["id"])
    assert await api.counters(made["id"]) == (5, 0, 3, 2)


async def test_a_ticket_type_needs_an_event(api: Api) -> None:
    await refused(api, "POST", f"{EVENTS}/nothing/ticket-types", TYPE_BODY, status=404, code="event_not_found")


async def test_an_event_is_changed_where_it_is_said(api: Api) -> None:
    changed = (await call(api, "PATCH", f"{EVENTS}/ev", {"venue": "Park"}, status=200))["event"]
    assert (changed["title"], changed["venue"]) == ("Spring Concert", "Park")
    assert (await api.reserve())["ticketType"]["event"]["venue"] == "Park"


async def test_a_ticket_type_is_changed_where_it_is_said(api: Api) -> None:
    changes = {"name": "General", "price": 5000, "maxPerReservation": 2, "salesEnd": "2027-06-01T00:00:00Z"}
    changed = (await call(api, "PATCH", TYPE, changes, status=200))["ticketType"]
    assert {name: changed[name] for name in changes} == {**changes, "salesEnd": "2027-06-01T00:00:00.000Z"}
    assert (changed["currency"], changed["total"], changed["salesStart"]) == ("EUR", 10, None)


async def test_a_ticket_type_may_have_an_extension_policy_of_its_own(api: Api) -> None:
    made = (await call(api, "POST", TYPES, {**TYPE_BODY, "extensionPolicy": "strict"}, status=201))["ticketType"]
    assert made["extensionPolicy"] == "strict"
    for policy in ("accessible", "demand_aware", "standard", None):
        changed = (await call(api, "PATCH", TYPE, {"extensionPolicy": policy}, status=200))["ticketType"]
        assert changed["extensionPolicy"] == policy
    await call(api, "PATCH", TYPE, {"extensionPolicy": "accessible"}, status=200)
    changed = (await call(api, "PATCH", TYPE, {"price": 1}, status=200))["ticketType"]
    assert changed["extensionPolicy"] == "accessible"
    shown = (await call(api, "GET", f"{EVENTS}/ev", status=200))["event"]["ticketTypes"]
    assert {each["id"]: each["extensionPolicy"] for each in shown} == {"tt": "accessible", made["id"]: "strict"}


async def test_null_takes_a_bound_away(api: Api) -> None:
    await call(api, "PATCH", TYPE, {"maxPerReservation": 2, "salesEnd": "2027-01-01T00:00:00Z"}, status=200)
    changed = (await call(api, "PATCH", TYPE, {"maxPerReservation": None, "salesEnd": None}, status=200))["ticketType"]
    assert (changed["maxPerReservation"], changed["salesEnd"]) == (None, None)
    await api.reserve(3)


async def test_null_does_not_take_away_what_is_needed(api: Api) -> None:
    for field in ("name", "price", "currency", "total"):
        assert fields_of(await refused(api, "PATCH", TYPE, {field: None}, status=400)) == {field}
    for field in ("title", "venue", "startDate"):
        assert fields_of(await refused(api, "PATCH", f"{EVENTS}/ev", {field: None}, status=400)) == {field}


async def test_an_empty_change_changes_nothing(api: Api) -> None:
    before = (await call(api, "GET", f"{EVENTS}/ev", status=200))["event"]
    await call(api, "PATCH", f"{EVENTS}/ev", {}, status=200)
    await call(api, "PATCH", TYPE, {}, status=200)
    assert (await call(api, "GET", f"{EVENTS}/ev", status=200))["event"] == before


async def test_what_does_not_exist_cannot_be_changed(api: Api) -> None:
    await refused(api, "PATCH", f"{EVENTS}/nothing", {"title": "T"}, status=404, code="event_not_found")
    await refused(
        api, "PATCH", "/api/admin/ticket-types/nothing", {"price": 1}, status=404, code="ticket_type_not_found"
    )
    await api.refused("GET", f"{EVENTS}/nothing", token=ADMIN_TOKEN, status=404, code="event_not_found")


async def test_an_id_cannot_be_changed(api: Api) -> None:
    for path in (TYPE, f"{EVENTS}/ev"):
        assert fields_of(await refused(api, "PATCH", path, {"id": "other"}, status=400)) == {"id"}


async def test_more_tickets_can_be_added(api: Api) -> None:
    await api.reserve(10)
    changed = (await call(api, "PATCH", TYPE, {"total": 12}, status=200))["ticketType"]
    assert (changed["total"], changed["reserved"], changed["available"]) == (12, 10, 2)
    await api.reserve(2)
    assert await api.counters() == (12, 0, 12, 0)


async def test_the_total_never_goes_below_what_is_sold_and_held(api: Api) -> None:
    await api.buy(await api.reserve(3))
    held = await api.reserve(4)
    for total in (6, 0):
        error = await refused(api, "PATCH", TYPE, {"total": total, "price": 1}, status=409, code="total_too_low")
        assert error["details"] == {"sold": 3, "reserved": 4}
    assert await api.counters() == (10, 3, 4, 3)
    assert (await api.reserve())["ticketType"]["price"] == 4500
    await call(api, "PATCH", TYPE, {"total": 8}, status=200)
    await api.cancel(held)
    await call(api, "PATCH", TYPE, {"total": 4}, status=200)
    assert await api.counters() == (4, 3, 1, 0)


async def test_a_sales_window_ends_after_it_starts(api: Api) -> None:
    window = {"salesStart": "2027-02-01T00:00:00Z", "salesEnd": "2027-02-01T00:00:00Z"}
    assert fields_of(await refused(api, "POST", TYPES, {**TYPE_BODY, **window}, status=400)) == {"salesEnd"}
    await call(api, "PATCH", TYPE, {"salesStart": window["salesStart"]}, status=200)
    assert fields_of(await refused(api, "PATCH", TYPE, {"salesEnd": window["salesEnd"]}, status=400)) == {"salesEnd"}


@pytest.mark.parametrize("field", EVENT_BODY)
async def test_every_field_of_an_event_is_needed(api: Api, field: str) -> None:
    body = {name: value for name, value in EVENT_BODY.items() if name != field}
    assert fields_of(await refused(api, "POST", EVENTS, body, status=400)) == {field}


@pytest.mark.parametrize("field", TYPE_BODY)
async def test_every_field_of_a_ticket_type_is_needed(api: Api, field: str) -> None:
    body = {name: value for name, value in TYPE_BODY.items() if name != field}
    assert fields_of(await refused(api, "POST", TYPES, body, status=400)) == {field}


async def test_what_is_wrong_with_an_event_is_named(api: Api) -> None:
    texts = ["", " ", "x" * 201, "a\u0000b", 5, None, [], True]
    dates = ["", "tomorrow", "2027-09-20", "2027-09-20T19:00:00", "2027-13-20T19:00:00Z", 1_800_000_000_000, None, True]
    for field, values in {"title": texts, "venue": texts, "startDate": dates, "id": ["", "a/b", "x" * 129, 5]}.items():
        for value in values:
            error = await refused(api, "POST", EVENTS, {**EVENT_BODY, field: value}, status=400)
            assert fields_of(error) == {field}, value


async def test_what_is_wrong_with_a_ticket_type_is_named(api: Api) -> None:
    wrong: dict[str, list[Any]] = {
        "name": ["", "x" * 201, 5, None],
        "price": [-1, 1.5, "1", True, None, 10**30],
        "currency": ["", "eur", "EURO", "€", 978, None],
        "total": [-1, 1.5, "1", True, None, 10**30],
        "maxPerReservation": [0, -1, 1.5, "1", True],
        "extensionPolicy": ["", "Standard", "lenient", 1, True, ["strict"]],
        "salesStart": ["soon", 5, True],
        "salesEnd": ["2027-02-30T00:00:00Z", 5, True],
        "unknown": [1],
    }
    for field, values in wrong.items():
        for value in values:
            error = await refused(api, "POST", TYPES, {**TYPE_BODY, field: value}, status=400)
            assert fields_of(error) == {field}, value


@pytest.mark.parametrize("date", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z"])
async def test_a_date_at_the_end_of_time_does_not_spoil_the_catalogue(api: Api, date: str) -> None:
    headers = {"Idempotency-Key": "k"}
    response = await api.send("POST", EVENTS, {**EVENT_BODY, "startDate": date}, token=ADMIN_TOKEN, headers=headers)
    assert response.status in {201, 400}
    await call(api, "POST", EVENTS, EVENT_BODY, status=201)
    for event in await call(api, "GET", EVENTS, status=200):
        assert len(event["startDate"]) == len("2027-01-15T08:00:00.000Z")


async def test_a_date_is_written_as_rfc_3339(api: Api) -> None:
    for date in ("2027-W11-6T00:00:00Z", "20270320T190000Z", "2027-03-20T19:00:00,5Z", "2027-03-20T19Z"):
        error = await refused(api, "POST", EVENTS, {**EVENT_BODY, "startDate": date}, status=400)
        assert fields_of(error) == {"startDate"}


async def test_a_free_ticket_has_a_price_of_nothing(api: Api) -> None:
    made = (await call(api, "POST", TYPES, {**TYPE_BODY, "price": 0}, status=201))["ticketType"]
    bought = await api.buy(await api.reserve(2, of=made["id"]))
    assert bought["transaction"]["totalPrice"] == 0


async def test_a_type_without_stock_sells_nothing(api: Api) -> None:
    made = (await call(api, "POST", TYPES, {**TYPE_BODY, "total": 0}, status=201))["ticketType"]
    body = {"ticketTypeId": made["id"], "quantity": 1, "sessionId": "s1"}
    await api.refused("POST", "/api/public/reservations", body, status=409, code="not_enough_tickets")


async def test_an_admin_sees_events_that_are_over_or_empty(api: Api) -> None:
    await call(api, "POST", EVENTS, {**EVENT_BODY, "id": "empty"}, status=201)
    await call(api, "PATCH", TYPE, {"salesEnd": "2027-01-01T00:00:00Z"}, status=200)
    document = await api.call("GET", EVENTS, token=ADMIN_TOKEN, status=200)
    assert [event["id"] for event in document["data"]] == ["ev", "empty"]
    assert document["meta"] == {"page": 1, "limit": 100, "total": 2, "totalPages": 1}
    document = await api.call("GET", f"{EVENTS}?page=2&limit=1", token=ADMIN_TOKEN, status=200)
    assert [event["id"] for event in document["data"]] == ["empty"]
