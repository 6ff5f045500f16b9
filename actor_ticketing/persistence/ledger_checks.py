"""The proof that the tables are what the ledger tells."""

import sqlite3
from collections.abc import Iterator
from typing import Any

from actor_ticketing.domain.events import ReservationAdopted, ReservationCreated, TicketCheckedIn
from actor_ticketing.persistence import rows
from actor_ticketing.persistence.beginning import Beginning
from actor_ticketing.persistence.books import PROBLEMS_MAX, Check, guarded
from actor_ticketing.persistence.opening import opening_of, replay_from
from actor_ticketing.persistence.replay import ADOPTIONS, HISTORY, LEGAL, RESERVATIONS, Replay
from actor_ticketing.persistence.schema import DESK, EXTENSION_POLICIES, POSITIONS

COUNTERS = "every ticket type's counters are as the ledger left them"
CHECK_INS = "every ticket was used at most once, and is as the ledger left it"
ANSWERS = "every kept answer stands at an entry of the ledger"
CATALOGUE = "every event and ticket type is as the ledger left it"

_END = 2**63 - 1

_WITHOUT_HISTORY = f"""
    SELECT id FROM reservations r
    WHERE (reserved_at > :until OR settled_at > :until)
        AND NOT EXISTS (SELECT 1 FROM ledger l WHERE l.reservation_id = r.id)
    LIMIT {PROBLEMS_MAX}
"""  # noqa: S608 - only constants.
_CREATED_AGAIN = f"""
    SELECT reservation_id, count(*) FROM ledger
    WHERE kind = '{ReservationCreated.kind}' AND reservation_id IS NOT NULL
    GROUP BY reservation_id HAVING count(*) > 1
    LIMIT {PROBLEMS_MAX}
"""  # noqa: S608 - only constants.
_USES = f"""
    SELECT json_extract(data, '$.ticketId') AS ticket_id, at, json_extract(data, '$.by') AS by, ticket_type_id, seq
    FROM ledger WHERE kind = '{TicketCheckedIn.kind}'
"""  # noqa: S608 - only constants.
_MISUSED = f"""
    SELECT CASE
        WHEN t.id IS NULL
        THEN 'ticket ' || coalesce(u.ticket_id, '?') || ' is used by the ledger, and there is no such row'
        ELSE 'ticket ' || t.id || ' is used at ' || coalesce(t.checked_in_at, 'no time') || ' by '
             || coalesce(t.checked_in_by, 'nobody') || ', by ledger entry ' || u.seq || ' at ' || u.at || ' by '
             || coalesce(u.by, 'nobody') END
    FROM ({_USES}) u LEFT JOIN tickets t ON t.id = u.ticket_id
    WHERE (t.checked_in_at, t.checked_in_by, t.ticket_type_id) IS NOT (u.at, u.by, u.ticket_type_id)
    UNION ALL
    SELECT 'ticket ' || ticket_id || ' is used by ' || count(*) || ' ledger entries'
    FROM ({_USES}) GROUP BY ticket_id HAVING count(*) > 1
    UNION ALL
    SELECT 'ticket ' || id || ' is used at ' || checked_in_at || ', and the ledger does not tell of it'
    FROM tickets WHERE checked_in_at > :until AND id NOT IN (SELECT ticket_id FROM ({_USES}) WHERE ticket_id NOTNULL)
    LIMIT {PROBLEMS_MAX}
"""  # noqa: S608 - only constants.
_ADOPTED = f"""
    SELECT 'reservation ' || r.id || ' is adopted by ledger entry ' || l.seq || ', and has no user'
    FROM ledger l JOIN reservations r ON r.id = l.reservation_id
    WHERE l.kind = '{ReservationAdopted.kind}' AND r.user_id IS NULL
    LIMIT {PROBLEMS_MAX}
"""  # noqa: S608 - only constants.
_NOWHERE = f"""
    SELECT 'a kept answer from ' || created_at || ' stands at ' || seq || ', where the ledger has no entry'
    FROM idempotency WHERE seq < 1 OR seq > (SELECT coalesce(max(seq), 0) FROM ledger)
    LIMIT {PROBLEMS_MAX}
"""  # noqa: S608 - only constants.


def check_ledger(connection: sqlite3.Connection, beginning: Beginning) -> Iterator[Check]:
    """Replay the ledger, and hold the tables against what it comes to.

    :param connection: in the read transaction in which the beginning was found.
    """
    replay, until = Replay(), beginning.until
    if not beginning.is_whole and beginning.opening is not None:
        replay = replay_from(beginning.opening)
    yield guarded(LEGAL, lambda: _take_all(connection, replay, beginning))
    yield Check(name=HISTORY, looked_at=replay.taken, problems=tuple(replay.problems[HISTORY]))
    yield guarded(RESERVATIONS, lambda: _reservations(connection, replay, until))
    yield guarded(COUNTERS, lambda: _counters(connection, replay))
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    has_desk = version >= DESK
    yield guarded(ADOPTIONS, lambda: _adoptions(connection, replay))
    if has_desk:
        yield guarded(CHECK_INS, lambda: _check_ins(connection, replay, until))
    if version >= POSITIONS:
        yield guarded(ANSWERS, lambda: _found(connection, "SELECT count(seq) FROM idempotency", _NOWHERE, until))
    terms = rows.TERMS if has_desk else rows.TERMS.replace("paused", "0")
    if version < EXTENSION_POLICIES:
        terms = terms.replace("extension_policy", "NULL")
    yield guarded(CATALOGUE, lambda: _catalogue(connection, replay, terms))


def _take_all(connection: sqlite3.Connection, replay: Replay, beginning: Beginning) -> tuple[int, list[str]]:
    problems: list[str] = []
    if beginning.is_whole and beginning.opening is not None:
        replay.take(connection, 0, beginning.last_seq)
        # Read and written again, since it may be from before there was some column.
        if opening_of(replay) != opening_of(replay_from(beginning.opening)):
            problems.append(f"the archives do not lead to the opening balance after entry {beginning.last_seq}")
    replay.take(connection, beginning.last_seq, _END)
    replay.compare_live(connection)
    problems += replay.problems[LEGAL]
    # Only a reservation that was created again after it was settled escapes the replay, which had forgotten it.
    if replay.created != _number(connection, "SELECT count(*) FROM reservations"):
        problems += [
            f"reservation {reservation_id} is created by {number} ledger entries"
            for reservation_id, number in connection.execute(_CREATED_AGAIN)
        ]
    return replay.taken, problems[:PROBLEMS_MAX]


def _reservations(connection: sqlite3.Connection, replay: Replay, until: int) -> tuple[int, list[str]]:
    looked_at = _number(connection, "SELECT count(*) FROM reservations")
    problems = [
        f"reservation {reservation_id} is not in the ledger"
        for (reservation_id,) in connection.execute(_WITHOUT_HISTORY, {"until": until})
    ]
    problems += replay.problems[RESERVATIONS]
    # Of those that were settled before the opening balance, there is only their number.
    if until >= 0 and not problems and replay.created != looked_at:
        problems.append(f"there are {looked_at} reservations, by the ledger and its opening balance {replay.created}")
    return looked_at, problems[:PROBLEMS_MAX]


def _adoptions(connection: sqlite3.Connection, replay: Replay) -> tuple[int, list[str]]:
    adopted = f"SELECT count(*) FROM ledger WHERE kind = '{ReservationAdopted.kind}'"  # noqa: S608 - a constant.
    looked_at, problems = _found(connection, adopted, _ADOPTED, -1)
    return looked_at, [*replay.problems[ADOPTIONS], *problems][:PROBLEMS_MAX]


def _check_ins(connection: sqlite3.Connection, replay: Replay, until: int) -> tuple[int, list[str]]:
    looked_at, problems = _found(connection, "SELECT count(checked_in_at) FROM tickets", _MISUSED, until)
    if until >= 0 and not problems:
        used = dict(connection.execute("SELECT ticket_type_id, count(checked_in_at) FROM tickets GROUP BY 1"))
        problems = [
            f"of ticket type {type_id}, {used.get(type_id, 0)} tickets are used, by the ledger and its opening balance "
            f"{stock.checked_in}"
            for type_id, stock in replay.stock.items()
            if used.get(type_id, 0) != stock.checked_in
        ]
    return looked_at, problems[:PROBLEMS_MAX]


def _counters(connection: sqlite3.Connection, replay: Replay) -> tuple[int, list[str]]:
    present = connection.execute("SELECT id, total, sold, reserved FROM ticket_types").fetchall()
    told = {type_id: (stock.total, stock.sold, stock.reserved) for type_id, stock in replay.stock.items()}
    problems = [
        f"ticket type {type_id} has total {total}, sold {sold}, reserved {reserved}; by the ledger {told[type_id]}"
        for type_id, total, sold, reserved in present
        if type_id in told and told[type_id] != (total, sold, reserved)
    ]
    return len(present), problems[:PROBLEMS_MAX]


def _found(connection: sqlite3.Connection, looked_at: str, problems: str, until: int) -> tuple[int, list[str]]:
    found = [problem for (problem,) in connection.execute(problems, {"until": until})]
    return _number(connection, looked_at), found


def _number(connection: sqlite3.Connection, sql: str) -> int:
    [number] = connection.execute(sql).fetchone()
    return int(number)


def _catalogue(connection: sqlite3.Connection, replay: Replay, terms: str) -> tuple[int, list[str]]:
    shows = {row[0]: row for row in connection.execute(f"SELECT {rows.EVENT} FROM events")}  # noqa: S608
    types = {row[0]: row for row in connection.execute(f"SELECT {terms} FROM ticket_types")}  # noqa: S608
    told = {type_id: stock.terms for type_id, stock in replay.stock.items()}
    problems = [*_differences("event", shows, replay.shows), *_differences("ticket type", types, told)]
    return len(shows) + len(types), problems[:PROBLEMS_MAX]


def _differences(what: str, present: dict[str, tuple[Any, ...]], told: dict[str, tuple[Any, ...]]) -> Iterator[str]:
    for its_id in sorted(present.keys() | told.keys(), key=str):
        if its_id not in told:
            yield f"{what} {its_id} is not in the ledger"
        elif its_id not in present:
            yield f"{what} {its_id} is in the ledger, and there is no such row"
        elif present[its_id] != told[its_id]:
            yield f"{what} {its_id} is {present[its_id]}, by the ledger {told[its_id]}"
