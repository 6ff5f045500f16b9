"""``POST /api/public/purchases``: several reservations of one owner, all of them or none."""

from typing import Any

import pytest

from actor_ticketing.tickets.signing import verify_ticket
from support.service import list_ticket_type
from support.web import PERSON, PURCHASES, RESERVATIONS, Api, configured, fields_of, make_token, purchases_of


@pytest.fixture
async def api(api: Api) -> Api:
    """Beside `tt`: 5 tickets of `vip` at 120.00 EUR."""
    await list_ticket_type(api.backend, "vip", total=5, price=12000)
    return api


async def buy(api: Api, body: dict[str, Any]) -> Any:
    return (await api.call("POST", PURCHASES, body, token=make_token(), status=201))["data"]


async def unsold(api: Api) -> bool:
    return (await api.counters())[1] == 0 and (await api.counters("vip"))[1] == 0


async def test_there_is_a_transaction_for_each_reservation_in_order(api: Api) -> None:
    held = [await api.reserve(1), await api.reserve(2, of="vip"), await api.reserve(3)]
    data = await buy(api, purchases_of(*held))
    assert [each["reservationId"] for each in data["transactions"]] == [each["id"] for each in held]
    assert [each["quantity"] for each in data["transactions"]] == [1, 2, 3]
    assert [each["totalPrice"] for each in data["transactions"]] == [4500, 24000, 13500]
    assert all(each["buyerInfo"] == PERSON for each in data["transactions"])


async def test_tickets_follow_the_holders_of_each_reservation(api: Api) -> None:
    held = [await api.reserve(2, of="vip"), await api.reserve(1)]
    holders = [[{**PERSON, "fullName": name} for name in names] for names in (("A", "B"), ("C",))]
    data = await buy(api, purchases_of(*held, ticketHolders=holders))
    assert [ticket["ticketHolder"]["fullName"] for ticket in data["tickets"]] == ["A", "B", "C"]
    jwks = (await api.call("GET", "/api/public/ticket-keys", status=200))["data"]
    types = [verify_ticket(ticket["qrPayload"], jwks).ticket_type_id for ticket in data["tickets"]]
    assert types == ["vip", "vip", "tt"]


async def test_what_was_reserved_is_sold(api: Api) -> None:
    held = [await api.reserve(2, of="vip"), await api.reserve(3), await api.reserve(1)]
    await buy(api, purchases_of(*held))
    assert await api.counters() == (10, 4, 0, 6)
    assert await api.counters("vip") == (5, 2, 0, 3)


async def test_each_reservation_shows_its_own_tickets_afterwards(api: Api) -> None:
    held = [await api.reserve(2, of="vip"), await api.reserve(1)]
    data = await buy(api, purchases_of(*held))
    for reservation, transaction in zip(held, data["transactions"], strict=True):
        shown = await api.show(reservation)
        assert shown["transaction"] == transaction
        assert len(shown["tickets"]) == transaction["quantity"]


async def test_the_answer_with_countdowns_says_what_time_it_is(api: Api) -> None:
    data = await buy(api, purchases_of(await api.reserve(), await api.reserve(of="vip")))
    assert all("remainingSeconds" in each for each in data["reservations"])
    assert data["serverTime"] == "2027-01-15T08:00:00.000Z"


async def test_one_reservation_is_enough(api: Api) -> None:
    data = await buy(api, purchases_of(await api.reserve(2)))
    assert [each["quantity"] for each in data["transactions"]] == [2]
    assert len(data["tickets"]) == 2


@pytest.mark.parametrize("of", ["tt", "vip"])
async def test_when_one_cannot_be_bought_none_is(api: Api, of: str) -> None:
    held, cancelled = await api.reserve(2), await api.reserve(1, of=of)
    await api.cancel(cancelled)
    for order in ([held, cancelled], [cancelled, held]):
        body = purchases_of(*order)
        await api.refused("POST", PURCHASES, body, token=make_token(), status=409, code="reservation_cancelled")
    assert await unsold(api)
    assert (await api.show(held))["reservation"]["status"] == "ACTIVE"


async def test_when_one_belongs_to_someone_else_none_is_bought(api: Api) -> None:
    body = purchases_of(await api.reserve(), await api.reserve(of="vip", session="s2"))
    await api.refused("POST", PURCHASES, body, token=make_token(), status=403, code="forbidden")
    assert await unsold(api)


async def test_when_one_is_unknown_none_is_bought(api: Api) -> None:
    body = purchases_of(await api.reserve(), {"id": "nothing", "quantity": 1})
    await api.refused("POST", PURCHASES, body, token=make_token(), status=404, code="reservation_not_found")
    assert await unsold(api)


@pytest.mark.parametrize("of", ["tt", "vip"])
@pytest.mark.parametrize("holders", [[[PERSON], [PERSON]], [[PERSON] * 2, [PERSON] * 2]])
async def test_when_one_has_the_wrong_number_of_holders_none_is_bought(api: Api, of: str, holders: Any) -> None:
    body = purchases_of(await api.reserve(2), await api.reserve(1, of=of), ticketHolders=holders)
    await api.refused("POST", PURCHASES, body, token=make_token(), status=400, code="validation_error")
    assert await unsold(api)


@pytest.mark.parametrize("lists", [1, 3])
async def test_there_has_to_be_a_list_of_holders_for_each_reservation(api: Api, lists: int) -> None:
    body = purchases_of(await api.reserve(), await api.reserve(), ticketHolders=[[PERSON]] * lists)
    error = await api.refused("POST", PURCHASES, body, token=make_token(), status=400)
    assert fields_of(error) == {"ticketHolders"}
    assert await unsold(api)


async def test_a_reservation_cannot_be_bought_twice_at_once(api: Api) -> None:
    held = await api.reserve()
    error = await api.refused("POST", PURCHASES, purchases_of(held, held), token=make_token(), status=400)
    assert fields_of(error) == {"reservationIds"}
    assert await unsold(api)


async def test_twenty_reservations_are_taken(api: Api) -> None:
    await list_ticket_type(api.backend, "many", total=20)
    lines = [{"ticketTypeId": "many", "quantity": 1}] * 20
    made = await api.call("POST", RESERVATIONS, {"reservations": lines, "sessionId": "s1"}, status=201)
    data = await buy(api, purchases_of(*made["data"]["reservations"]))
    assert len(data["transactions"]) == len(data["tickets"]) == 20


@pytest.mark.parametrize("count", [0, 21])
async def test_another_number_of_reservations_is_refused(api: Api, count: int) -> None:
    body = purchases_of(*[{"id": f"r{number}", "quantity": 1} for number in range(count)])
    error = await api.refused("POST", PURCHASES, body, token=make_token(), status=400)
    assert "reservationIds" in fields_of(error)


@pytest.mark.parametrize("field", ["reservationIds", "ticketHolders", "buyerInfo"])
async def test_what_is_missing_is_named(api: Api, field: str) -> None:
    body = purchases_of(await api.reserve())
    del body[field]
    error = await api.refused("POST", PURCHASES, body, token=make_token(), status=400)
    assert fields_of(error) == {field}


async def test_what_is_no_id_is_named(api: Api) -> None:
    held = await api.reserve()
    for name in ("", "a/b", "x" * 129, 5, None, "\u0000"):
        body = purchases_of(held, {"id": name, "quantity": 1})
        error = await api.refused("POST", PURCHASES, body, token=make_token(), status=400)
        assert fields_of(error) == {"reservationIds.1"}, name


async def test_a_purchase_needs_a_user(api: Api) -> None:
    await api.refused("POST", PURCHASES, purchases_of(await api.reserve()), status=401, code="unauthenticated")
    assert await unsold(api)


@configured(auth={"purchase": "optional"})
async def test_where_sign_in_is_optional_a_guest_buys_with_the_session(api: Api) -> None:
    await api.call("POST", PURCHASES, purchases_of(await api.reserve(), await api.reserve(of="vip")), status=201)
    assert not await unsold(api)


async def test_the_session_proves_some_and_the_bearer_others(api: Api) -> None:
    guest = await api.reserve()
    body = {"ticketTypeId": "vip", "quantity": 1}
    made = await api.call("POST", RESERVATIONS, body, token=make_token(), status=201)
    await buy(api, purchases_of(guest, made["data"]["reservation"]))
