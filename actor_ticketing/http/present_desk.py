"""What those who work at the desk and at the door see. No session id is in it: who has that owns what it holds."""

import json

from actor_ticketing.actors.board import Board
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.ports import ReservationRecord
from actor_ticketing.domain.purchase import Ticket
from actor_ticketing.domain.reservation import ReservationStatus
from actor_ticketing.http import present
from actor_ticketing.http.present import Json


def ticket_type(board: Board, ticket_type_id: str) -> Json:
    """A ticket type by name, with its event."""
    terms = board.ticket_type(ticket_type_id)
    return {"id": terms.id, "name": terms.name, "event": present.event(board.event(terms.event_id))}


def admitted(board: Board, ticket: Ticket, now: int) -> Json:
    """The yes at the door."""
    assert ticket.checked_in is not None  # noqa: S101 - it was just let in.
    return {
        "admitted": True,
        "ticket": {
            "id": ticket.id,
            "code": ticket.code,
            "ticketType": ticket_type(board, ticket.ticket_type_id),
            "ticketHolder": present.person(ticket.holder),
        },
        "checkedInAt": rfc3339(ticket.checked_in.at),
        "serverTime": rfc3339(now),
    }


def ticket(made: Ticket) -> Json:
    """One ticket, and whether it was used."""
    used = made.checked_in
    return {
        "id": made.id,
        "code": made.code,
        "ticketHolder": present.person(made.holder),
        "checkedInAt": None if used is None else rfc3339(used.at),
        "checkedInBy": None if used is None else used.by,
    }


def record(board: Board, found: ReservationRecord, now: int) -> Json:
    """A reservation with all that came of it."""
    held, sale = found.reservation, found.transaction
    is_overdue = held.status is ReservationStatus.ACTIVE and held.is_overdue(now)
    return {
        "reservation": {
            "id": held.id,
            "code": held.code,
            "userId": held.user_id,
            "quantity": held.quantity,
            "unitPrice": held.unit_price,
            "currency": held.currency,
            "status": held.status,
            "isExpired": is_overdue or held.status is ReservationStatus.EXPIRED,
            "reservedAt": rfc3339(held.reserved_at),
            "expiresAt": rfc3339(held.expires_at),
            "remainingSeconds": present.remaining_seconds(held, now),
            "settledAt": present.instant_or_none(held.settled_at),
            "extensions": held.extensions,
            "metadata": None if held.metadata is None else json.loads(held.metadata),
            "ticketType": ticket_type(board, held.ticket_type_id),
        },
        "transaction": None if sale is None else {**present.transaction(sale), "userId": sale.user_id},
        "tickets": [ticket(each) for each in found.tickets],
        "serverTime": rfc3339(now),
    }
