"""What a guest takes along: tickets as PDF files, and the event for their calendar."""

import re
from collections.abc import Sequence
from dataclasses import replace

from aiohttp import web

from actor_ticketing.domain.errors import Invalid, NotPurchased
from actor_ticketing.domain.purchase import Ticket, Transaction
from actor_ticketing.http.context import backend_of, doors_of
from actor_ticketing.http.handlers.reservations import owner_in_query
from actor_ticketing.http.request import ServiceRequest
from actor_ticketing.http.responses import WholeResponse
from actor_ticketing.http.schemas import LINES_MAX
from actor_ticketing.tickets.calendar import calendar_file
from actor_ticketing.tickets.papers import Page, pages_of

_IDS = re.compile(r"[A-Za-z0-9._~-]{1,128}(,[A-Za-z0-9._~-]{1,128})*")


async def ticket(request: web.Request) -> WholeResponse:
    """``GET /api/public/tickets/{code}/ticket.pdf``: one ticket, for whoever knows its code."""
    sold = await backend_of(request).box_office.sold_ticket(request.match_info["code"])
    pdf = await doors_of(request).papers.pdf(_pages(request, sold.transaction, [sold.ticket]))
    return _file(pdf, f"ticket-{sold.ticket.code}.pdf", "application/pdf", "no-store")


async def tickets(request: ServiceRequest) -> WholeResponse:
    """``GET /api/public/reservations/{id}/tickets.pdf``: all tickets of a reservation, for its owner."""
    return await _tickets(request, [request.match_info["id"]])


async def purchase(request: ServiceRequest) -> WholeResponse:
    """``GET /api/public/purchases/tickets.pdf``: all tickets of several reservations, for their owner."""
    return await _tickets(request, _ids_in_query(request, "reservationIds"))


async def calendar(request: web.Request) -> WholeResponse:
    """``GET /api/public/events/{id}/event.ics``."""
    event_id = request.match_info["id"]
    return _calendar(request, [event_id], f"event-{event_id}.ics")


async def calendar_of_several(request: web.Request) -> WholeResponse:
    """``GET /api/public/events.ics``: several events, an entry each."""
    return _calendar(request, _ids_in_query(request, "eventIds"), "events.ics")


async def _tickets(request: ServiceRequest, reservation_ids: Sequence[str]) -> WholeResponse:
    owner = await owner_in_query(request, len(reservation_ids))
    box_office = backend_of(request).box_office
    pages: list[Page] = []
    records = [await box_office.reservation(each, owner) for each in reservation_ids]
    for record in records:
        if record.transaction is None:
            raise NotPurchased(record.reservation.status.value)
        pages += _pages(request, record.transaction, record.tickets)
    numbered = tuple(replace(page, number=number, of=len(pages)) for number, page in enumerate(pages, 1))
    pdf = await doors_of(request).papers.pdf(numbered)
    return _file(pdf, f"tickets-{records[0].reservation.code}.pdf", "application/pdf", "no-store")


def _calendar(request: web.Request, event_ids: Sequence[str], name: str) -> WholeResponse:
    backend = backend_of(request)
    shows = [backend.box_office.board.event(each) for each in event_ids]
    file = calendar_file(shows, now=backend.clock.now())
    return _file(file, name, "text/calendar; charset=utf-8", "no-cache")


def _ids_in_query(request: web.Request, name: str) -> list[str]:
    """The ids of ``name=A,B``, in their order.

    :raises Invalid: when there are none, too many, or one twice.
    """
    text = request.query.get(name, "")
    if not _IDS.fullmatch(text) or text.count(",") >= LINES_MAX:
        raise Invalid.field(name, f"must be 1 to {LINES_MAX} ids with a comma between them")
    ids = text.split(",")
    if len(set(ids)) < len(ids):
        raise Invalid.field(name, "names an id twice")
    return ids


def _pages(request: web.Request, sale: Transaction, sold: Sequence[Ticket]) -> tuple[Page, ...]:
    board = backend_of(request).box_office.board
    terms = board.ticket_type(sold[0].ticket_type_id)
    return pages_of(doors_of(request).signer, board.event(terms.event_id), terms, sale, sold)


def _file(body: bytes, name: str, content_type: str, cache_control: str) -> WholeResponse:
    # A name is made of ids and codes, none of which has a character that would need quoting.
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return WholeResponse(status=200, body=body, content_type=content_type, cache_control=cache_control, headers=headers)
