"""Files for a spreadsheet."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple

from aiohttp import web

from actor_ticketing.actors.board import Board
from actor_ticketing.actors.reports import Reports
from actor_ticketing.domain.errors import Invalid
from actor_ticketing.domain.ids import generate_reservation_code
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.ports import SaleRecord
from actor_ticketing.domain.purchase import Person, Ticket
from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.http.context import backend_of, doors_of
from actor_ticketing.http.csv_text import BOM, Cell, csv_lines
from actor_ticketing.http.present import instant_or_none
from actor_ticketing.http.streams import send_file

_SOLD_AS = ("eventId", "event", "ticketTypeId", "ticketType")
_PERSON = ("Name", "IdentityType", "IdentityNumber", "Email", "Whatsapp")


class _Report(NamedTuple):
    head: Sequence[str]
    row: Callable[[Board, Any], Sequence[Cell]]
    portions: Callable[..., AsyncIterator[Sequence[Any]]]


def _reservation(board: Board, held: Reservation) -> Sequence[Cell]:
    return (
        held.id,
        held.code,
        held.status.value,
        *_sold_as(board, held.ticket_type_id),
        held.quantity,
        held.unit_price,
        held.currency,
        rfc3339(held.reserved_at),
        rfc3339(held.expires_at),
        instant_or_none(held.settled_at),
        held.extensions,
        held.user_id,
    )


def _transaction(board: Board, sale: SaleRecord) -> Sequence[Cell]:
    bought = sale.transaction
    return (
        bought.id,
        bought.reservation_id,
        generate_reservation_code(bought.reservation_id),
        *_sold_as(board, sale.ticket_type_id),
        bought.quantity,
        bought.total_price,
        bought.currency,
        rfc3339(bought.created_at),
        bought.user_id,
        *_person(bought.buyer),
    )


def _ticket(board: Board, ticket: Ticket) -> Sequence[Cell]:
    used = ticket.checked_in
    return (
        ticket.id,
        ticket.code,
        ticket.transaction_id,
        *_sold_as(board, ticket.ticket_type_id),
        *_person(ticket.holder),
        None if used is None else rfc3339(used.at),
        None if used is None else used.by,
    )


def _sold_as(board: Board, ticket_type_id: str) -> Sequence[str]:
    terms = board.ticket_type(ticket_type_id)
    return (terms.event_id, board.event(terms.event_id).title, terms.id, terms.name)


def _person(someone: Person | None) -> Sequence[str | None]:
    if someone is None:
        return (None,) * len(_PERSON)
    return (
        someone.full_name,
        someone.identity_type,
        someone.identity_number,
        someone.email,
        someone.whatsapp,
    )


_RESERVATIONS = (
    *("id", "code", "status"),
    *_SOLD_AS,
    *("quantity", "unitPrice", "currency", "reservedAt", "expiresAt", "settledAt", "extensions", "userId"),
)
_TRANSACTIONS = (
    *("id", "reservationId", "reservationCode"),
    *_SOLD_AS,
    *("quantity", "totalPrice", "currency", "createdAt", "userId"),
    *(f"buyer{each}" for each in _PERSON),
)
_TICKETS = (
    *("id", "code", "transactionId"),
    *_SOLD_AS,
    *(f"holder{each}" for each in _PERSON),
    *("checkedInAt", "checkedInBy"),
)
_REPORTS = {
    "reservations": _Report(_RESERVATIONS, _reservation, Reports.reservations),
    "transactions": _Report(_TRANSACTIONS, _transaction, Reports.transactions),
    "tickets": _Report(_TICKETS, _ticket, Reports.tickets),
}


async def download(request: web.Request) -> web.StreamResponse:
    """``GET /api/admin/analytics/report.csv``: all reservations, transactions or tickets, oldest first."""
    await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    of = request.query.get("of", "")
    report = _REPORTS.get(of)
    if report is None:
        raise Invalid.field("of", f"must be one of {', '.join(_REPORTS)}")
    types = backend.analytics.types_of(request.query.get("eventId"), None)
    board = backend.desk.board

    async def lines() -> AsyncIterator[bytes]:
        text = BOM.encode() + csv_lines([report.head])
        async for portion in report.portions(backend.reports, types):
            yield text + csv_lines(report.row(board, each) for each in portion)
            text = b""
        yield text

    return await send_file(request, lines(), content_type="text/csv; charset=utf-8; header=present", name=f"{of}.csv")
