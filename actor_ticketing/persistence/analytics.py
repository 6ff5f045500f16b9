"""The ledger counted, a portion at a time."""

import json
import sqlite3

from actor_ticketing.domain import events
from actor_ticketing.domain.analytics import Span, Tally
from actor_ticketing.domain.reservation import ReservationStatus

COUNTED = (
    events.ReservationCreated.kind,
    events.ReservationConverted.kind,
    events.ReservationExpired.kind,
    events.ReservationCancelled.kind,
)
"""The kinds of entries that are counted."""

SLACK = 1_000
"""Entries decided together may be numbered in another order than that of their instants, by so many at the most."""

_THERE = (
    "l.seq > :after AND l.seq <= :until AND l.at >= :start AND l.at < :end "
    "AND (:types IS NULL OR l.ticket_type_id IN (SELECT value FROM json_each(:types)))"
)
_HAPPENED = f"""
    SELECT (l.at - :start) / :bucket, l.kind, count(*), sum(json_extract(l.data, '$.quantity'))
    FROM ledger l WHERE {_THERE} AND l.kind IN ({str(list(COUNTED))[1:-1]}) GROUP BY 1, 2
"""  # noqa: S608 - only constants.
# CROSS JOIN keeps SQLite to this order: from the few entries to their rows.
_REVENUE = f"""
    SELECT (l.at - :start) / :bucket, t.currency, sum(t.total_price)
    FROM ledger l CROSS JOIN transactions t ON t.reservation_id = l.reservation_id
    WHERE {_THERE} AND l.kind = '{events.ReservationConverted.kind}' GROUP BY 1, 2
"""  # noqa: S608 - only constants.
_FATES = f"""
    SELECT r.status, count(*), sum(r.quantity)
    FROM ledger l CROSS JOIN reservations r ON r.id = l.reservation_id
    WHERE {_THERE} AND l.kind = '{events.ReservationCreated.kind}' GROUP BY 1
"""  # noqa: S608 - only constants.


def positions(connection: sqlite3.Connection, start: int, end: int) -> tuple[int, int]:
    """Where the entries of a stretch of time stand in the ledger: after the first position, up to the second.

    It is found by halving, since the instants rise with the positions. An index by time would cost every sale. Where
    the system's clock was set back between two runs, what lies in between may be missed.
    """
    [first, last] = connection.execute("SELECT min(seq), max(seq) FROM ledger").fetchone()
    if first is None:
        return 0, 0
    after = max(first, _first_from(connection, start, first, last) - SLACK) - 1
    return after, min(last, _first_from(connection, end, first, last) + SLACK)


def _first_from(connection: sqlite3.Connection, instant: int, low: int, high: int) -> int:
    while low <= high:
        middle = (low + high) // 2
        [at] = connection.execute("SELECT at FROM ledger WHERE seq = ?", (middle,)).fetchone()
        if at < instant:
            low = middle + 1
        else:
            high = middle - 1
    return low


def tally(connection: sqlite3.Connection, span: Span, after: int, until: int) -> Tally:
    """Count what lies in the span, of the entries after one position and up to another."""
    types = None if span.ticket_type_ids is None else json.dumps(sorted(span.ticket_type_ids))
    where = {
        "after": after,
        "until": until,
        "start": span.start,
        "end": span.end,
        "bucket": span.bucket,
        "types": types,
    }
    return Tally(
        happened={
            (point, kind): (number, quantity) for point, kind, number, quantity in connection.execute(_HAPPENED, where)
        },
        revenue={(point, currency): amount for point, currency, amount in connection.execute(_REVENUE, where)},
        fates={
            ReservationStatus(status): (number, quantity)
            for status, number, quantity in connection.execute(_FATES, where)
        },
    )
