"""Limits on letting holds go without a purchase."""

import asyncio
import json

import pytest

from support.limits import BODY, LIMITED, PROXY, behind_proxy, bulk, limits
from support.web import (
    RESERVATIONS,
    Api,
    configured,
    make_token,
)


@configured(**limits(abandon_per_session="2/hour"))
@pytest.mark.parametrize("end", ["cancel", "expire"])
async def test_who_lets_holds_go_over_and_over_may_not_hold_for_a_while(api: Api, end: str) -> None:
    for _ in range(2):
        held = await api.reserve(expirationMinutes=1)
        await (api.cancel(held) if end == "cancel" else api.pass_time(60_000))
    error = await api.refused("POST", RESERVATIONS, BODY, **LIMITED)
    assert error["details"]["budget"] == "abandon-session"
    await api.reserve(session="s2")
    api.clock.advance(60 * 60_000)
    await api.reserve()


@configured(**limits(abandon_per_address="1/hour"))
async def test_who_has_signed_in_does_not_answer_for_the_neighbours(api: Api) -> None:
    await api.cancel(await api.reserve())
    await api.refused("POST", RESERVATIONS, {**BODY, "sessionId": "s2"}, **LIMITED)
    await api.call("POST", RESERVATIONS, {**BODY, "sessionId": "s2"}, token=make_token(), status=201)


@configured(**limits(abandon_per_session="1/hour"))
async def test_a_first_answer_is_had_again_whatever_was_abandoned_since(api: Api) -> None:
    key = {"Idempotency-Key": "k"}
    first = await (await api.send("POST", RESERVATIONS, BODY, headers=key)).read()
    await api.cancel(json.loads(first)["data"]["reservation"])
    await api.refused("POST", RESERVATIONS, BODY, **LIMITED)
    assert await (await api.send("POST", RESERVATIONS, BODY, headers=key)).read() == first


@configured(**limits(abandon_per_session="1/hour"))
async def test_what_was_bought_was_not_abandoned(api: Api) -> None:
    for _ in range(3):
        await api.buy(await api.reserve())
    await api.reserve()


@configured(**limits(abandon_per_user="1/hour"))
async def test_a_users_abandoned_holds_count_in_every_session(api: Api) -> None:
    document = await api.call("POST", RESERVATIONS, BODY, token=make_token(), status=201)
    await api.cancel(document["data"]["reservation"])
    await api.refused("POST", RESERVATIONS, {**BODY, "sessionId": "s2"}, token=make_token(), **LIMITED)
    await api.reserve()


@configured(**limits(abandon_per_address="1/hour"), **PROXY)
async def test_an_addresss_abandoned_holds_count_in_every_session(api: Api) -> None:
    ours, theirs = behind_proxy("198.51.100.1"), behind_proxy("198.51.100.2")
    response = await api.send("POST", RESERVATIONS, BODY, headers=ours)
    await api.cancel((await response.json())["data"]["reservation"])
    other = {**BODY, "sessionId": "s2"}
    await api.refused("POST", RESERVATIONS, other, headers=ours, **LIMITED)
    await api.call("POST", RESERVATIONS, other, headers=theirs, status=201)


@configured(**limits(abandon_per_session="1/hour"))
async def test_who_has_abandoned_too_much_still_buys_and_extends_what_is_held(api: Api) -> None:
    kept, dropped = await api.reserve(), await api.reserve()
    await api.cancel(dropped)
    await api.refused("POST", RESERVATIONS, BODY, **LIMITED)
    await api.extend(kept, 1)
    await api.buy(kept)


@configured(**limits(abandon_per_session="2/hour"))
async def test_who_lets_many_go_at_once_waits_for_all_of_them(api: Api) -> None:
    held = [await api.reserve() for _ in range(4)]
    for each in held:
        await api.cancel(each)
    await api.refused("POST", RESERVATIONS, BODY, **LIMITED)
    api.clock.advance(89 * 60_000)
    await api.refused("POST", RESERVATIONS, BODY, **LIMITED)
    api.clock.advance(60_000)
    await api.reserve()


@configured(**limits(reserve_per_session="6/minute", abandon_per_session="1/hour"))
async def test_what_is_refused_for_what_was_abandoned_costs_nothing_else(api: Api) -> None:
    await api.cancel(await api.reserve())
    for _ in range(5):
        await api.refused("POST", RESERVATIONS, bulk(4), **LIMITED)
    response = await api.send("DELETE", f"{RESERVATIONS}/x", {"sessionId": "s1"})
    assert response.headers["RateLimit"].startswith('"reserve-session";r=3;')


@configured(**limits(reserve_per_session="6/minute", abandon_per_session="1/hour"))
async def test_nor_does_it_cost_those_who_shared_the_refusal_by_their_key(api: Api) -> None:
    await api.cancel(await api.reserve())
    key = {"Idempotency-Key": "k"}
    responses = await asyncio.gather(*(api.send("POST", RESERVATIONS, BODY, headers=key) for _ in range(3)))
    assert [response.status for response in responses] == [429] * 3
    response = await api.send("DELETE", f"{RESERVATIONS}/x", {"sessionId": "s1"})
    assert response.headers["RateLimit"].startswith('"reserve-session";r=3;')
