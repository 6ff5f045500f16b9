"""What a guest takes along: tickets as PDF files, and the event for their calendar."""

from collections.abc import Sequence

from aiohttp import web

from actor_ticketing.domain.errors import NotPurchased
from actor_ticketing.domain.purchase import Ticket, Transaction
from actor_ticketing.http.context import backend_of, doors_of
from actor_ticketing.http.handlers.reservations import owner_in_query
from actor_ticketing.http.responses import WholeResponse
from actor_ticketing.tickets.calendar import calendar_entry
from actor_ticketing.tickets.papers import Page, pages_of


async def ticket(request: web.Request) -> WholeResponse:
    """``GET /api/public/tickets/{code}/ticket.pdf``: one ticket, for whoever knows its code."""
    sold = await backend_of(request).box_office.sold_ticket(request.match_info["code"])
    pdf = await doors_of(request).papers.pdf(_pages(request, sold.transaction, [sold.ticket]))
    return _file(pdf, f"ticket-{sold.ticket.code}.pdf", "application/pdf", "private, max-age=3600")


async def tickets(request: web.Request) -> WholeResponse:
    """``GET /api/public/reservations/{id}/tickets.pdf``: all tickets of a purchase, for its owner."""
    backend = backend_of(request)
    record = await backend.box_office.reservation(request.match_info["id"], await owner_in_query(request))
    if record.transaction is None:
        raise NotPurchased(record.reservation.status.value)
    pdf = await doors_of(request).papers.pdf(_pages(request, record.transaction, record.tickets))
    return _file(pdf, f"tickets-{record.reservation.code}.pdf", "application/pdf", "no-store")


async def calendar(request: web.Request) -> WholeResponse:
    """``GET /api/public/events/{id}/event.ics``."""
    backend = backend_of(request)
    show = backend.box_office.board.event(request.match_info["id"])
    entry = calendar_entry(show, now=backend.clock.now())
    return _file(entry, f"event-{show.id}.ics", "text/calendar; charset=utf-8", "no-cache")


def _pages(request: web.Request, sale: Transaction, sold: Sequence[Ticket]) -> tuple[Page, ...]:
    board = backend_of(request).box_office.board
    terms = board.ticket_type(sold[0].ticket_type_id)
    return pages_of(doors_of(request).signer, board.event(terms.event_id), terms, sale, sold)


def _file(body: bytes, name: str, content_type: str, cache_control: str) -> WholeResponse:
    # A name is made of ids and codes, none of which has a character that would need quoting.
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return WholeResponse(status=200, body=body, content_type=content_type, cache_control=cache_control, headers=headers)
