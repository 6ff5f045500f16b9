"""The Python client: every call, against the real service."""

import pytest

from actor_ticketing.client import Refused
from support.clients import BUYER, HOLDER, client_of
from support.service import list_ticket_type
from support.web import Api, configured, make_token


async def test_a_guest_gets_a_session_and_looks_around(api: Api) -> None:
    async with client_of(api, session=None) as shop:
        assert await shop.start_session() == shop.session_id
        listed = await shop.events()
        assert [event.id for event in listed.data] == ["ev"]
        assert (await shop.event("ev")).ticket_types[0].available == 10
        assert (await shop.availability("tt")).available == 10
        assert (await shop.reservations()).data == []


async def test_a_hold_is_made_extended_shown_and_given_back(api: Api) -> None:
    async with client_of(api) as shop:
        held = await shop.reserve("tt", 3, minutes=5, metadata={"cart": "c1"})
        assert (held.remaining_seconds, held.reservation.metadata) == (300, {"cart": "c1"})
        assert (await shop.extend(held.reservation.id, 1.5)).remaining_seconds == 390
        shown = await shop.reservation(held.reservation.id)
        assert (shown.extensions_left, shown.tickets) == (2, None)
        assert [each.id for each in (await shop.reservations()).data] == [held.reservation.id]
        assert (await shop.cancel(held.reservation.id)).reservation.status == "CANCELLED"
    assert await api.counters() == (10, 0, 0, 10)


async def test_a_purchase_brings_a_ticket_for_each_holder(api: Api) -> None:
    async with client_of(api, token=make_token()) as shop:
        held = await shop.reserve("tt", 2)
        bought = await shop.purchase(held.reservation.id, BUYER, [BUYER, HOLDER])
        assert bought.transaction.total_price == 9000
        assert [ticket.ticket_holder for ticket in bought.tickets] == [BUYER, HOLDER]
        assert (await shop.reservation(held.reservation.id)).tickets == bought.tickets


async def test_several_types_are_held_and_bought_together(api: Api) -> None:
    await list_ticket_type(api.backend, "vip")
    async with client_of(api, token=make_token()) as shop:
        held = await shop.reserve_together({"tt": 1, "vip": 2}, minutes=1)
        assert held.remaining_seconds == 60
        holders = {each.id: [HOLDER] * each.quantity for each in held.reservations}
        bought = await shop.purchase_together(holders, BUYER)
        assert [each.quantity for each in bought.transactions] == [1, 2]


async def test_an_account_signs_in_and_claims_what_the_guest_held(api: Api) -> None:
    async with client_of(api) as shop:
        await shop.reserve("tt")
        registered = await shop.register("ada@example.com", "correct horse battery")
        assert shop.token == registered.token
        assert (await shop.claim_session()).claimed == 1
        assert (await shop.sign_in("ada@example.com", "correct horse battery")).user == registered.user
        again = await shop.refresh(registered.refresh_token)
        await shop.sign_out(again.refresh_token)
        assert shop.token is None
        with pytest.raises(Refused, match="invalid_refresh_token"):
            await shop.refresh(again.refresh_token)


async def test_a_refusal_says_why(api: Api) -> None:
    async with client_of(api) as shop:
        with pytest.raises(Refused) as refused:
            await shop.reserve("tt", 11)
    assert (refused.value.status, refused.value.code) == (409, "not_enough_tickets")
    assert refused.value.details == {"requested": 11, "available": 10, "ticketTypeId": "tt"}
    assert refused.value.message
    assert refused.value.request_id


@configured(extensions={"max_count": 0})
async def test_a_refusal_has_the_details_of_its_code(api: Api) -> None:
    async with client_of(api) as shop:
        held = await shop.reserve("tt")
        with pytest.raises(Refused) as refused:
            await shop.extend(held.reservation.id, 1)
    assert refused.value.details["extensionsLeft"] == 0
