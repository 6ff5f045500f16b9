"""``POST /api/public/reservations`` with one line."""

import re
from typing import Any

import pytest

from actor_ticketing.domain.catalogue import SalesWindow
from support.service import list_ticket_type
from support.web import ADMIN_TOKEN, RESERVATIONS, Api, configured, fields_of, make_token


def single(**changes: Any) -> dict[str, Any]:
    body = {"ticketTypeId": "tt", "quantity": 2, "sessionId": "s1", **changes}
    return {name: value for name, value in body.items() if value is not None}


async def test_the_answer_has_every_field_of_the_specification(api: Api) -> None:
    document = await api.call("POST", RESERVATIONS, single(), status=201)
    reservation = document["data"]["reservation"]
    made = {name: reservation.pop(name) for name in ("id", "code")}
    assert re.fullmatch(r"[A-Za-z0-9._~-]{11,}", made["id"])
    expected = {
        "sessionId": "s1",
        "ticketTypeId": "tt",
        "quantity": 2,
        "reservedAt": "2027-01-15T08:00:00.000Z",
        "expiresAt": "2027-01-15T08:10:00.000Z",
        "status": "ACTIVE",
        "metadata": None,
    }
    assert {name: reservation[name] for name in expected} == expected
    assert reservation["ticketType"] == {
        "id": "tt",
        "name": "tt",
        "price": 4500,
        "currency": "EUR",
        "event": {
            "id": "ev",
            "title": "Spring Concert",
            "venue": "City Hall",
            "startDate": "1970-01-01T00:00:00.000Z",
        },
    }


async def test_the_answer_says_when_the_hold_ends_and_what_time_it_is(api: Api) -> None:
    document = await api.call("POST", RESERVATIONS, single(), status=201)
    assert document["success"] is True
    assert document["message"] == "Reservation created successfully"
    assert document["data"]["expiresAt"] == "2027-01-15T08:10:00.000Z"
    assert document["data"]["remainingSeconds"] == 600
    assert document["data"]["serverTime"] == "2027-01-15T08:00:00.000Z"


async def test_the_code_is_in_groups_of_letters_that_cannot_be_mistaken(api: Api) -> None:
    codes = {(await api.reserve())["code"] for _ in range(10)}
    assert len(codes) == 10
    for code in codes:
        groups = code.split("-")
        assert len(groups) > 1
        assert len("".join(groups)) >= 12
        assert not set("".join(groups)) & set("0O1ILl")


async def test_ids_are_not_repeated(api: Api) -> None:
    assert len({(await api.reserve())["id"] for _ in range(10)}) == 10


async def test_remaining_seconds_are_rounded_up(api: Api) -> None:
    held = await api.reserve(expirationMinutes=0.05)
    left = []
    for step in (0, 1, 998, 1, 1_000, 999):
        api.clock.advance(step)
        left.append((await api.show(held))["remainingSeconds"])
    assert left == [3, 3, 3, 2, 1, 1]


async def test_a_fraction_of_a_minute_is_a_duration(api: Api) -> None:
    assert (await api.reserve(expirationMinutes=0.05))["expiresAt"] == "2027-01-15T08:00:03.000Z"


@pytest.mark.parametrize("minutes", [1 / 60, 60, 60.0])
async def test_the_bounds_of_a_duration_are_inclusive(api: Api, minutes: float) -> None:
    await api.reserve(expirationMinutes=minutes)


async def test_another_duration_is_refused(api: Api) -> None:
    for minutes in (0, -1, 0.016, 60.001, 1e308, 1e-320, 10**400, "10", True, [], {}, float("nan"), float("inf")):
        error = await api.refused("POST", RESERVATIONS, single(expirationMinutes=minutes), status=400)
        assert fields_of(error) == {"expirationMinutes"}, minutes


@configured(holds={"default_minutes": 2, "min_seconds": 90, "max_minutes": 3})
async def test_the_durations_are_configured(api: Api) -> None:
    assert (await api.reserve())["expiresAt"] == "2027-01-15T08:02:00.000Z"
    await api.refused("POST", RESERVATIONS, single(expirationMinutes=1.4), status=400)
    await api.refused("POST", RESERVATIONS, single(expirationMinutes=3.1), status=400)


async def test_a_quantity_that_is_none_is_refused(api: Api) -> None:
    for quantity in (0, -1, 1.5, "1", True, None, [], 10**30, 51):
        body = {**single(), "quantity": quantity}
        error = await api.refused("POST", RESERVATIONS, body, status=400, code="validation_error")
        assert fields_of(error) == {"quantity"}, quantity
    assert await api.counters() == (10, 0, 0, 10)


@configured(holds={"max_quantity": 4})
async def test_the_largest_quantity_is_configured(api: Api) -> None:
    await api.reserve(4)
    error = await api.refused("POST", RESERVATIONS, single(quantity=5), status=400)
    assert fields_of(error) == {"quantity"}


async def test_a_ticket_type_has_a_maximum_of_its_own(api: Api) -> None:
    await list_ticket_type(api.backend, "few", maximum=2)
    await api.reserve(2, of="few")
    error = await api.refused("POST", RESERVATIONS, single(ticketTypeId="few", quantity=3), status=400)
    assert fields_of(error) == {"quantity"}


async def test_more_than_there_are_is_refused_with_what_there_is(api: Api) -> None:
    await api.reserve(7)
    error = await api.refused(
        "POST", RESERVATIONS, single(quantity=4, sessionId="s2"), status=409, code="not_enough_tickets"
    )
    assert error["details"]["requested"] == 4
    assert error["details"]["available"] == 3
    assert await api.counters() == (10, 0, 7, 3)


async def test_the_last_tickets_can_be_had(api: Api) -> None:
    await api.reserve(10)
    assert await api.counters() == (10, 0, 10, 0)


async def test_an_unknown_ticket_type_is_not_found(api: Api) -> None:
    await api.refused("POST", RESERVATIONS, single(ticketTypeId="nothing"), status=404, code="ticket_type_not_found")


@pytest.mark.parametrize("missing", ["ticketTypeId", "quantity"])
async def test_what_is_missing_is_named(api: Api, missing: str) -> None:
    error = await api.refused("POST", RESERVATIONS, single(**{missing: None}), status=400)
    assert fields_of(error) == {missing}


async def test_a_field_that_nobody_knows_is_named(api: Api) -> None:
    error = await api.refused("POST", RESERVATIONS, single(amount=3), status=400)
    assert fields_of(error) == {"amount"}


async def test_a_storefront_may_bring_its_own_session_id(api: Api) -> None:
    for session in ("s", "A-Z.a_z~0", "x" * 128):
        assert (await api.reserve(session=session))["sessionId"] == session


async def test_a_malformed_session_id_is_refused(api: Api) -> None:
    for session in ("", "x" * 129, "a b", "a/b", "é", "a\n", 5, True, []):
        error = await api.refused("POST", RESERVATIONS, single(sessionId=session), status=400)
        assert fields_of(error) == {"sessionId"}, session


async def test_without_session_or_bearer_there_is_no_reservation(api: Api) -> None:
    await api.refused("POST", RESERVATIONS, single(sessionId=None), status=401, code="unauthenticated")
    assert await api.counters() == (10, 0, 0, 10)


async def test_a_bearer_serves_instead_of_a_session(api: Api) -> None:
    made = await api.call("POST", RESERVATIONS, single(sessionId=None), token=make_token(), status=201)
    assert re.fullmatch(r"[A-Za-z0-9._~-]{1,128}", made["data"]["reservation"]["sessionId"])


async def test_two_reservations_by_bearer_alone_do_not_share_a_session(api: Api) -> None:
    made = [await api.call("POST", RESERVATIONS, single(sessionId=None), token=make_token(), status=201) for _ in "12"]
    assert made[0]["data"]["reservation"]["sessionId"] != made[1]["data"]["reservation"]["sessionId"]


async def test_a_session_may_hold_several_reservations_of_one_type(api: Api) -> None:
    await api.reserve(2)
    await api.reserve(3)
    assert await api.counters() == (10, 0, 5, 5)


@pytest.mark.parametrize("metadata", [{}, {"cart": {"n": [1, 2.5, None, True, "ü😀"]}}, {"big": 10**30}])
async def test_metadata_comes_back_as_it_was_sent(api: Api, metadata: dict[str, Any]) -> None:
    held = await api.reserve(metadata=metadata)
    assert held["metadata"] == metadata
    assert (await api.show(held))["reservation"]["metadata"] == metadata


async def test_metadata_of_four_kibibytes_is_taken(api: Api) -> None:
    await api.reserve(metadata={"k": "x" * (4_096 - len('{"k":""}'))})


@pytest.mark.parametrize(
    "metadata",
    [{"k": "x" * (4_097 - len('{"k":""}'))}, {"k": "é" * 2_045}, [], "text", 5, {"k": float("inf")}],
    ids=["too long", "too many bytes", "list", "text", "number", "infinity"],
)
async def test_other_metadata_is_refused(api: Api, metadata: Any) -> None:
    error = await api.refused("POST", RESERVATIONS, single(metadata=metadata), status=400, code="validation_error")
    assert {field.split(".")[0] for field in fields_of(error)} == {"metadata"}


async def test_a_reservation_keeps_the_price_at_which_it_was_made(api: Api) -> None:
    held = await api.reserve(2)
    await api.call(
        "PATCH", "/api/admin/ticket-types/tt", {"price": 9900, "currency": "USD"}, token=ADMIN_TOKEN, status=200
    )
    shown = (await api.show(held))["reservation"]["ticketType"]
    assert (shown["price"], shown["currency"]) == (4500, "EUR")
    bought = await api.buy(held)
    assert (bought["transaction"]["totalPrice"], bought["transaction"]["currency"]) == (9000, "EUR")
    assert (await api.reserve())["ticketType"]["price"] == 9900


@pytest.mark.parametrize(
    ("opens", "closes", "code"),
    [(1, None, "sales_not_open"), (None, 0, "sales_closed"), (-10, -1, "sales_closed"), (5, 10, "sales_not_open")],
)
async def test_outside_the_sales_window_nothing_is_sold(
    api: Api, opens: int | None, closes: int | None, code: str
) -> None:
    now = api.clock.now()
    window = SalesWindow(start=None if opens is None else now + opens, end=None if closes is None else now + closes)
    await list_ticket_type(api.backend, "later", window=window)
    await api.refused("POST", RESERVATIONS, single(ticketTypeId="later"), status=409, code=code)
    assert await api.counters("later") == (10, 0, 0, 10)


async def test_the_sales_window_opens_and_closes_on_the_millisecond(api: Api) -> None:
    now = api.clock.now()
    await list_ticket_type(api.backend, "later", window=SalesWindow(start=now + 100, end=now + 200))
    api.clock.advance(100)
    await api.reserve(of="later")
    api.clock.advance(99)
    await api.reserve(of="later")
    api.clock.advance(1)
    await api.refused("POST", RESERVATIONS, single(ticketTypeId="later"), status=409, code="sales_closed")


async def test_a_hold_made_in_time_can_be_bought_after_sales_have_closed(api: Api) -> None:
    await list_ticket_type(api.backend, "later", window=SalesWindow(end=api.clock.now() + 100))
    held = await api.reserve(of="later")
    api.clock.advance(100)
    await api.buy(held)
