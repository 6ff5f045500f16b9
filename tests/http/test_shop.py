"""What anyone may see: sessions, events, availability."""

import re
from typing import Any

import pytest

from actor_ticketing.domain.catalogue import SalesWindow
from support.service import list_event, list_ticket_type
from support.web import ADMIN_TOKEN, Api

EVENTS = "/api/public/events"
AVAILABILITY = "/api/public/availability/tt"
VIP = {
    "id": "vip",
    "name": "VIP",
    "price": 12000,
    "currency": "USD",
    "total": 5,
    "maxPerReservation": 2,
    "salesStart": "2027-01-01T00:00:00Z",
    "salesEnd": "2027-06-01T02:00:00+02:00",
}


async def listed(api: Api, query: str = "") -> list[str]:
    return [event["id"] for event in (await api.call("GET", EVENTS + query, status=200))["data"]]


async def changed_since(api: Api, path: str, tag: str) -> bool:
    """Whether a client that knows ``tag`` is sent the document again."""
    response = await api.send("GET", path, headers={"If-None-Match": tag})
    assert response.headers["ETag"]
    if response.status == 304:
        assert await response.read() == b""
        return False
    assert response.status == 200
    return True


async def tag_of(api: Api, path: str) -> str:
    return (await api.send("GET", path)).headers["ETag"]


async def test_a_session_is_a_long_random_id(api: Api) -> None:
    made = {(await api.call("POST", "/api/public/sessions", status=201))["data"]["sessionId"] for _ in range(10)}
    assert len(made) == 10
    for session in made:
        assert re.fullmatch(r"[A-Za-z0-9._~-]{22,128}", session)


@pytest.mark.parametrize("body", [None, {}])
async def test_a_session_can_reserve(api: Api, body: Any) -> None:
    session = (await api.call("POST", "/api/public/sessions", body, status=201))["data"]["sessionId"]
    held = await api.reserve(session=session)
    assert (await api.show(held, session=session))["reservation"]["status"] == "ACTIVE"


async def test_a_session_is_made_of_nothing_else(api: Api) -> None:
    await api.refused("POST", "/api/public/sessions", {"sessionId": "mine"}, status=400, code="validation_error")


async def test_an_event_is_listed_with_its_ticket_types_and_what_is_left(api: Api) -> None:
    await api.call("POST", "/api/admin/events/ev/ticket-types", VIP, token=ADMIN_TOKEN, status=201)
    held = await api.reserve(3)
    document = await api.call("GET", EVENTS, status=200)
    [event] = document["data"]
    types = event.pop("ticketTypes")
    assert event == {
        "id": "ev",
        "title": "Spring Concert",
        "venue": "City Hall",
        "startDate": "1970-01-01T00:00:00.000Z",
    }
    assert [each["id"] for each in types] == ["tt", "vip"]
    general, vip = types
    stock = {name: general[name] for name in ("total", "sold", "reserved", "available", "nextReleaseAt", "onSale")}
    assert stock == {
        "total": 10,
        "sold": 0,
        "reserved": 3,
        "available": 7,
        "nextReleaseAt": held["expiresAt"],
        "onSale": True,
    }
    terms = {name: vip[name] for name in VIP}
    assert terms == {
        **VIP,
        "salesStart": "2027-01-01T00:00:00.000Z",
        "salesEnd": "2027-06-01T00:00:00.000Z",
    }


async def test_what_is_not_on_sale_yet_is_shown_as_such(api: Api) -> None:
    await list_event(api.backend, event_id="later")
    window = SalesWindow(start=api.clock.now() + 1)
    await list_ticket_type(api.backend, "lt", event_id="later", window=window)
    event = (await api.call("GET", f"{EVENTS}/later", status=200))["data"]["event"]
    assert event["ticketTypes"][0]["onSale"] is False
    assert "later" in await listed(api)
    api.clock.advance(1)
    event = (await api.call("GET", f"{EVENTS}/later", status=200))["data"]["event"]
    assert event["ticketTypes"][0]["onSale"] is True


async def test_an_event_whose_sales_are_over_is_left_out(api: Api) -> None:
    await list_event(api.backend, event_id="soon")
    end = api.clock.now() + 1_000
    await list_ticket_type(api.backend, "s1", event_id="soon", window=SalesWindow(end=end))
    await list_ticket_type(api.backend, "s2", event_id="soon", window=SalesWindow(end=end - 500))
    api.clock.advance(999)
    assert set(await listed(api)) == {"ev", "soon"}
    api.clock.advance(1)
    assert await listed(api) == ["ev"]


async def test_an_event_whose_sales_are_over_can_still_be_looked_at(api: Api) -> None:
    await list_event(api.backend, event_id="over")
    await list_ticket_type(api.backend, "o", event_id="over", window=SalesWindow(end=api.clock.now()))
    event = (await api.call("GET", f"{EVENTS}/over", status=200))["data"]["event"]
    assert event["ticketTypes"][0]["onSale"] is False


async def test_an_event_with_nothing_to_sell_is_left_out(api: Api) -> None:
    await list_event(api.backend, event_id="empty")
    assert await listed(api) == ["ev"]


async def test_events_come_in_pages_by_their_dates(api: Api) -> None:
    for number, start_date in ((3, 3_000), (1, 1_000), (2, 2_000)):
        await api.backend.desk.create_event(event_id=f"e{number}", title="T", venue="V", start_date=start_date)
        await list_ticket_type(api.backend, f"t{number}", event_id=f"e{number}")
    assert await listed(api) == ["ev", "e1", "e2", "e3"]
    assert await listed(api, "?page=2&limit=3") == ["e3"]
    meta = (await api.call("GET", f"{EVENTS}?page=2&limit=3", status=200))["meta"]
    assert meta == {"page": 2, "limit": 3, "total": 4, "totalPages": 2}


async def test_one_event_is_shown_as_it_is_listed(api: Api) -> None:
    [event] = (await api.call("GET", EVENTS, status=200))["data"]
    assert (await api.call("GET", f"{EVENTS}/ev", status=200))["data"]["event"] == event


async def test_an_unknown_event_is_not_found(api: Api) -> None:
    await api.refused("GET", f"{EVENTS}/nothing", status=404, code="event_not_found")


@pytest.mark.parametrize("path", [EVENTS, f"{EVENTS}/ev", AVAILABILITY, "/api/public/ticket-keys"])
async def test_what_has_not_changed_is_not_sent_again(api: Api, path: str) -> None:
    tag = await tag_of(api, path)
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        assert not await changed_since(api, path, known)
    for known in ('"other"', "", tag.strip('"'), f"{tag[:-1]}x"):
        assert await changed_since(api, path, known)


@pytest.mark.parametrize("path", [EVENTS, f"{EVENTS}/ev", AVAILABILITY])
async def test_a_reservation_changes_what_is_sent(api: Api, path: str) -> None:
    tag = await tag_of(api, path)
    held = await api.reserve()
    assert await changed_since(api, path, tag)
    tag = await tag_of(api, path)
    await api.extend(held, 1)
    assert await changed_since(api, path, tag)
    tag = await tag_of(api, path)
    await api.buy(held)
    assert await changed_since(api, path, tag)


async def test_availability_is_what_the_specification_names(api: Api) -> None:
    document = await api.call("GET", AVAILABILITY, status=200)
    assert document["success"] is True
    stock = {name: document["data"][name] for name in ("total", "sold", "reserved", "available", "nextReleaseAt")}
    assert stock == {"total": 10, "sold": 0, "reserved": 0, "available": 10, "nextReleaseAt": None}


async def test_availability_follows_a_reservation_through_its_life(api: Api) -> None:
    assert await api.counters() == (10, 0, 0, 10)
    first, second = await api.reserve(2), await api.reserve(3, expirationMinutes=5)
    assert await api.counters() == (10, 0, 5, 5)
    await api.buy(first)
    assert await api.counters() == (10, 2, 3, 5)
    await api.pass_time(5 * 60_000)
    assert await api.counters() == (10, 2, 0, 8)
    assert (await api.show(second))["reservation"]["status"] == "EXPIRED"


async def test_the_next_release_moves_with_the_holds(api: Api) -> None:
    async def next_release() -> str | None:
        return (await api.availability())["nextReleaseAt"]

    late = await api.reserve(expirationMinutes=20)
    assert await next_release() == "2027-01-15T08:20:00.000Z"
    early = await api.reserve(expirationMinutes=5)
    assert await next_release() == "2027-01-15T08:05:00.000Z"
    await api.extend(early, 10)
    assert await next_release() == "2027-01-15T08:15:00.000Z"
    await api.cancel(early)
    assert await next_release() == "2027-01-15T08:20:00.000Z"
    await api.buy(late)
    assert await next_release() is None


async def test_availability_of_an_unknown_type_is_not_found(api: Api) -> None:
    await api.refused("GET", "/api/public/availability/nothing", status=404, code="ticket_type_not_found")
