"""The ledger counted, a portion at a time.

All of it is added up by SQLite, which lets go of Python's lock meanwhile: a portion comes back as a few rows, however
many entries it has.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from actor_ticketing.domain import events
from actor_ticketing.domain.analytics import Span, Tally
from actor_ticketing.domain.rates import BORDER, MINUTE_MS, SECOND_MS

COUNTED = (
    events.ReservationCreated.kind,
    events.ReservationConverted.kind,
    events.ReservationExpired.kind,
    events.ReservationCancelled.kind,
)
"""The kinds of entries that are counted."""

SLACK = 1_000
"""Entries decided together may be numbered in another order than that of their instants, by so many at the most."""

IN_ALL = "''"
BY_EVENT = "(SELECT t.event_id FROM ticket_types t WHERE t.id = l.ticket_type_id)"

_CREATED = f"l.kind = '{events.ReservationCreated.kind}'"
_CONVERTED = f"l.kind = '{events.ReservationConverted.kind}'"
_EXPIRED = f"l.kind = '{events.ReservationExpired.kind}'"
_QUANTITY = "json_extract(l.data, '$.quantity')"
_POINT = "(l.at - :start) / :bucket"
_LEDGER = "FROM ledger l"
# CROSS JOIN keeps SQLite to this order: from the few entries to their rows.
_WITH_ROWS = f"{_LEDGER} CROSS JOIN reservations r ON r.id = l.reservation_id"
_THERE = (
    "l.seq > :after AND l.seq <= :until AND l.at >= :start AND l.at < :end "
    "AND (:types IS NULL OR l.ticket_type_id IN (SELECT value FROM json_each(:types)))"
)
_FIRST_DEADLINE = f"""
    (SELECT json_extract(d.data, '$.expiresAt') FROM ledger d
     WHERE d.reservation_id = r.id
       AND d.kind IN ('{events.ReservationCreated.kind}', '{events.ReservationRescheduled.kind}')
       AND d.seq < (SELECT min(e.seq) FROM ledger e
                    WHERE e.reservation_id = r.id AND e.kind = '{events.ReservationExtended.kind}')
     ORDER BY d.seq DESC LIMIT 1)
"""  # noqa: S608 - only constants.


def positions(connection: sqlite3.Connection, start: int, end: int) -> tuple[int, int]:
    """Where the entries of a stretch of time stand in the ledger: after the first position, up to the second.

    It is found by halving, since the instants rise with the positions. An index by time would cost every sale. Where
    the system's clock was set back between two runs, a stretch that begins or ends in the time that was passed through
    twice may miss some of it; one that ends later than the newest entry, such as up to now, has all until its end.
    """
    # Asked for both in one, SQLite would look at every entry.
    [first, last] = connection.execute("SELECT (SELECT min(seq) FROM ledger), (SELECT max(seq) FROM ledger)").fetchone()
    if first is None:
        return 0, 0
    after = max(first, _first_from(connection, start, first, last) - SLACK) - 1
    [newest] = connection.execute("SELECT at FROM ledger WHERE seq = ?", (last,)).fetchone()
    return after, last if newest < end else min(last, _first_from(connection, end, first, last) + SLACK)


def _first_from(connection: sqlite3.Connection, instant: int, low: int, high: int) -> int:
    while low <= high:
        middle = (low + high) // 2
        [at] = connection.execute("SELECT at FROM ledger WHERE seq >= ? ORDER BY seq LIMIT 1", (middle,)).fetchone()
        if at < instant:
            low = middle + 1
        else:
            high = middle - 1
    return low


def tally(connection: sqlite3.Connection, span: Span, after: int, until: int) -> Tally:
    """Count what lies in the span, of the entries after one position and up to another."""
    return tallies(connection, span, after, until, IN_ALL).get("", Tally())


def tallies(connection: sqlite3.Connection, span: Span, after: int, until: int, by: str) -> Mapping[str, Tally]:
    """Count the same in groups.

    :param by: :data:`IN_ALL` or :data:`BY_EVENT`; the former is one group with an empty name.
    """
    types = None if span.ticket_type_ids is None else json.dumps(sorted(span.ticket_type_ids))
    where = {
        "after": after,
        "until": until,
        "start": span.start,
        "end": span.end,
        "bucket": span.bucket,
        "types": types,
    }
    groups: dict[str, dict[str, Any]] = defaultdict(dict)
    for name, (keys, sql) in _statements(by).items():
        for group, *row in connection.execute(sql, where):
            groups[group].setdefault(name, {})[tuple(row[:keys])] = tuple(row[keys:])
    return {group: Tally(**found) for group, found in groups.items()}


@cache
def _statements(by: str) -> Mapping[str, tuple[int, str]]:
    """For each field of a tally, how many columns are its key, and the statement."""

    def added_up(keys: Sequence[str], sums: str, source: str, which: str) -> tuple[int, str]:
        groups = ", ".join(str(column) for column in range(1, len(keys) + 2))
        columns = ", ".join([by, *keys, sums])
        return len(keys), f"SELECT {columns} {source} WHERE {_THERE} AND {which} GROUP BY {groups}"

    counted = f"l.kind IN ({str(list(COUNTED))[1:-1]})"
    both = "count(*), sum(r.quantity)"
    price = "sum(r.quantity * r.unit_price)"
    wait = "(r.settled_at - r.reserved_at + 999) / 1000"
    held = "sum(r.quantity * (r.settled_at - r.reserved_at))"
    late = f"{_CONVERTED} AND r.extensions > 0 AND l.at >= {_FIRST_DEADLINE}"
    return {
        "happened": added_up([_POINT, "l.kind"], f"count(*), sum({_QUANTITY})", _LEDGER, counted),
        "revenue": added_up([_POINT, "r.currency"], price, _WITH_ROWS, _CONVERTED),
        "takings": added_up(["l.ticket_type_id", "r.currency"], f"{both}, {price}", _WITH_ROWS, _CONVERTED),
        "fates": added_up(["r.status", "r.extensions > 0"], f"{both}, sum(r.extensions)", _WITH_ROWS, _CREATED),
        "waits": added_up([wait], "count(*)", _WITH_ROWS, _CONVERTED),
        "brought": added_up(["r.currency"], f"{both}, {price}", _WITH_ROWS, late),
        "lost": added_up(["l.ticket_type_id"], held, _WITH_ROWS, _EXPIRED),
        "rates": (2, _rates(by)),
    }


def _rates(by: str) -> str:
    """What :func:`~actor_ticketing.domain.rates.notable` finds, of seconds and of minutes."""
    return f"""
        WITH seconds AS MATERIALIZED (
            SELECT {by} AS part, {SECOND_MS} AS unit, l.at / {SECOND_MS} AS number, sum({_QUANTITY}) AS tickets
            {_LEDGER} WHERE {_THERE} AND {_CREATED} GROUP BY 1, 3),
        minutes AS (
            SELECT part, {MINUTE_MS} AS unit, number * {SECOND_MS} / {MINUTE_MS} AS number, sum(tickets) AS tickets
            FROM seconds GROUP BY 1, 3),
        ranked AS (
            SELECT part, unit, number, tickets,
                   row_number() OVER (PARTITION BY part, unit ORDER BY tickets DESC, number) AS rank,
                   min(number) OVER (PARTITION BY part, unit) AS low,
                   max(number) OVER (PARTITION BY part, unit) AS high
            FROM (SELECT * FROM seconds UNION ALL SELECT * FROM minutes))
        SELECT part, unit, number, tickets FROM ranked
        WHERE rank = 1 OR number < low + {BORDER} OR number > high - {BORDER}
    """  # noqa: S608 - only constants.
