"""How many reservations there are in each state, without counting them all again each time somebody asks."""

import sqlite3
from collections import Counter
from collections.abc import Mapping

from actor_ticketing.domain.events import (
    ReservationCancelled,
    ReservationConverted,
    ReservationCreated,
    ReservationExpired,
)
from actor_ticketing.domain.reservation import ReservationStatus

_ENDS = {
    ReservationExpired.kind: ReservationStatus.EXPIRED,
    ReservationCancelled.kind: ReservationStatus.CANCELLED,
    ReservationConverted.kind: ReservationStatus.CONVERTED,
}


class StateCounts:
    """Counts the whole table once, which takes a second for a million rows, and after that what the ledger adds."""

    def __init__(self) -> None:
        self._known: tuple[int, Counter[ReservationStatus]] | None = None

    def read(self, connection: sqlite3.Connection) -> Mapping[ReservationStatus, int]:
        """The counts as of the last commit. It may run on several connections' threads at once."""
        # One transaction, so that the counts are those of the position.
        connection.execute("BEGIN")
        try:
            [seq] = connection.execute("SELECT coalesce(max(seq), 0) FROM ledger").fetchone()
            # Entries that were archived since tell nothing any more.
            [first] = connection.execute("SELECT min(seq) FROM ledger").fetchone()
            if self._known is None or (first is not None and first > self._known[0] + 1):
                counts = _count_all(connection)
            else:
                counts = _go_on(connection, *self._known)
        finally:
            connection.execute("COMMIT")
        self._known = seq, counts
        return {status: number for status, number in counts.items() if number}


def _count_all(connection: sqlite3.Connection) -> Counter[ReservationStatus]:
    pairs = connection.execute("SELECT status, count(*) FROM reservations GROUP BY 1")
    return Counter({ReservationStatus(status): number for status, number in pairs})


def _go_on(
    connection: sqlite3.Connection, after: int, before: Counter[ReservationStatus]
) -> Counter[ReservationStatus]:
    counts = Counter(before)
    for kind, number in connection.execute("SELECT kind, count(*) FROM ledger WHERE seq > ? GROUP BY 1", (after,)):
        if kind == ReservationCreated.kind:
            counts[ReservationStatus.ACTIVE] += number
        elif kind in _ENDS:
            counts[ReservationStatus.ACTIVE] -= number
            counts[_ENDS[kind]] += number
    return counts
