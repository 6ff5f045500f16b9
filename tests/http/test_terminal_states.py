"""Each terminal state has its own code: "you were late" is not "you already bought it"."""

from typing import Any

import pytest

from support.web import PURCHASES, RESERVATIONS, Api, make_token, purchase_of, purchases_of

CODES = {
    "EXPIRED": "reservation_expired",
    "OVERDUE": "reservation_expired",
    "CANCELLED": "reservation_cancelled",
    "CONVERTED": "reservation_converted",
}


async def reservation_that_is(state: str, api: Api) -> Any:
    held = await api.reserve(expirationMinutes=1)
    match state:
        case "EXPIRED":
            await api.pass_time(60_000)
        case "OVERDUE":
            api.lose_timers(60_000)
        case "CANCELLED":
            await api.cancel(held)
        case "CONVERTED":
            await api.buy(held)
    return held


def request_for(operation: str, held: Any, *, session: str = "s1") -> tuple[str, str, dict[str, Any]]:
    path = f"{RESERVATIONS}/{held['id']}"
    match operation:
        case "extend":
            return "PATCH", path, {"additionalMinutes": 1, "sessionId": session}
        case "cancel":
            return "DELETE", path, {"sessionId": session}
        case "purchase":
            return "POST", *purchase_of(held, session=session)
        case _:
            return "POST", PURCHASES, purchases_of(held, session=session)


OPERATIONS = pytest.mark.parametrize("operation", ["extend", "cancel", "purchase", "purchases"])
STATES = pytest.mark.parametrize("state", CODES)


@OPERATIONS
@STATES
async def test_what_is_over_stays_as_it_is(api: Api, state: str, operation: str) -> None:
    held = await reservation_that_is(state, api)
    before, shown = await api.counters(), await api.show(held)
    await api.refused(*request_for(operation, held), token=make_token(), status=409, code=CODES[state])
    assert await api.counters() == before
    assert await api.show(held) == shown


@OPERATIONS
@STATES
async def test_to_someone_else_it_is_forbidden_whatever_its_state(api: Api, state: str, operation: str) -> None:
    held = await reservation_that_is(state, api)
    request = request_for(operation, held, session="s2")
    await api.refused(*request, token=make_token("user-2"), status=403, code="forbidden")


@STATES
async def test_a_purchase_of_several_is_refused_for_the_one_that_is_over(api: Api, state: str) -> None:
    live = await api.reserve(2, expirationMinutes=30)
    held = await reservation_that_is(state, api)
    body = purchases_of(live, held)
    await api.refused("POST", PURCHASES, body, token=make_token(), status=409, code=CODES[state])
    assert (await api.show(live))["reservation"]["status"] == "ACTIVE"


async def test_a_hold_is_over_at_its_deadline_to_the_millisecond(api: Api) -> None:
    early, late = [await api.reserve(expirationMinutes=1) for _ in range(2)]
    api.clock.advance(59_999)
    await api.buy(early)
    api.clock.advance(1)
    path, body = purchase_of(late)
    await api.refused("POST", path, body, token=make_token(), status=409, code="reservation_expired")


async def test_an_overdue_hold_gives_way_to_a_buyer_even_before_it_is_released(api: Api) -> None:
    await api.reserve(10, expirationMinutes=1)
    api.lose_timers(60_000)
    await api.reserve(10, session="s2")
