"""What a report tells, read from the database beside a running server: a portion of the ledger at a time."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from actor_ticketing.domain.analytics import PORTION, Span, Tally
from actor_ticketing.domain.catalogue import Event
from actor_ticketing.domain.values import value
from actor_ticketing.http.present import Json
from actor_ticketing.http.present_analytics import sales
from actor_ticketing.persistence import rows
from actor_ticketing.persistence.analytics import BY_EVENT, IN_ALL, positions, tallies
from actor_ticketing.persistence.archives import archived_until
from actor_ticketing.persistence.connections import connect_read_only
from actor_ticketing.persistence.schema import require_newest
from actor_ticketing.reporting.asking import Asked, ReportError, points_of

_EVENTS = f"SELECT {rows.EVENT} FROM events ORDER BY start_date, id"  # noqa: S608 - a constant.
_TYPES = "SELECT id, event_id, name FROM ticket_types ORDER BY rowid"
_ASKED = "(?1 IS NULL OR ticket_type_id IN (SELECT id FROM ticket_types WHERE event_id = ?1))"
_FIRST_TOLD = f"SELECT at FROM ledger WHERE reservation_id IS NOT NULL AND {_ASKED} ORDER BY seq LIMIT 1"  # noqa: S608
_FIRST_MADE = f"SELECT reserved_at FROM reservations WHERE {_ASKED} ORDER BY id LIMIT 1"  # noqa: S608


@value
class OfEvent:
    """One event, and how its sales went: the figures are those of ``GET /api/admin/analytics``."""

    event: Event
    figures: Json


@value
class TypeName:
    """What a ticket type is called, and its event."""

    name: str
    event: str


@value
class Sales:
    """How sales went.

    :ivar whole: all that was asked for, as ``GET /api/admin/analytics`` tells it.
    :ivar events: those for which anything happened, by date.
    :ivar quiet: the others.
    :ivar types: all ticket types, by id.
    :ivar only: the one event that was asked for, if it was one.
    """

    whole: Json
    events: Sequence[OfEvent]
    quiet: Sequence[Event]
    types: Mapping[str, TypeName]
    only: Event | None = None


def read(
    database: Path, asked: Asked, now: int, progress: Callable[[int, int], None] = lambda _done, _of: None
) -> Sales:
    """Count what was asked for.

    Each portion is read in a transaction of its own, so that the server's write-ahead log can be emptied meanwhile.
    What is sold while it is read may so be in what has become of the holds; nothing else changes any more.

    :param now: ms since the epoch.
    :param progress: told after each portion how many ledger entries are counted, and how many there are.
    :raises ReportError: when there is no such event, or the time asked for is none.
    :raises SchemaError: when the database is of another version.
    """
    with closing(connect_read_only(database)) as connection:
        require_newest(connection)
        wanted = None if asked.event_id is None else _types_of(connection, asked.event_id)
        archived = archived_until(connection)
        start, end, bucket = points_of(asked, first=_first(connection, asked.event_id, archived), now=now)
        span = Span(start=start, end=end, bucket=bucket, ticket_type_ids=wanted)
        found = _count(connection, span, progress)
        # Read last, so that whatever was sold has a name.
        events = [rows.event_of(row) for row in connection.execute(_EVENTS) if asked.event_id in {None, row[0]}]
        types = connection.execute(_TYPES).fetchall()
    complete_from = None if archived is None else archived + 1
    titles = {each.id: each.title for each in events}

    def told(group: str) -> Json:
        return sales(span, found[group], now, complete_from=complete_from)

    return Sales(
        whole=told(""),
        events=[OfEvent(event=each, figures=told(each.id)) for each in events if each.id in found],
        quiet=[each for each in events if each.id not in found],
        types={
            type_id: TypeName(name=name, event=titles[event_id])
            for type_id, event_id, name in types
            if event_id in titles
        },
        only=None if asked.event_id is None else events[0],
    )


def _first(connection: sqlite3.Connection, event_id: str | None, archived: int | None) -> int | None:
    """Since when there is something to tell: where what is archived ends, if a reservation was made before that."""
    told = connection.execute(_FIRST_TOLD, (event_id,)).fetchone()
    made = connection.execute(_FIRST_MADE, (event_id,)).fetchone()
    if archived is not None and made is not None and made[0] <= archived:
        return archived
    # Where the clock was set back, the first that is told is not the earliest.
    return min((int(each[0]) for each in (told, made) if each is not None), default=None)


def _types_of(connection: sqlite3.Connection, event_id: str) -> frozenset[str]:
    if connection.execute("SELECT 1 FROM events WHERE id = ?", (event_id,)).fetchone() is None:
        raise ReportError(f"--event: there is no event {event_id}")
    return frozenset(row[0] for row in connection.execute(_TYPES) if row[1] == event_id)


def _count(connection: sqlite3.Connection, span: Span, progress: Callable[[int, int], None]) -> Mapping[str, Tally]:
    """By event, and all together under an empty name."""
    found: dict[str, Tally] = defaultdict(Tally)
    first, until = positions(connection, span.start, span.end)
    for after in range(first, until, PORTION):
        upto = min(after + PORTION, until)
        # So that the events add up to the whole.
        connection.execute("BEGIN")
        try:
            for by in (IN_ALL, BY_EVENT):
                for group, tally in tallies(connection, span, after, upto, by).items():
                    found[group] += tally
        finally:
            connection.execute("COMMIT")
        progress(upto - first, until - first)
    return found
