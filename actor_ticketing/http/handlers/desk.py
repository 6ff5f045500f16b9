"""The help desk: an operator looks something up for a buyer, or cancels a hold."""

from aiohttp import web

from actor_ticketing.domain.ids import typed_code
from actor_ticketing.domain.ports import ReservationRecord
from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.http import present_desk
from actor_ticketing.http.answers import Answer, respond, success, to_json
from actor_ticketing.http.context import Backend, backend_of, doors_of
from actor_ticketing.http.idempotency import perform
from actor_ticketing.http.parsing import read_model
from actor_ticketing.http.responses import WholeResponse
from actor_ticketing.http.schemas import EmptyBody


async def reservation(request: web.Request) -> WholeResponse:
    """``GET /api/admin/reservations/{id}``: any state."""
    await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    return respond(_answer(backend, await backend.help_desk.reservation(request.match_info["id"])))


async def reservation_by_code(request: web.Request) -> WholeResponse:
    """``GET /api/admin/reservations/by-code/{code}``: the same, by what the buyer reads out."""
    await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    code = typed_code(request.match_info["code"], group=6)
    return respond(_answer(backend, await backend.help_desk.reservation_by_code(code)))


async def ticket(request: web.Request) -> WholeResponse:
    """``GET /api/admin/tickets/{code}``: a ticket, and what it came of."""
    await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    code = typed_code(request.match_info["code"], group=4)
    record = await backend.help_desk.reservation_of_ticket(code)
    [asked_for] = [each for each in record.tickets if each.code == code]
    data = present_desk.record(backend.desk.board, record, backend.clock.now())
    return respond(success(to_json({"ticket": present_desk.ticket(asked_for), **data})))


async def cancel(request: web.Request) -> WholeResponse:
    """``POST /api/admin/reservations/{id}/cancel``: give a hold's stock back."""
    admin = await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    _, raw = await read_model(request, EmptyBody, may_be_empty=True)

    def render(cancelled: Reservation) -> Answer:
        return _answer(backend, ReservationRecord(reservation=cancelled), message="Reservation cancelled successfully")

    return await perform(
        request,
        raw,
        admin.caller,
        lambda keep: backend.help_desk.cancel(request.match_info["id"], by=admin.name, keep=keep),
        render,
    )


def _answer(backend: Backend, record: ReservationRecord, *, message: str | None = None) -> Answer:
    return success(to_json(present_desk.record(backend.desk.board, record, backend.clock.now())), message=message)
