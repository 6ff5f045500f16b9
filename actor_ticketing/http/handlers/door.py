"""The door: a ticket is scanned or typed, and gets a clear yes or no."""

from aiohttp import web

from actor_ticketing.domain.errors import InvalidTicket
from actor_ticketing.domain.ids import typed_code
from actor_ticketing.domain.purchase import Ticket
from actor_ticketing.http import present_desk
from actor_ticketing.http.answers import Answer, success, to_json
from actor_ticketing.http.context import backend_of, doors_of
from actor_ticketing.http.desk_schemas import CheckInBody
from actor_ticketing.http.idempotency import perform
from actor_ticketing.http.parsing import read_model
from actor_ticketing.http.responses import WholeResponse
from actor_ticketing.tickets.signing import InvalidTicket as NotSigned
from actor_ticketing.tickets.signing import TicketSigner, verify_ticket


async def check_in(request: web.Request) -> WholeResponse:
    """``POST /api/admin/checkin``: let a ticket in, once."""
    doors = doors_of(request)
    admin = await doors.authenticator.admin(request)
    backend = backend_of(request)
    body, raw = await read_model(request, CheckInBody)
    code = typed_code(body.code, group=4) if body.code is not None else _signed(doors.signer, body.qr_payload or "")

    def render(ticket: Ticket) -> Answer:
        data = present_desk.admitted(backend.door.board, ticket, backend.clock.now())
        return success(to_json(data), message="Admitted")

    return await perform(
        request,
        raw,
        admin.caller,
        lambda keep: backend.door.check_in(code, ticket_type_ids=body.ticket_type_ids or (), by=admin.name, keep=keep),
        render,
    )


def _signed(signer: TicketSigner, payload: str) -> str:
    """The code in what was scanned.

    :raises InvalidTicket: when it was not signed with one of our keys.
    """
    try:
        return verify_ticket(payload, signer.public_jwks()).code
    except NotSigned:
        raise InvalidTicket from None
