"""What the ledger tells of one session: each of its entries, with the reservation as it was then."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace

from actor_ticketing.domain import events
from actor_ticketing.domain.ports import ReservationMoment
from actor_ticketing.domain.reservation import Reservation, ReservationStatus
from actor_ticketing.persistence import rows

# The ledger says nothing of sessions and reservations have no index by them, so all that has happened in between is
# walked through, with the reservation of each entry: 0.6 µs for each. CROSS JOIN keeps SQLite to this order.
_CONCERNED = (
    f"SELECT DISTINCT {', '.join(f'r.{column}' for column in rows.RESERVATION.split(', '))} "  # noqa: S608 - constants.
    "FROM ledger l CROSS JOIN reservations r ON r.id = l.reservation_id "
    "WHERE l.seq > ? AND l.seq <= ? AND r.session_id = ?"
)
_ENTRIES = "SELECT seq, at, kind, data FROM ledger WHERE reservation_id = ? ORDER BY seq"

_OUTCOMES = {
    events.ReservationExpired.kind: ReservationStatus.EXPIRED,
    events.ReservationCancelled.kind: ReservationStatus.CANCELLED,
    events.ReservationConverted.kind: ReservationStatus.CONVERTED,
}


def history_of(
    connection: sqlite3.Connection, session_id: str, after: int, until: int
) -> list[ReservationMoment] | None:
    """The ledger entries about a session's reservations after one position and up to another, in order.

    None when the ledger does not go back that far any more.
    """
    connection.execute("BEGIN")
    try:
        [oldest] = connection.execute("SELECT min(seq) FROM ledger").fetchone()
        if oldest is not None and oldest > after + 1:
            return None
        moments = [
            moment
            for row in connection.execute(_CONCERNED, (after, until, session_id))
            for moment in _life_of(connection, rows.reservation_of(row))
            if after < moment.seq <= until
        ]
    finally:
        connection.execute("COMMIT")
    return sorted(moments, key=lambda moment: moment.seq)


def _life_of(connection: sqlite3.Connection, present: Reservation) -> Iterator[ReservationMoment]:
    """All that has happened to a reservation, told from its beginning."""
    entries = connection.execute(_ENTRIES, (present.id,)).fetchall()
    extensions = sum(kind == events.ReservationExtended.kind for _, _, kind, _ in entries)
    was_adopted = any(kind == events.ReservationAdopted.kind for _, _, kind, _ in entries)
    # What the ledger does not tell never changes; should its beginning be gone, the rest is still told right.
    held = replace(
        present,
        status=ReservationStatus.ACTIVE,
        settled_at=None,
        extensions=present.extensions - extensions,
        user_id=None if was_adopted else present.user_id,
    )
    for seq, at, kind, data in entries:
        if kind == events.ReservationAdopted.kind:
            held = replace(held, user_id=present.user_id)
        held = _after(held, kind, at, data)
        yield ReservationMoment(seq=seq, at=at, kind=kind, reservation=held)


def _after(held: Reservation, kind: str, at: int, data: str) -> Reservation:
    if kind in {events.ReservationCreated.kind, events.ReservationRescheduled.kind}:
        return replace(held, reserved_at=at, expires_at=json.loads(data)["expiresAt"])
    if kind == events.ReservationExtended.kind:
        return held.moved_to(json.loads(data)["expiresAt"], extensions=held.extensions + 1)
    if kind in _OUTCOMES:
        return held.settle(_OUTCOMES[kind], at)
    return held
