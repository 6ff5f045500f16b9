"""``GET /api/public/reservations``."""

import pytest

from support.service import list_ticket_type
from support.web import RESERVATIONS, Api, fields_of, make_token


async def ids_of(api: Api, query: str, *, token: str | None = None) -> list[str]:
    document = await api.call("GET", f"{RESERVATIONS}?{query}", token=token, status=200)
    return [each["id"] for each in document["data"]]


async def test_a_hold_is_listed_with_what_the_specification_names(api: Api) -> None:
    held = await api.reserve(2)
    document = await api.call("GET", f"{RESERVATIONS}?sessionId=s1", status=200)
    [listed] = document["data"]
    assert listed == held
    assert listed["remainingSeconds"] == 600
    assert listed["isExpired"] is False
    assert document["meta"] == {
        "page": 1,
        "limit": 10,
        "total": 1,
        "totalPages": 1,
        "serverTime": "2027-01-15T08:00:00.000Z",
    }


async def test_a_session_without_holds_has_an_empty_list(api: Api) -> None:
    document = await api.call("GET", f"{RESERVATIONS}?sessionId=s1", status=200)
    assert document["data"] == []
    assert (document["meta"]["total"], document["meta"]["totalPages"]) == (0, 0)


async def test_the_oldest_hold_comes_first(api: Api) -> None:
    made = []
    for minutes in (30, 10, 20):
        made.append((await api.reserve(expirationMinutes=minutes))["id"])
        api.clock.advance(1)
    assert await ids_of(api, "sessionId=s1") == made


async def test_only_live_holds_are_listed(api: Api) -> None:
    expired = await api.reserve(expirationMinutes=1)
    cancelled, converted, live = [await api.reserve() for _ in range(3)]
    await api.cancel(cancelled)
    await api.buy(converted)
    await api.pass_time(60_000)
    assert await ids_of(api, "sessionId=s1") == [live["id"]]
    assert expired["id"] != live["id"]


async def test_an_overdue_hold_is_not_listed_even_before_it_is_released(api: Api) -> None:
    await api.reserve(expirationMinutes=1)
    api.lose_timers(60_000)
    assert await ids_of(api, "sessionId=s1") == []
    assert (await api.availability())["reserved"] == 1


async def test_a_session_sees_only_its_own(api: Api) -> None:
    mine, _ = await api.reserve(session="s1"), await api.reserve(session="s2")
    assert await ids_of(api, "sessionId=s1") == [mine["id"]]


async def test_a_user_sees_the_holds_of_all_sessions_made_with_the_bearer(api: Api) -> None:
    made = []
    for session in ("s1", "s2"):
        body = {"ticketTypeId": "tt", "quantity": 1, "sessionId": session}
        document = await api.call("POST", RESERVATIONS, body, token=make_token(), status=201)
        made.append(document["data"]["reservation"]["id"])
        api.clock.advance(1)
    await api.reserve(session="s1")
    assert await ids_of(api, "", token=make_token()) == made
    assert await ids_of(api, "", token=make_token("user-2")) == []


async def test_a_session_narrows_a_users_list_down(api: Api) -> None:
    body = {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s1"}
    await api.call("POST", RESERVATIONS, body, token=make_token(), status=201)
    guest = await api.reserve(session="s2")
    assert await ids_of(api, "sessionId=s2", token=make_token()) == [guest["id"]]


async def test_nobody_has_no_list(api: Api) -> None:
    await api.refused("GET", RESERVATIONS, status=401, code="unauthenticated")


async def test_a_malformed_session_id_is_refused(api: Api) -> None:
    for session in ("", "a%20b", "%00", "%ED%A0%80", "x" * 129):
        error = await api.refused("GET", f"{RESERVATIONS}?sessionId={session}", status=400)
        assert fields_of(error) == {"sessionId"}, session


async def test_the_list_comes_in_pages(api: Api) -> None:
    await list_ticket_type(api.backend, "many", total=100)
    made = []
    for _ in range(7):
        made.append((await api.reserve(of="many"))["id"])
        api.clock.advance(1)
    pages = [await ids_of(api, f"sessionId=s1&page={page}&limit=3") for page in (1, 2, 3, 4)]
    assert pages == [made[:3], made[3:6], made[6:], []]
    document = await api.call("GET", f"{RESERVATIONS}?sessionId=s1&page=2&limit=3", status=200)
    meta = document["meta"]
    assert (meta["page"], meta["limit"], meta["total"], meta["totalPages"]) == (2, 3, 7, 3)


async def test_a_page_has_ten_by_default_and_a_hundred_at_the_most(api: Api) -> None:
    await list_ticket_type(api.backend, "many", total=200)
    lines = [{"ticketTypeId": "many", "quantity": 1}] * 20
    for _ in range(6):
        await api.call("POST", RESERVATIONS, {"reservations": lines, "sessionId": "s1"}, status=201)
    assert len(await ids_of(api, "sessionId=s1")) == 10
    assert len(await ids_of(api, "sessionId=s1&limit=100")) == 100


@pytest.mark.parametrize("field", ["page", "limit"])
async def test_what_is_no_page_is_refused(api: Api, field: str) -> None:
    for value in ("0", "-1", "1.5", "x", "", "NaN", "1e3", "%D9%A3", "9" * 23):
        error = await api.refused("GET", f"{RESERVATIONS}?sessionId=s1&{field}={value}", status=400)
        assert fields_of(error) == {field}, value


async def test_a_limit_above_a_hundred_is_refused(api: Api) -> None:
    error = await api.refused("GET", f"{RESERVATIONS}?sessionId=s1&limit=101", status=400)
    assert fields_of(error) == {"limit"}
