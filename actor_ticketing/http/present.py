"""The domain's objects as clients see them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from actor_ticketing.actors.board import Board
from actor_ticketing.domain.catalogue import Counters, Event, TicketType
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.purchase import Person, Ticket, Transaction
from actor_ticketing.domain.reservation import Reservation, ReservationStatus
from actor_ticketing.http.answers import Document, list_meta
from actor_ticketing.tickets.signing import TicketSigner

Json = dict[str, Any]


def instant_or_none(instant: int | None) -> str | None:
    """RFC 3339, or null."""
    return None if instant is None else rfc3339(instant)


def event(show: Event) -> Json:
    """One event, without its ticket types."""
    return {"id": show.id, "title": show.title, "venue": show.venue, "startDate": rfc3339(show.start_date)}


def stock(counters: Counters) -> Json:
    """The four counters, and when the next hold may come free."""
    return {
        "total": counters.total,
        "sold": counters.sold,
        "reserved": counters.reserved,
        "available": counters.available,
        "nextReleaseAt": instant_or_none(counters.next_deadline),
    }


def ticket_type(terms: TicketType, counters: Counters, now: int) -> Json:
    """One ticket type with its live availability."""
    return {
        "id": terms.id,
        "eventId": terms.event_id,
        "name": terms.name,
        "price": terms.price,
        "currency": terms.currency,
        "maxPerReservation": terms.max_per_reservation,
        "salesStart": instant_or_none(terms.window.start),
        "salesEnd": instant_or_none(terms.window.end),
        "onSale": terms.window.has_opened(now) and not terms.window.has_closed(now),
        **stock(counters),
    }


def event_with_types(board: Board, show: Event, now: int) -> Json:
    """One event with everything that is sold for it."""
    types = [ticket_type(terms, board.counters[terms.id], now) for terms in board.ticket_types_of(show.id)]
    return {**event(show), "ticketTypes": types}


def events_page(board: Board, now: int, *, page: int, limit: int, with_closed: bool) -> Document:
    """One page of all events, by their start; those of which every sale is over only ``with_closed``."""
    shows = [
        show
        for show in sorted(board.events.values(), key=lambda show: (show.start_date, show.id))
        if with_closed or not all(terms.window.has_closed(now) for terms in board.ticket_types_of(show.id))
    ]
    return Document(
        [event_with_types(board, show, now) for show in shows[(page - 1) * limit : page * limit]],
        meta=list_meta(page=page, limit=limit, total=len(shows)),
    )


def remaining_seconds(held: Reservation, now: int) -> int:
    """What the buyer has left: rounded up, never negative, 0 once it is settled."""
    if held.status is not ReservationStatus.ACTIVE:
        return 0
    return max(0, -(-(held.expires_at - now) // 1000))


def reservation(board: Board, held: Reservation, now: int) -> Json:
    """One reservation with its ticket type, at the price at which it was made."""
    terms = board.ticket_types[held.ticket_type_id]
    return {
        "id": held.id,
        "code": held.code,
        "sessionId": held.session_id,
        "ticketTypeId": held.ticket_type_id,
        "quantity": held.quantity,
        "reservedAt": rfc3339(held.reserved_at),
        "expiresAt": rfc3339(held.expires_at),
        "remainingSeconds": remaining_seconds(held, now),
        "isExpired": held.status is ReservationStatus.EXPIRED
        or (held.status is ReservationStatus.ACTIVE and held.is_overdue(now)),
        "status": held.status,
        "extensions": held.extensions,
        "metadata": None if held.metadata is None else json.loads(held.metadata),
        "ticketType": {
            "id": terms.id,
            "name": terms.name,
            "price": held.unit_price,
            "currency": held.currency,
            "event": event(board.events[terms.event_id]),
        },
    }


def one_reservation(board: Board, held: Reservation, now: int) -> Json:
    """The ``data`` of every answer about one reservation."""
    return {
        "reservation": reservation(board, held, now),
        "expiresAt": rfc3339(held.expires_at),
        "remainingSeconds": remaining_seconds(held, now),
        "serverTime": rfc3339(now),
    }


def person(someone: Person) -> Json:
    """A buyer or holder; what is not known is left out."""
    known = {
        "fullName": someone.full_name,
        "identityType": someone.identity_type,
        "identityNumber": someone.identity_number,
        "email": someone.email,
        "whatsapp": someone.whatsapp,
    }
    return {name: value for name, value in known.items() if value is not None}


def transaction(bought: Transaction) -> Json:
    """One transaction."""
    return {
        "id": bought.id,
        "reservationId": bought.reservation_id,
        "quantity": bought.quantity,
        "totalPrice": bought.total_price,
        "currency": bought.currency,
        "buyerInfo": person(bought.buyer),
        "createdAt": rfc3339(bought.created_at),
    }


def tickets(signer: TicketSigner, made: Sequence[Ticket]) -> list[Mapping[str, Any]]:
    """The tickets of one transaction, in order."""
    return [
        {
            "id": ticket.id,
            "code": ticket.code,
            "transactionId": ticket.transaction_id,
            "ticketTypeId": ticket.ticket_type_id,
            "ticketHolder": person(ticket.holder),
            "qrPayload": signer.sign(code=ticket.code, ticket_type_id=ticket.ticket_type_id),
            "qrUrl": f"/api/public/tickets/{ticket.code}/qr.svg",
        }
        for ticket in made
    ]
