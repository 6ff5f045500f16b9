"""What those who work at the desk and at the door see. No session id is in it: who has that owns what it holds."""

from actor_ticketing.actors.board import Board
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.purchase import Ticket
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
