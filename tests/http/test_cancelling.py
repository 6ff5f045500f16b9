"""``DELETE /api/public/reservations/{id}``."""

import pytest

from support.web import RESERVATIONS, Api, make_token


async def test_a_cancelled_hold_gives_its_stock_back(api: Api) -> None:
    held = await api.reserve(3)
    await api.cancel(held)
    assert await api.counters() == (10, 0, 0, 10)
    assert (await api.availability())["nextReleaseAt"] is None


async def test_the_answer_has_the_shape_of_create(api: Api) -> None:
    held = await api.reserve()
    document = await api.call("DELETE", f"{RESERVATIONS}/{held['id']}", {"sessionId": "s1"}, status=200)
    assert document["message"]
    assert document["data"] == await api.show(held)
    assert document["data"]["reservation"]["status"] == "CANCELLED"
    assert document["data"]["remainingSeconds"] == 0


async def test_the_session_may_be_in_the_query(api: Api) -> None:
    held = await api.reserve()
    await api.call("DELETE", f"{RESERVATIONS}/{held['id']}?sessionId=s1", status=200)
    assert await api.counters() == (10, 0, 0, 10)


async def test_the_session_may_be_in_the_query_beside_an_empty_object(api: Api) -> None:
    held = await api.reserve()
    await api.call("DELETE", f"{RESERVATIONS}/{held['id']}?sessionId=s1", {}, status=200)


async def test_another_session_in_the_query_is_someone_else(api: Api) -> None:
    held = await api.reserve()
    await api.refused("DELETE", f"{RESERVATIONS}/{held['id']}?sessionId=s2", status=403, code="forbidden")
    assert (await api.show(held))["reservation"]["status"] == "ACTIVE"


@pytest.mark.parametrize("session", ["", "a%20b", "%00"])
async def test_a_malformed_session_in_the_query_is_refused(api: Api, session: str) -> None:
    held = await api.reserve()
    await api.refused("DELETE", f"{RESERVATIONS}/{held['id']}?sessionId={session}", status=400)


async def test_a_bearer_serves_instead_of_a_session(api: Api) -> None:
    body = {"ticketTypeId": "tt", "quantity": 1}
    made = (await api.call("POST", RESERVATIONS, body, token=make_token(), status=201))["data"]["reservation"]
    await api.call("DELETE", f"{RESERVATIONS}/{made['id']}", token=make_token(), status=200)
    assert await api.counters() == (10, 0, 0, 10)


async def test_an_unknown_reservation_is_not_found(api: Api) -> None:
    await api.refused(
        "DELETE", f"{RESERVATIONS}/nothing", {"sessionId": "s1"}, status=404, code="reservation_not_found"
    )


async def test_what_was_cancelled_can_be_reserved_by_another(api: Api) -> None:
    held = await api.reserve(10)
    await api.cancel(held)
    await api.reserve(10, session="s2")


async def test_a_cancelled_hold_does_not_expire_as_well(api: Api) -> None:
    held = await api.reserve(3, expirationMinutes=1)
    other = await api.reserve(2, expirationMinutes=1)
    await api.cancel(held)
    await api.pass_time(60_000)
    assert await api.counters() == (10, 0, 0, 10)
    assert (await api.show(held))["reservation"]["status"] == "CANCELLED"
    assert (await api.show(other))["reservation"]["status"] == "EXPIRED"
