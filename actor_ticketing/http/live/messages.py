"""What a WebSocket client is told: JSON in a text frame, made once, however many get it."""

from typing import Any

from actor_ticketing.actors.board import Board
from actor_ticketing.domain import events
from actor_ticketing.domain.errors import Refusal
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.ports import ReservationMoment
from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.http import present
from actor_ticketing.http.answers import to_json

TYPES = {
    events.ReservationCreated.kind: "reservation.created",
    events.ReservationExtended.kind: "reservation.extended",
    # The clock had gone back, and the hold got a deadline that has the same time left.
    events.ReservationRescheduled.kind: "reservation.extended",
    events.ReservationExpired.kind: "reservation.expired",
    events.ReservationCancelled.kind: "reservation.cancelled",
    events.ReservationConverted.kind: "reservation.converted",
}
"""The messages that ledger entries become, by the entry's kind. No other kind is told."""


def frame(text: str) -> bytes:
    """A whole text message in one frame, as a server sends it: without a mask (RFC 6455, 5.2)."""
    payload = text.encode()
    length = len(payload)
    if length < 126:
        return bytes((0x81, length)) + payload
    if length < 65_536:
        return b"\x81\x7e" + length.to_bytes(2) + payload
    return b"\x81\x7f" + length.to_bytes(8) + payload


def happened(board: Board, moment: ReservationMoment, now: int) -> bytes | None:
    """What a ledger entry about a reservation says to its session; None for a kind that is not told."""
    message_type = TYPES.get(moment.kind)
    if message_type is None:
        return None
    return frame(
        f'{{"type":"{message_type}","seq":{moment.seq},"at":"{rfc3339(moment.at)}","serverTime":"{rfc3339(now)}",'
        f'"reservation":{present.reservation(board, moment.reservation, now)}}}'
    )


def expiring(board: Board, held: Reservation, now: int) -> bytes:
    """The warning that a hold is about to end."""
    return frame(
        f'{{"type":"reservation.expiring","seq":{board.seq},"at":"{rfc3339(now)}","serverTime":"{rfc3339(now)}",'
        f'"secondsLeft":{present.remaining_seconds(held, now)},"reservation":{present.reservation(board, held, now)}}}'
    )


def availability(board: Board, ticket_type_id: str, now: int) -> bytes:
    """The stock of a ticket type, as it is at the board's position in the ledger."""
    counters = present.availability(board.counters[ticket_type_id])
    return frame(f'{{"type":"availability","seq":{board.seq},"at":"{rfc3339(now)}",{counters[1:]}')


def plain(message_type: str, seq: int, now: int, **more: Any) -> bytes:
    """A message about the connection itself."""
    return frame(to_json({"type": message_type, "seq": seq, "at": rfc3339(now), **more}))


def error(refusal: Refusal, seq: int, now: int) -> bytes:
    """Why what the client asked for was turned down. The connection goes on."""
    details = {} if refusal.details is None else {"details": refusal.details}
    return plain("error", seq, now, code=refusal.code, message=refusal.message, **details)
