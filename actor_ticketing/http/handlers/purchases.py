"""Turning holds into tickets."""

from collections.abc import Sequence

from actor_ticketing.domain.errors import Unauthenticated
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.purchase import Person, Purchase
from actor_ticketing.http import present
from actor_ticketing.http.answers import Answer, success, to_json
from actor_ticketing.http.auth import caller_of, owner_of
from actor_ticketing.http.context import backend_of, doors_of
from actor_ticketing.http.idempotency import perform
from actor_ticketing.http.limits import PURCHASE
from actor_ticketing.http.parsing import read_model
from actor_ticketing.http.request import ServiceRequest
from actor_ticketing.http.responses import WholeResponse
from actor_ticketing.http.schemas import LINES_MAX, HolderBody, members_of_people, purchase_body, purchases_body
from actor_ticketing.http.throttling import spend_of
from actor_ticketing.http.tokens import Identity


async def _signed_in(request: ServiceRequest) -> Identity | None:
    """Who buys, checked before anything of the body is looked at.

    :raises Unauthenticated: without a user, where a purchase needs one.
    """
    doors = doors_of(request)
    identity = await doors.authenticator.user(request)
    if doors.purchase_needs_user and (identity is None or identity.user_id is None):
        raise Unauthenticated("A purchase needs a signed-in user: send a bearer token.")
    return identity


def _people(bodies: Sequence[HolderBody]) -> list[Person]:
    return [body.person() for body in bodies]


async def one(request: ServiceRequest) -> WholeResponse:
    """``POST /api/public/reservations/{id}/purchase``."""
    backend = backend_of(request)
    identity = await _signed_in(request)
    most = backend.box_office.policies.hold.max_quantity
    body, raw = await read_model(request, purchase_body(most), members_max=members_of_people(most))
    owner = owner_of(body.session_id, identity)
    spend_of(request, PURCHASE, owner)
    board, signer = backend.box_office.board, doors_of(request).signer

    def render(purchases: list[Purchase]) -> Answer:
        [bought] = purchases
        made = {
            "transaction": present.transaction(bought.transaction),
            "tickets": present.tickets(signer, bought.tickets),
        }
        data = present.one_reservation(board, bought.reservation, backend.clock.now(), made)
        return success(data, message="Purchase completed successfully", status=201)

    orders = [(request.match_info["id"], _people(body.ticket_holders))]
    return await perform(
        request,
        raw,
        caller_of(owner),
        lambda keep: backend.box_office.purchase(orders, owner, body.buyer_info.person(), keep=keep),
        render,
    )


async def several(request: ServiceRequest) -> WholeResponse:
    """``POST /api/public/purchases``: several reservations of one owner, all or none."""
    backend = backend_of(request)
    identity = await _signed_in(request)
    most = backend.box_office.policies.hold.max_quantity
    body, raw = await read_model(request, purchases_body(most), members_max=members_of_people(LINES_MAX * most))
    owner = owner_of(body.session_id, identity)
    spend_of(request, PURCHASE, owner)
    board, signer = backend.box_office.board, doors_of(request).signer

    def render(purchases: list[Purchase]) -> Answer:
        now = backend.clock.now()
        made = {
            "transactions": [present.transaction(bought.transaction) for bought in purchases],
            "tickets": [ticket for bought in purchases for ticket in present.tickets(signer, bought.tickets)],
            "serverTime": rfc3339(now),
        }
        held = present.reservations(board, [bought.reservation for bought in purchases], now)
        data = f'{{"reservations":{held},{to_json(made)[1:]}'
        return success(data, message="Purchase completed successfully", status=201)

    holders = [_people(each) for each in body.ticket_holders]
    orders = list(zip(body.reservation_ids, holders, strict=True))
    return await perform(
        request,
        raw,
        caller_of(owner),
        lambda keep: backend.box_office.purchase(orders, owner, body.buyer_info.person(), keep=keep),
        render,
    )
