"""Limits on frequency at every kind of door."""

import asyncio
from typing import Any

from actor_ticketing.config.sections import RateLimitSettings
from actor_ticketing.http.limits import RESERVE, RateLimits
from support.limits import BODY, EVENTS, LIMITED, PROXY, behind_proxy, bulk, limits
from support.live import WS, hear_all, listening
from support.web import (
    PURCHASES,
    RESERVATIONS,
    Api,
    configured,
    failure_of,
    make_token,
    purchase_of,
)


@configured(**limits(read_per_address="3/minute"))
async def test_an_address_that_looks_too_often_is_told_when_to_come_back(api: Api) -> None:
    for _ in range(3):
        await api.call("GET", EVENTS, status=200)
    response = await api.send("GET", EVENTS)
    assert response.status == 429
    assert response.headers["Retry-After"] == "20"
    assert response.headers["RateLimit-Policy"] == '"read-address";q=3;w=60'
    assert response.headers["RateLimit"] == '"read-address";r=0;t=60'
    error = (await response.json())["error"]
    assert error == {"code": "rate_limited", "details": {"budget": "read-address", "retryAfterSeconds": 20}}


@configured(**limits(read_per_address="3/minute"))
async def test_when_it_comes_back_then_it_is_let_in(api: Api) -> None:
    for _ in range(4):
        response = await api.send("GET", EVENTS)
    api.clock.advance(int(response.headers["Retry-After"]) * 1000)
    await api.call("GET", EVENTS, status=200)


@configured(**limits(read_per_address="30/minute", read_per_session="10/minute"))
async def test_every_answer_says_what_is_left(api: Api) -> None:
    response = await api.send("GET", f"{RESERVATIONS}?sessionId=s1")
    assert response.headers["RateLimit-Policy"] == '"read-session";q=10;w=60'
    assert response.headers["RateLimit"] == '"read-session";r=9;t=6'
    response = await api.send("GET", EVENTS)
    assert response.headers["RateLimit"] == '"read-address";r=28;t=4'


@configured(**limits(reserve_per_session="2/minute"))
async def test_a_session_reserves_extends_and_cancels_only_so_often(api: Api) -> None:
    held = await api.reserve()
    await api.extend(held, 1)
    await api.refused("DELETE", f"{RESERVATIONS}/{held['id']}", {"sessionId": "s1"}, **LIMITED)
    await api.refused("POST", RESERVATIONS, BODY, **LIMITED)
    await api.reserve(session="s2")


@configured(**limits(reserve_per_session="2/minute"))
async def test_what_was_turned_away_has_changed_nothing(api: Api) -> None:
    for _ in range(2):
        await api.reserve()
    await api.refused("POST", RESERVATIONS, BODY, **LIMITED)
    assert await api.counters() == (10, 0, 2, 8)


@configured(**limits(reserve_per_user="2/minute"))
async def test_a_user_has_one_budget_in_whatever_sessions(api: Api) -> None:
    for number in range(2):
        body = {**BODY, "sessionId": f"s{number}"}
        await api.call("POST", RESERVATIONS, body, token=make_token(), status=201)
    await api.refused("POST", RESERVATIONS, {**BODY, "sessionId": "s2"}, token=make_token(), **LIMITED)
    await api.call("POST", RESERVATIONS, BODY, token=make_token("user-2"), status=201)


@configured(**limits(purchase_per_session="1/minute"))
async def test_purchases_have_a_budget_of_their_own(api: Api) -> None:
    first, second = await api.reserve(), await api.reserve()
    await api.buy(first)
    path, body = purchase_of(second)
    await api.refused("POST", path, body, token=make_token(), **LIMITED)
    await api.refused("POST", PURCHASES, {"sessionId": "s1", **_several(second, body)}, token=make_token(), **LIMITED)
    await api.reserve()


def _several(reservation: Any, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "reservationIds": [reservation["id"]],
        "buyerInfo": body["buyerInfo"],
        "ticketHolders": [body["ticketHolders"]],
    }


@configured(**limits(read_per_address="2/minute"), **PROXY)
async def test_behind_a_trusted_proxy_each_client_has_its_own_budget(api: Api) -> None:
    for client in ("198.51.100.1", "198.51.100.2"):
        for _ in range(2):
            await api.call("GET", EVENTS, headers=behind_proxy(client), status=200)
    await api.refused("GET", EVENTS, headers=behind_proxy("198.51.100.1"), **LIMITED)


@configured(**limits(read_per_address="2/minute"))
async def test_nobody_gets_another_budget_by_naming_another_address(api: Api) -> None:
    for number in range(2):
        await api.call("GET", EVENTS, headers=behind_proxy(f"198.51.100.{number}"), status=200)
    await api.refused("GET", EVENTS, headers=behind_proxy("198.51.100.9"), **LIMITED)


@configured(**limits(read_per_address="2/minute"), **PROXY)
async def test_nobody_behind_a_proxy_gets_one_by_inventing_hops(api: Api) -> None:
    for number in range(2):
        await api.call("GET", EVENTS, headers=behind_proxy(f"192.0.2.{number}, 198.51.100.1"), status=200)
    await api.refused("GET", EVENTS, headers=behind_proxy("192.0.2.9, 198.51.100.1"), **LIMITED)


@configured(**limits(reserve_per_address="2/minute"))
async def test_an_address_is_turned_away_before_its_body_is_looked_at(api: Api) -> None:
    for _ in range(2):
        await api.refused("POST", RESERVATIONS, {"nonsense": True}, status=400)
    await api.refused("POST", RESERVATIONS, {"nonsense": True}, **LIMITED)


@configured(**limits(read_per_address="1/minute"))
async def test_who_watches_the_service_is_not_limited(api: Api) -> None:
    for _ in range(5):
        await api.call("GET", "/livez", status=200)
        await api.call("GET", "/readyz", status=200)


@configured(rate_limit={"enabled": False, "read_per_address": "1/minute"})
async def test_switched_off_nothing_is_limited_or_said(api: Api) -> None:
    for _ in range(5):
        response = await api.send("GET", EVENTS)
        assert response.status == 200
        assert "RateLimit" not in response.headers


@configured(**limits(reserve_per_session="5/minute"))
async def test_a_crowd_at_once_gets_no_more_either(api: Api) -> None:
    responses = await asyncio.gather(*(api.send("POST", RESERVATIONS, BODY) for _ in range(20)))
    assert sorted(response.status for response in responses) == [201] * 5 + [429] * 15
    assert await api.counters() == (10, 0, 5, 5)


@configured(**limits(reserve_per_session="1/minute"))
async def test_a_retry_with_its_key_counts_as_well_and_gets_the_first_answer_later(api: Api) -> None:
    key = {"Idempotency-Key": "k"}
    first = await (await api.send("POST", RESERVATIONS, BODY, headers=key)).read()
    await api.refused("POST", RESERVATIONS, BODY, headers=key, **LIMITED)
    api.clock.advance(60_000)
    assert await (await api.send("POST", RESERVATIONS, BODY, headers=key)).read() == first


@configured(**limits(reserve_per_session="5/minute", reserve_per_address="20/minute"))
async def test_each_line_of_a_bulk_counts(api: Api) -> None:
    response = await api.send("POST", RESERVATIONS, bulk(3))
    assert response.headers["RateLimit"] == '"reserve-session";r=2;t=36'
    await api.refused("POST", RESERVATIONS, bulk(3), **LIMITED)
    assert await api.counters() == (10, 0, 3, 7)
    response = await api.send("POST", "/api/public/sessions")
    assert response.headers["RateLimit"] == '"reserve-address";r=15;t=15'


@configured(**limits(reserve_per_session="100/minute"))
async def test_a_flood_of_made_up_sessions_takes_no_more_memory_than_there_is_for_them(api: Api) -> None:
    bounded = RateLimits(_settings(reserve_per_session="100/minute"), keys_max=50)
    api.doors.limits = bounded
    for number in range(200):
        await api.refused("DELETE", f"{RESERVATIONS}/x", {"sessionId": f"made-up-{number}"}, status=404)
    budget = bounded.of[RESERVE].session
    assert budget is not None
    assert len(budget) <= 50


def _settings(**rates: str) -> Any:
    return RateLimitSettings(**{**limits()["rate_limit"], **rates})


@configured(**limits(read_per_session="2/minute"))
async def test_opening_a_socket_is_a_look_of_the_session(api: Api) -> None:
    for _ in range(2):
        async with listening(api) as socket:
            assert await hear_all(socket) == []
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    response = await api.send("GET", f"{WS}?sessionId=s1", headers=upgrade)
    error = await failure_of(response, **LIMITED)
    assert error["details"]["budget"] == "read-session"
    async with listening(api, "other") as socket:
        assert await hear_all(socket) == []


@configured(**limits(reserve_per_address="6/minute"))
async def test_whoever_waits_as_long_as_told_gets_in_with_several_lines_too(api: Api) -> None:
    await api.call("POST", RESERVATIONS, bulk(5), status=201)
    response = await api.send("POST", RESERVATIONS, bulk(4))
    assert (response.status, response.headers["Retry-After"]) == (429, "30")
    api.clock.advance(30_000)
    await api.call("POST", RESERVATIONS, bulk(4), status=201)


@configured(**limits(reserve_per_address="20/minute", reserve_per_session="4/minute"))
async def test_what_a_session_is_refused_costs_its_neighbours_one_request_and_not_the_lines(api: Api) -> None:
    await api.call("POST", RESERVATIONS, bulk(4), status=201)
    for _ in range(3):
        await api.refused("POST", RESERVATIONS, bulk(4), **LIMITED)
    response = await api.send("POST", "/api/public/sessions")
    assert response.headers["RateLimit"].startswith('"reserve-address";r=12;')


@configured(**limits(reserve_per_address="3/minute", reserve_per_session="3/minute"))
async def test_more_lines_than_the_rate_take_all_of_it(api: Api) -> None:
    response = await api.send("POST", RESERVATIONS, bulk(5))
    assert (response.status, response.headers["RateLimit"]) == (201, '"reserve-session";r=0;t=60')
    await api.refused("POST", RESERVATIONS, BODY, **LIMITED)
