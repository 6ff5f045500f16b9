"""``POST /api/public/reservations`` with several lines: all of them, or none."""

from typing import Any

import pytest

from support.service import list_ticket_type
from support.web import RESERVATIONS, Api, configured, fields_of, make_token


@pytest.fixture
async def api(api: Api) -> Api:
    """Beside `tt`: 5 tickets of `vip`, at most 3 in a reservation."""
    await list_ticket_type(api.backend, "vip", total=5, price=12000, maximum=3)
    return api


def bulk(*lines: tuple[str, Any], **changes: Any) -> dict[str, Any]:
    wanted = [{"ticketTypeId": ticket_type_id, "quantity": quantity} for ticket_type_id, quantity in lines]
    return {"reservations": wanted, "sessionId": "s1", **changes}


async def unchanged(api: Api) -> bool:
    return await api.counters() == (10, 0, 0, 10) and await api.counters("vip") == (5, 0, 0, 5)


async def test_the_answer_lists_the_reservations_in_the_order_asked(api: Api) -> None:
    body = bulk(("vip", 1), ("tt", 2), ("vip", 2), ("tt", 1))
    document = await api.call("POST", RESERVATIONS, body, status=201)
    made = [(each["ticketTypeId"], each["quantity"]) for each in document["data"]["reservations"]]
    assert made == [("vip", 1), ("tt", 2), ("vip", 2), ("tt", 1)]
    assert await api.counters() == (10, 0, 3, 7)
    assert await api.counters("vip") == (5, 0, 3, 2)


async def test_each_reservation_is_whole(api: Api) -> None:
    body = bulk(("vip", 1), ("tt", 2), expirationMinutes=5, metadata={"cart": 7})
    document = await api.call("POST", RESERVATIONS, body, status=201)
    data = document["data"]
    assert data["serverTime"] == "2027-01-15T08:00:00.000Z"
    for each in data["reservations"]:
        assert each == (await api.show(each))["reservation"]
        assert each["expiresAt"] == "2027-01-15T08:05:00.000Z"
        assert each["metadata"] == {"cart": 7}
    assert len({each["id"] for each in data["reservations"]}) == 2
    assert len({each["code"] for each in data["reservations"]}) == 2


async def test_one_line_is_a_bulk_as_well(api: Api) -> None:
    document = await api.call("POST", RESERVATIONS, bulk(("tt", 2)), status=201)
    assert [each["quantity"] for each in document["data"]["reservations"]] == [2]
    assert document["success"] is True
    assert document["message"]


async def test_when_one_type_is_short_none_is_reserved(api: Api) -> None:
    await api.reserve(9, session="s2")
    body = bulk(("vip", 2), ("tt", 2))
    error = await api.refused("POST", RESERVATIONS, body, status=409, code="not_enough_tickets")
    assert (error["details"]["requested"], error["details"]["available"]) == (2, 1)
    assert await api.counters() == (10, 0, 9, 1)
    assert await api.counters("vip") == (5, 0, 0, 5)


async def test_lines_of_one_type_are_summed_against_its_stock(api: Api) -> None:
    body = bulk(("tt", 6), ("tt", 5))
    error = await api.refused("POST", RESERVATIONS, body, status=409, code="not_enough_tickets")
    assert (error["details"]["requested"], error["details"]["available"]) == (11, 10)
    assert await unchanged(api)


async def test_lines_of_one_type_may_take_all_of_it(api: Api) -> None:
    await api.call("POST", RESERVATIONS, bulk(("tt", 6), ("tt", 4)), status=201)
    assert await api.counters() == (10, 0, 10, 0)


@pytest.mark.parametrize("lines", [[("vip", 2), ("vip", 2)], [("tt", 1), ("vip", 4)]])
async def test_lines_of_one_type_are_summed_against_its_maximum(api: Api, lines: list[tuple[str, int]]) -> None:
    error = await api.refused("POST", RESERVATIONS, bulk(*lines), status=400, code="validation_error")
    assert error["details"]
    assert await unchanged(api)


@configured(holds={"max_quantity": 4})
async def test_lines_of_one_type_are_summed_against_the_services_maximum(api: Api) -> None:
    await api.refused("POST", RESERVATIONS, bulk(("tt", 2), ("tt", 3)), status=400, code="validation_error")
    assert await unchanged(api)


async def test_an_unknown_type_in_one_line_is_not_found(api: Api) -> None:
    body = bulk(("tt", 1), ("nothing", 1))
    await api.refused("POST", RESERVATIONS, body, status=404, code="ticket_type_not_found")
    assert await unchanged(api)


async def test_twenty_lines_are_taken(api: Api) -> None:
    await list_ticket_type(api.backend, "many", total=100)
    document = await api.call("POST", RESERVATIONS, bulk(*[("many", 1)] * 20), status=201)
    assert len(document["data"]["reservations"]) == 20


@pytest.mark.parametrize("count", [0, 21])
async def test_another_number_of_lines_is_refused(api: Api, count: int) -> None:
    error = await api.refused("POST", RESERVATIONS, bulk(*[("tt", 1)] * count), status=400)
    assert fields_of(error) == {"reservations"}


async def test_the_line_that_is_wrong_is_named(api: Api) -> None:
    for quantity in (0, -1, 1.5, "1", True, None):
        error = await api.refused("POST", RESERVATIONS, bulk(("tt", 1), ("vip", quantity)), status=400)
        assert fields_of(error) == {"reservations.1.quantity"}, quantity
    assert await unchanged(api)


async def test_what_is_no_list_of_lines_is_refused(api: Api) -> None:
    for lines in ({}, "tt", 5, [5], [[]], [None], [{"ticketTypeId": "tt"}]):
        body = {"reservations": lines, "sessionId": "s1"}
        await api.refused("POST", RESERVATIONS, body, status=400, code="validation_error")


async def test_a_body_cannot_be_single_and_bulk(api: Api) -> None:
    for single in ({"ticketTypeId": "tt"}, {"quantity": 1}, {"ticketTypeId": "tt", "quantity": 1}):
        await api.refused("POST", RESERVATIONS, bulk(("vip", 1), **single), status=400, code="validation_error")
    assert await unchanged(api)


async def test_a_bearer_serves_instead_of_a_session(api: Api) -> None:
    body = bulk(("vip", 1), ("tt", 1))
    del body["sessionId"]
    await api.refused("POST", RESERVATIONS, body, status=401)
    made = (await api.call("POST", RESERVATIONS, body, token=make_token(), status=201))["data"]["reservations"]
    assert made[0]["sessionId"] == made[1]["sessionId"]
    assert (await api.call("GET", RESERVATIONS, token=make_token(), status=200))["meta"]["total"] == 2


async def test_a_refused_bulk_leaves_the_stock_to_the_next(api: Api) -> None:
    await api.reserve(9, session="s2")
    await api.refused("POST", RESERVATIONS, bulk(("tt", 2), ("vip", 3)), status=409)
    await api.reserve(1)
    await api.reserve(3, of="vip")
