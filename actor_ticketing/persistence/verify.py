"""The proof of the books: that counters, reservations, tickets and ledger of a database agree."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actor_ticketing.clock import SystemClock
from actor_ticketing.domain.events import ReservationAdopted, ReservationCreated, TicketCheckedIn
from actor_ticketing.domain.ids import generate_reservation_code
from actor_ticketing.persistence import rows
from actor_ticketing.persistence.books import (
    PROBLEMS_MAX,
    UNREADABLE,
    Check,
    check_file,
    check_schema,
    check_tables,
    guarded,
)
from actor_ticketing.persistence.connections import connect_read_only
from actor_ticketing.persistence.replay import HISTORY, LEGAL, RESERVATIONS, Replay
from actor_ticketing.persistence.schema import DESK, POSITIONS
from actor_ticketing.persistence.sealed import check_sealed
from actor_ticketing.vault import Vault

COUNTERS = "every ticket type's counters are as the ledger left them"
CHECK_INS = "every ticket was used at most once, and is as the ledger left it"
ADOPTIONS = "every reservation was adopted at most once, and has a user then"
ANSWERS = "every kept answer stands at an entry of the ledger"
CATALOGUE = "every event and ticket type is as the ledger left it"

_CACHE_KIB = 65_536
_WITHOUT_HISTORY = f"""
    SELECT id FROM reservations r WHERE NOT EXISTS (SELECT 1 FROM ledger l WHERE l.reservation_id = r.id)
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
    FROM tickets WHERE checked_in_at IS NOT NULL AND id NOT IN (SELECT ticket_id FROM ({_USES}) WHERE ticket_id NOTNULL)
    LIMIT {PROBLEMS_MAX}
"""  # noqa: S608 - only constants.
_ADOPTED = f"""
    SELECT 'reservation ' || r.id || ' is adopted by ledger entry ' || l.seq || ', and has no user'
    FROM ledger l JOIN reservations r ON r.id = l.reservation_id
    WHERE l.kind = '{ReservationAdopted.kind}' AND r.user_id IS NULL
    UNION ALL
    SELECT 'reservation ' || reservation_id || ' is adopted by ' || count(*) || ' ledger entries'
    FROM ledger WHERE kind = '{ReservationAdopted.kind}' GROUP BY reservation_id HAVING count(*) > 1
    LIMIT {PROBLEMS_MAX}
"""  # noqa: S608 - only constants.
_NOWHERE = f"""
    SELECT 'a kept answer from ' || created_at || ' stands at ' || seq || ', where the ledger has no entry'
    FROM idempotency WHERE seq < 1 OR seq > (SELECT coalesce(max(seq), 0) FROM ledger)
    LIMIT {PROBLEMS_MAX}
"""  # noqa: S608 - only constants.


class VerifyError(Exception):
    """The file cannot be looked at. The message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a verification found.

    :ivar checks: every check made, in order.
    :ivar information: sentences about what is worth knowing and no damage.
    """

    checks: tuple[Check, ...]
    information: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether no check found a problem."""
        return not any(check.problems for check in self.checks)


def verify(path: Path, *, now: int | None = None, vault: Vault | None = None) -> Report:
    """Prove the books of the database at ``path``, as they stand at one instant. It changes nothing.

    It may run beside a server, whose write-ahead log cannot be emptied meanwhile, and on what a crash has left.

    :param now: ms since the epoch, to tell which holds are overdue; None asks the system's clock.
    :param vault: also proves that everything sealed opens with its keys; without it, that is not looked at.
    :raises VerifyError: when there is no database to look at. Damage inside one is in the report.
    """
    try:
        if not path.is_file():
            raise VerifyError(f"there is no database at {path}")
        with closing(connect_read_only(path)) as connection:
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            connection.create_function("code_of", 1, _code_of, deterministic=True)
            connection.execute("BEGIN")
            # BEGIN alone takes no lock: only the first read fixes the instant.
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            return _report(connection, SystemClock().now() if now is None else now, vault)
    except (OSError, *UNREADABLE) as error:
        raise VerifyError(f"{path} cannot be read as a database: {error}") from error


def _report(connection: sqlite3.Connection, now: int, vault: Vault | None) -> Report:
    file, schema = check_file(connection), check_schema(connection)
    if schema.problems:
        left_out = "The tables were not looked at, because the schema version is not known."
        return Report(checks=(file, schema), information=(left_out,))
    checks = [file, schema, *check_tables(connection)]
    if vault is not None and (sealed := check_sealed(connection, vault)) is not None:
        checks.append(sealed)
    information: list[str] = []
    # What cannot be read here, the checks have named.
    with suppress(*UNREADABLE):
        information += _overdue(connection, now)
    with suppress(*UNREADABLE):
        first = connection.execute("SELECT min(seq) FROM ledger").fetchone()[0]
        if first is None or first <= 1:
            checks += _replayed(connection)
        else:
            information.append(f"The ledger begins with entry {first}, so it was not replayed: its start is missing.")
    return Report(checks=tuple(checks), information=tuple(information))


def _code_of(reservation_id: str) -> str:
    try:
        return generate_reservation_code(reservation_id)
    except ValueError:
        return reservation_id


def _overdue(connection: sqlite3.Connection, now: int) -> Iterator[str]:
    number, earliest = connection.execute(
        "SELECT count(*), min(expires_at) FROM reservations WHERE status = 'ACTIVE' AND expires_at <= ?", (now,)
    ).fetchone()
    if number:
        yield (
            f"ACTIVE reservations that are overdue: {number}, at the most by {(now - earliest) / 1000:.3f} s. "
            "This is no damage: a server releases them at once, or as soon as it starts."
        )


def _replayed(connection: sqlite3.Connection) -> Iterator[Check]:
    replay = Replay()
    yield guarded(LEGAL, lambda: _take_all(connection, replay))
    yield Check(name=HISTORY, looked_at=replay.taken, problems=tuple(replay.problems[HISTORY]))
    yield guarded(RESERVATIONS, lambda: _reservations(connection, replay))
    yield guarded(COUNTERS, lambda: _counters(connection, replay))
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    has_desk = version >= DESK
    adopted = f"SELECT count(*) FROM ledger WHERE kind = '{ReservationAdopted.kind}'"  # noqa: S608 - a constant.
    yield guarded(ADOPTIONS, lambda: _found(connection, adopted, _ADOPTED))
    if has_desk:
        yield guarded(CHECK_INS, lambda: _found(connection, "SELECT count(checked_in_at) FROM tickets", _MISUSED))
    if version >= POSITIONS:
        yield guarded(ANSWERS, lambda: _found(connection, "SELECT count(seq) FROM idempotency", _NOWHERE))
    terms = rows.TERMS if has_desk else rows.TERMS.replace("paused", "0")
    yield guarded(CATALOGUE, lambda: _catalogue(connection, replay, terms))


def _take_all(connection: sqlite3.Connection, replay: Replay) -> tuple[int, list[str]]:
    replay.run(connection)
    problems = replay.problems[LEGAL]
    # Only a reservation that was created again after it was settled escapes the replay, which had forgotten it.
    if replay.created != connection.execute("SELECT count(*) FROM reservations").fetchone()[0]:
        problems += [
            f"reservation {reservation_id} is created by {number} ledger entries"
            for reservation_id, number in connection.execute(_CREATED_AGAIN)
        ]
    return replay.taken, problems[:PROBLEMS_MAX]


def _reservations(connection: sqlite3.Connection, replay: Replay) -> tuple[int, list[str]]:
    looked_at = connection.execute("SELECT count(*) FROM reservations").fetchone()[0]
    missing = [
        f"reservation {reservation_id} is not in the ledger"
        for (reservation_id,) in connection.execute(_WITHOUT_HISTORY)
    ]
    return looked_at, (missing + replay.problems[RESERVATIONS])[:PROBLEMS_MAX]


def _counters(connection: sqlite3.Connection, replay: Replay) -> tuple[int, list[str]]:
    present = connection.execute("SELECT id, total, sold, reserved FROM ticket_types").fetchall()
    told = {type_id: (stock.total, stock.sold, stock.reserved) for type_id, stock in replay.stock.items()}
    problems = [
        f"ticket type {type_id} has total {total}, sold {sold}, reserved {reserved}; by the ledger {told[type_id]}"
        for type_id, total, sold, reserved in present
        if type_id in told and told[type_id] != (total, sold, reserved)
    ]
    return len(present), problems[:PROBLEMS_MAX]


def _found(connection: sqlite3.Connection, looked_at: str, problems: str) -> tuple[int, list[str]]:
    [number] = connection.execute(looked_at).fetchone()
    return number, [problem for (problem,) in connection.execute(problems)]


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
