"""``max_active_per_session``, ``max_active_per_user`` and ``max_active_per_address``."""

import asyncio
from typing import Any

import pytest

from support.service import list_event, list_ticket_type
from support.web import RESERVATIONS, Api, OpenApi, configured, make_token

BODY = {"ticketTypeId": "tt", "quantity": 1, "sessionId": "s1"}
REFUSED = {"status": 409, "code": "holder_limit_reached"}


def bulk(*ticket_type_ids: str) -> dict[str, Any]:
    return {"reservations": [{"ticketTypeId": each, "quantity": 1} for each in ticket_type_ids], "sessionId": "s1"}


@configured(holds={"max_active_per_session": 2})
async def test_a_session_holds_no_more_reservations_than_it_may(api: Api) -> None:
    await api.reserve(3)
    await api.reserve()
    await api.refused("POST", RESERVATIONS, BODY, **REFUSED)
    assert await api.counters() == (10, 0, 4, 6)
    await api.reserve(session="s2")


@configured(holds={"max_active_per_session": 2})
async def test_the_limit_is_across_ticket_types(api: Api) -> None:
    await list_ticket_type(api.backend, "vip")
    await api.reserve()
    await api.reserve(of="vip")
    await api.refused("POST", RESERVATIONS, BODY, **REFUSED)


@configured(holds={"max_active_per_session": 2})
@pytest.mark.parametrize("lines", [("tt", "tt", "tt"), ("tt", "vip", "tt")])
async def test_each_line_of_a_bulk_counts(api: Api, lines: tuple[str, ...]) -> None:
    await list_ticket_type(api.backend, "vip")
    await api.refused("POST", RESERVATIONS, bulk(*lines), **REFUSED)
    assert await api.counters() == (10, 0, 0, 10)
    await api.call("POST", RESERVATIONS, bulk(*lines[:2]), status=201)


@configured(holds={"max_active_per_session": 1})
@pytest.mark.parametrize("end", ["cancel", "buy", "expire"])
async def test_a_reservation_that_has_ended_makes_room(api: Api, end: str) -> None:
    held = await api.reserve(expirationMinutes=1)
    await api.refused("POST", RESERVATIONS, BODY, **REFUSED)
    match end:
        case "cancel":
            await api.cancel(held)
        case "buy":
            await api.buy(held)
        case _:
            await api.pass_time(60_000)
    await api.reserve()
    await api.refused("POST", RESERVATIONS, BODY, **REFUSED)


@configured(holds={"max_active_per_session": 1})
async def test_a_refused_reservation_takes_no_room(api: Api) -> None:
    await api.refused("POST", RESERVATIONS, {**BODY, "quantity": 11}, status=409, code="not_enough_tickets")
    await api.refused("POST", RESERVATIONS, {**BODY, "ticketTypeId": "nothing"}, status=404)
    await api.reserve()


@configured(holds={"max_active_per_user": 2})
async def test_a_user_holds_no_more_reservations_than_allowed_in_whatever_sessions(api: Api) -> None:
    for session in ("s1", "s2"):
        await api.call("POST", RESERVATIONS, {**BODY, "sessionId": session}, token=make_token(), status=201)
    error = await api.refused("POST", RESERVATIONS, {**BODY, "sessionId": "s3"}, token=make_token(), **REFUSED)
    assert error["details"]["limit"] == 2
    await api.reserve(session="s3")
    await api.call("POST", RESERVATIONS, BODY, token=make_token("user-2"), status=201)


@configured(holds={"max_active_per_session": 3})
async def test_a_crowd_at_once_gets_no_more_either(api: Api) -> None:
    responses = await asyncio.gather(*(api.send("POST", RESERVATIONS, BODY) for _ in range(10)))
    assert sorted(response.status for response in responses) == [201] * 3 + [409] * 7


@configured(holds={"max_active_per_session": 1})
async def test_a_restart_does_not_forget_who_holds_what(open_api: OpenApi) -> None:
    async with open_api() as api:
        await list_event(api.backend)
        await list_ticket_type(api.backend)
        await api.reserve()
    async with open_api() as api:
        await api.refused("POST", RESERVATIONS, BODY, **REFUSED)


async def test_without_a_limit_there_is_none(api: Api) -> None:
    for _ in range(10):
        await api.reserve()


def at(client: str) -> dict[str, str]:
    return {"X-Forwarded-For": client}


by_address = configured(holds={"max_active_per_address": 2}, server={"trusted_proxies": ["127.0.0.1"]})


@by_address
async def test_an_address_holds_no_more_reservations_than_it_may_in_whatever_sessions(api: Api) -> None:
    for session in ("s1", "s2"):
        await api.call("POST", RESERVATIONS, {**BODY, "sessionId": session}, headers=at("198.51.100.1"), status=201)
    error = await api.refused("POST", RESERVATIONS, {**BODY, "sessionId": "s3"}, headers=at("198.51.100.1"), **REFUSED)
    assert error["details"] == {"limit": 2, "scope": "address"}
    await api.call("POST", RESERVATIONS, {**BODY, "sessionId": "s3"}, headers=at("198.51.100.2"), status=201)


@by_address
@pytest.mark.parametrize("end", ["cancel", "buy", "expire"])
async def test_a_reservation_that_has_ended_makes_room_at_its_address(api: Api, end: str) -> None:
    held = [
        await api.call("POST", RESERVATIONS, {**BODY, "expirationMinutes": 1}, headers=at("198.51.100.1"), status=201)
        for _ in range(2)
    ]
    one = held[0]["data"]["reservation"]
    match end:
        case "cancel":
            await api.cancel(one)
        case "buy":
            await api.buy(one)
        case _:
            await api.pass_time(60_000)
    await api.call("POST", RESERVATIONS, BODY, headers=at("198.51.100.1"), status=201)


@by_address
async def test_a_refused_reservation_takes_no_room_at_its_address(api: Api) -> None:
    for _ in range(3):
        await api.refused(
            "POST",
            RESERVATIONS,
            {**BODY, "quantity": 11},
            headers=at("198.51.100.1"),
            status=409,
            code="not_enough_tickets",
        )
    for _ in range(2):
        await api.call("POST", RESERVATIONS, BODY, headers=at("198.51.100.1"), status=201)
    await api.refused("POST", RESERVATIONS, BODY, headers=at("198.51.100.1"), **REFUSED)
