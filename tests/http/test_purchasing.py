"""``POST /api/public/reservations/{id}/purchase``."""

import pytest

from actor_ticketing.tickets.signing import TicketClaims, verify_ticket
from support.web import ADMIN_TOKEN, PERSON, Api, configured, make_token, purchase_of

GRACE = {**PERSON, "fullName": "Grace Hopper", "identityNumber": "Y7", "email": "grace@example.com"}
KATHERINE = {"fullName": "Katherine Johnson", "identityType": "driving licence", "identityNumber": "Z9"}


async def test_the_transaction_has_what_the_contract_names(api: Api) -> None:
    held = await api.reserve(2)
    transaction = (await api.buy(held))["transaction"]
    assert len(transaction.pop("id")) >= 11
    assert transaction == {
        "reservationId": held["id"],
        "quantity": 2,
        "totalPrice": 9000,
        "currency": "EUR",
        "buyerInfo": PERSON,
        "createdAt": "2027-01-15T08:00:00.000Z",
    }


async def test_there_is_a_ticket_for_each_holder_in_order(api: Api) -> None:
    held = await api.reserve(3)
    path, body = purchase_of(held, ticketHolders=[GRACE, KATHERINE, PERSON])
    tickets = (await api.call("POST", path, body, token=make_token(), status=201))["data"]["tickets"]
    assert [ticket["ticketHolder"] for ticket in tickets] == [GRACE, KATHERINE, PERSON]
    for name in ("id", "code", "qrPayload", "qrUrl"):
        assert len({ticket[name] for ticket in tickets}) == 3


async def test_the_answer_is_in_the_shape_of_every_success(api: Api) -> None:
    path, body = purchase_of(await api.reserve())
    document = await api.call("POST", path, body, token=make_token(), status=201)
    assert document["success"] is True
    assert document["message"]


async def test_tickets_are_signed_with_a_published_key(api: Api) -> None:
    bought = await api.buy(await api.reserve(2))
    jwks = (await api.call("GET", "/api/public/ticket-keys", status=200))["data"]
    for ticket in bought["tickets"]:
        claims = verify_ticket(ticket["qrPayload"], jwks)
        assert claims == TicketClaims(code=ticket["code"], ticket_type_id="tt")


async def test_published_keys_are_public_keys(api: Api) -> None:
    jwks = (await api.call("GET", "/api/public/ticket-keys", status=200))["data"]
    assert jwks["keys"]
    for key in jwks["keys"]:
        assert key.keys() == {"kty", "crv", "x", "kid", "use", "alg"}


async def test_what_was_reserved_is_sold(api: Api) -> None:
    held = await api.reserve(3)
    await api.reserve(2)
    await api.buy(held)
    assert await api.counters() == (10, 3, 2, 5)


async def test_what_was_sold_does_not_expire(api: Api) -> None:
    await api.buy(await api.reserve(3))
    await api.pass_time(3_600_000)
    assert await api.counters() == (10, 3, 0, 7)


async def test_what_was_sold_is_sold_after_the_buyers_session_is_over(api: Api) -> None:
    await api.buy(await api.reserve(9))
    body = {"ticketTypeId": "tt", "quantity": 2, "sessionId": "s2"}
    await api.refused("POST", "/api/public/reservations", body, status=409, code="not_enough_tickets")


@pytest.mark.parametrize("holders", [0, 1, 3])
async def test_there_has_to_be_exactly_one_holder_for_each_ticket(api: Api, holders: int) -> None:
    held = await api.reserve(2)
    path, body = purchase_of(held, ticketHolders=[PERSON] * holders)
    error = await api.refused("POST", path, body, token=make_token(), status=400, code="validation_error")
    assert [detail["field"] for detail in error["details"]] == ["ticketHolders"]
    assert await api.counters() == (10, 0, 2, 8)
    assert (await api.show(held))["reservation"]["status"] == "ACTIVE"


async def test_after_a_refusal_the_purchase_can_be_tried_again(api: Api) -> None:
    held = await api.reserve(2)
    path, body = purchase_of(held, ticketHolders=[PERSON])
    await api.refused("POST", path, body, token=make_token(), status=400)
    await api.buy(held)


async def test_a_purchase_needs_a_user(api: Api) -> None:
    held = await api.reserve()
    path, body = purchase_of(held)
    response = await api.send("POST", path, body)
    assert response.status == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert (await api.show(held))["reservation"]["status"] == "ACTIVE"


async def test_the_admin_token_is_no_user(api: Api) -> None:
    path, body = purchase_of(await api.reserve())
    await api.refused("POST", path, body, token=ADMIN_TOKEN, status=401)


@configured(auth={"purchase": "optional"})
async def test_where_sign_in_is_optional_a_guest_buys_with_the_session(api: Api) -> None:
    path, body = purchase_of(await api.reserve())
    await api.call("POST", path, body, status=201)
    assert await api.counters() == (10, 1, 0, 9)


@configured(auth={"purchase": "optional"})
async def test_where_sign_in_is_optional_nobody_buys_without_any_proof(api: Api) -> None:
    path, body = purchase_of(await api.reserve(), session=None)
    await api.refused("POST", path, body, status=401, code="unauthenticated")


@configured(auth={"purchase": "optional"})
async def test_where_sign_in_is_optional_a_bad_bearer_is_refused_all_the_same(api: Api) -> None:
    path, body = purchase_of(await api.reserve())
    await api.refused("POST", path, body, token="nonsense", status=401)


async def test_a_guests_hold_is_bought_by_whoever_signs_in_with_the_session(api: Api) -> None:
    held = await api.reserve(session="s1")
    bought = await api.buy(held, session="s1", user="user-7")
    assert bought["reservation"]["status"] == "CONVERTED"
    assert (await api.show(held, session="s1"))["transaction"] == bought["transaction"]


async def test_a_users_hold_is_bought_without_a_session(api: Api) -> None:
    body = {"ticketTypeId": "tt", "quantity": 1}
    made = await api.call("POST", "/api/public/reservations", body, token=make_token(), status=201)
    path, body = purchase_of(made["data"]["reservation"], session=None)
    await api.call("POST", path, body, token=make_token(), status=201)


async def test_the_reservation_comes_along_converted(api: Api) -> None:
    held = await api.reserve()
    bought = await api.buy(held)
    shown = await api.show(held)
    assert {name: bought[name] for name in shown} == shown
    assert bought["reservation"]["status"] == "CONVERTED"


async def test_what_is_no_list_of_holders_is_refused(api: Api) -> None:
    held = await api.reserve()
    for holders in (None, {}, "x", 5, [5], [None], [[PERSON]]):
        path, body = purchase_of(held, ticketHolders=holders)
        await api.refused("POST", path, body, token=make_token(), status=400, code="validation_error")
    assert await api.counters() == (10, 0, 1, 9)
