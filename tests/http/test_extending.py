"""``PATCH /api/public/reservations/{id}``."""

import pytest

from support.web import RESERVATIONS, Api, configured, fields_of, make_token


async def test_time_is_added_to_the_present_deadline(api: Api) -> None:
    held = await api.reserve(expirationMinutes=10)
    api.clock.advance(120_000)
    extended = await api.extend(held, 5)
    assert extended["expiresAt"] == "2027-01-15T08:15:00.000Z"
    assert extended["reservation"]["expiresAt"] == extended["expiresAt"]
    assert extended["remainingSeconds"] == 13 * 60


async def test_the_answer_is_that_of_looking_at_the_hold_afterwards(api: Api) -> None:
    held = await api.reserve()
    body = {"additionalMinutes": 5, "sessionId": "s1"}
    document = await api.call("PATCH", f"{RESERVATIONS}/{held['id']}", body, status=200)
    assert document["message"]
    data = document["data"]
    assert data["extensionsLeft"] == 2
    assert data["maxExpiresAt"] == "2027-01-15T09:00:00.000Z"
    assert data == await api.show(held)
    assert data["reservation"]["id"] == held["id"]
    assert data["reservation"]["status"] == "ACTIVE"


async def test_the_second_extension_begins_where_the_first_ended(api: Api) -> None:
    held = await api.reserve()
    await api.extend(held, 5)
    extended = await api.extend(held, 5)
    assert extended["expiresAt"] == "2027-01-15T08:20:00.000Z"
    assert extended["extensionsLeft"] == 1


async def test_a_fraction_of_a_minute_is_added(api: Api) -> None:
    extended = await api.extend(await api.reserve(), 0.05)
    assert extended["expiresAt"] == "2027-01-15T08:10:03.000Z"


async def test_an_extended_hold_lives_past_its_first_deadline(api: Api) -> None:
    held = await api.reserve(expirationMinutes=1)
    await api.extend(held, 1)
    api.clock.advance(60_000)
    assert (await api.show(held))["reservation"]["status"] == "ACTIVE"
    await api.pass_time(60_000)
    assert (await api.show(held))["reservation"]["status"] == "EXPIRED"
    assert await api.counters() == (10, 0, 0, 10)


async def test_after_the_last_extension_there_is_none_left(api: Api) -> None:
    held = await api.reserve()
    left = [(await api.extend(held, 1))["extensionsLeft"] for _ in range(3)]
    assert left == [2, 1, 0]
    body = {"additionalMinutes": 1, "sessionId": "s1"}
    await api.refused("PATCH", f"{RESERVATIONS}/{held['id']}", body, status=409, code="extension_limit_reached")
    assert (await api.show(held))["expiresAt"] == "2027-01-15T08:13:00.000Z"


async def test_an_extension_may_reach_the_longest_total(api: Api) -> None:
    held = await api.reserve(expirationMinutes=10)
    extended = await api.extend(held, 50)
    assert extended["expiresAt"] == extended["maxExpiresAt"] == "2027-01-15T09:00:00.000Z"


@pytest.mark.parametrize("minutes", [50.001, 51, 1_000])
async def test_an_extension_past_the_longest_total_is_refused_and_not_shortened(api: Api, minutes: float) -> None:
    held = await api.reserve(expirationMinutes=10)
    body = {"additionalMinutes": minutes, "sessionId": "s1"}
    await api.refused("PATCH", f"{RESERVATIONS}/{held['id']}", body, status=409, code="extension_limit_reached")
    assert (await api.show(held))["expiresAt"] == "2027-01-15T08:10:00.000Z"


async def test_a_refused_extension_uses_none_up(api: Api) -> None:
    held = await api.reserve()
    body = {"additionalMinutes": 51, "sessionId": "s1"}
    await api.refused("PATCH", f"{RESERVATIONS}/{held['id']}", body, status=409)
    assert (await api.extend(held, 1))["extensionsLeft"] == 2


async def test_the_longest_total_counts_from_when_it_was_reserved(api: Api) -> None:
    held = await api.reserve(expirationMinutes=30)
    api.clock.advance(29 * 60_000)
    body = {"additionalMinutes": 31, "sessionId": "s1"}
    await api.refused("PATCH", f"{RESERVATIONS}/{held['id']}", body, status=409)
    await api.extend(held, 30)


@configured(extensions={"max_count": 0})
async def test_extensions_can_be_switched_off(api: Api) -> None:
    held = await api.reserve()
    body = {"additionalMinutes": 1, "sessionId": "s1"}
    await api.refused("PATCH", f"{RESERVATIONS}/{held['id']}", body, status=409, code="extension_limit_reached")


@configured(extensions={"max_count": 1, "max_total_minutes": 15})
async def test_the_limits_are_configured(api: Api) -> None:
    extended = await api.extend(await api.reserve(), 5)
    assert extended["extensionsLeft"] == 0
    assert extended["maxExpiresAt"] == "2027-01-15T08:15:00.000Z"


async def test_what_is_no_time_is_refused(api: Api) -> None:
    held = await api.reserve()
    for minutes in (0, -1, -0.5, "5", True, None, [], {}, float("nan"), float("inf"), 10**400):
        body = {"additionalMinutes": minutes, "sessionId": "s1"}
        error = await api.refused("PATCH", f"{RESERVATIONS}/{held['id']}", body, status=400)
        assert fields_of(error) == {"additionalMinutes"}, minutes
    assert (await api.show(held))["expiresAt"] == held["expiresAt"]


async def test_the_minutes_are_required(api: Api) -> None:
    held = await api.reserve()
    error = await api.refused("PATCH", f"{RESERVATIONS}/{held['id']}", {"sessionId": "s1"}, status=400)
    assert fields_of(error) == {"additionalMinutes"}


async def test_an_unknown_reservation_is_not_found(api: Api) -> None:
    body = {"additionalMinutes": 1, "sessionId": "s1"}
    await api.refused("PATCH", f"{RESERVATIONS}/nothing", body, status=404, code="reservation_not_found")


async def test_a_bearer_serves_instead_of_a_session(api: Api) -> None:
    body = {"ticketTypeId": "tt", "quantity": 1}
    made = (await api.call("POST", RESERVATIONS, body, token=make_token(), status=201))["data"]["reservation"]
    path = f"{RESERVATIONS}/{made['id']}"
    extended = await api.call("PATCH", path, {"additionalMinutes": 1}, token=make_token(), status=200)
    assert extended["data"]["expiresAt"] == "2027-01-15T08:11:00.000Z"
