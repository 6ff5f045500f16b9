"""The books as tables: rules that hold between rows, each one query that finds what breaks it.

Where SQLite answers from an index, its own check proves that the index has what the rows have. A query finds out from
an index alone whether there is anything to report before it reads rows: nearly always there is not.
"""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from actor_ticketing.persistence.schema import migrations

PROBLEMS_MAX = 20
"""Problems that one check reports: enough to see the pattern, few enough to read."""

UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
"""What reading a damaged file raises; the second when SQLite's own message quotes the damage."""

INTEGRITY = "SQLite finds the file intact"
FOREIGN_KEYS = "every row that is referred to exists"
SCHEMA = "the schema version is known"
RESERVED = "reserved is the sum of the ACTIVE reservations"
SOLD = "sold is the sum of the CONVERTED reservations"
TICKETS_SOLD = "sold is the number of tickets"
BOUNDS = "sold and reserved fit into the total"
SETTLED = "exactly the settled reservations have an instant of settlement"
RESERVATION_CODES = "reservation codes are unique"
TICKET_CODES = "ticket codes are unique"
CONVERSIONS = "exactly the CONVERTED reservations have a transaction, and only one"
AMOUNTS = "every transaction has its reservation's quantity, price, currency and instant"
TICKETS = "every transaction has its tickets, numbered from 0"
SEQUENCE = "the ledger has no gap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One rule and what came of it.

    :ivar name: the rule, a sentence.
    :ivar looked_at: how many rows (for the file itself, pages) it was held against.
    :ivar problems: sentences that name ids, :data:`PROBLEMS_MAX` at the most; none when the rule holds.
    """

    name: str
    looked_at: int
    problems: tuple[str, ...]


class _Rule(NamedTuple):
    name: str
    looked_at: str
    problems: str


_RULES = (
    _Rule(
        RESERVED,
        "SELECT count(*) FROM ticket_types",
        """
        SELECT 'ticket type ' || t.id || ' has ' || t.reserved || ' reserved, its ACTIVE reservations sum to '
               || coalesce(r.quantity, 0)
        FROM ticket_types t
        LEFT JOIN (SELECT ticket_type_id, sum(quantity) AS quantity
                   FROM reservations WHERE status = 'ACTIVE' GROUP BY 1) r ON r.ticket_type_id = t.id
        WHERE t.reserved <> coalesce(r.quantity, 0)
        """,
    ),
    _Rule(
        SOLD,
        "SELECT count(*) FROM ticket_types",
        """
        SELECT 'ticket type ' || t.id || ' has ' || t.sold || ' sold, its CONVERTED reservations sum to '
               || coalesce(r.quantity, 0)
        FROM ticket_types t
        LEFT JOIN (SELECT ticket_type_id, sum(quantity) AS quantity
                   FROM reservations WHERE status = 'CONVERTED' GROUP BY 1) r ON r.ticket_type_id = t.id
        WHERE t.sold <> coalesce(r.quantity, 0)
        """,
    ),
    _Rule(
        TICKETS_SOLD,
        "SELECT count(*) FROM tickets",
        """
        SELECT 'ticket type ' || t.id || ' has ' || t.sold || ' sold, and there are ' || coalesce(k.number, 0)
               || ' tickets of it'
        FROM ticket_types t
        LEFT JOIN (SELECT ticket_type_id, count(*) AS number FROM tickets GROUP BY 1) k ON k.ticket_type_id = t.id
        WHERE t.sold <> coalesce(k.number, 0)
        """,
    ),
    _Rule(
        BOUNDS,
        "SELECT count(*) FROM ticket_types",
        """
        SELECT 'ticket type ' || id || ' has ' || sold || ' sold and ' || reserved || ' reserved of ' || total
        FROM ticket_types
        WHERE sold < 0 OR reserved < 0 OR sold + reserved > total
        """,
    ),
    _Rule(
        SETTLED,
        "SELECT count(*) FROM reservations",
        """
        SELECT 'reservation ' || id || ' is ' || status || ' and has '
               || CASE WHEN settled_at IS NULL THEN 'no instant of settlement' ELSE 'settled_at ' || settled_at END
        FROM reservations
        WHERE (status = 'ACTIVE') <> (settled_at IS NULL)
        """,
    ),
    _Rule(
        RESERVATION_CODES,
        "SELECT count(*) FROM reservations",
        """
        SELECT count(*) || ' reservations have the code ' || code_of(id) || ', such as ' || min(id) || ' and '
               || max(id)
        FROM reservations GROUP BY code_of(id) HAVING count(*) > 1
        """,
    ),
    _Rule(
        TICKET_CODES,
        "SELECT count(*) FROM tickets",
        """
        SELECT count(*) || ' tickets have the code ' || code || ', such as ' || min(id) || ' and ' || max(id)
        FROM tickets
        WHERE code IN (SELECT code FROM tickets GROUP BY code HAVING count(*) > 1)
        GROUP BY code
        """,
    ),
    _Rule(
        CONVERSIONS,
        "SELECT count(*) FROM transactions",
        """
        SELECT 'reservation ' || r.id || ' is CONVERTED and has no transaction'
        FROM reservations r
        WHERE r.status = 'CONVERTED' AND NOT EXISTS (SELECT 1 FROM transactions t WHERE t.reservation_id = r.id)
        UNION ALL
        SELECT 'transaction ' || t.id || ' is for reservation ' || r.id || ', which is ' || r.status
        FROM transactions t JOIN reservations r ON r.id = t.reservation_id
        WHERE r.status <> 'CONVERTED'
        UNION ALL
        SELECT 'reservation ' || reservation_id || ' has ' || count(*) || ' transactions, such as ' || min(id)
               || ' and ' || max(id)
        FROM transactions
        WHERE reservation_id IN (SELECT reservation_id FROM transactions GROUP BY 1 HAVING count(*) > 1)
        GROUP BY reservation_id
        """,
    ),
    _Rule(
        AMOUNTS,
        "SELECT count(*) FROM transactions",
        """
        SELECT 'transaction ' || t.id || ' is for ' || t.quantity || ' tickets at ' || t.total_price || ' '
               || t.currency || ' in all, made at ' || t.created_at || ', its reservation ' || r.id || ' for '
               || r.quantity || ' at ' || r.unit_price || ' ' || r.currency || ' each, settled at '
               || coalesce(r.settled_at, 'no time')
        FROM transactions t JOIN reservations r ON r.id = t.reservation_id
        WHERE t.quantity <> r.quantity OR t.total_price <> r.quantity * r.unit_price OR t.currency <> r.currency
            OR t.created_at <> r.settled_at
        """,
    ),
    _Rule(
        TICKETS,
        "SELECT count(*) FROM tickets",
        """
        SELECT 'transaction ' || t.id || ' is for ' || t.quantity || ' tickets and has ' || count(k.id)
               || coalesce(', at positions ' || min(k.position) || ' to ' || max(k.position), '')
        FROM transactions t LEFT JOIN tickets k ON k.transaction_id = t.id
        GROUP BY t.id
        HAVING count(k.id) <> t.quantity OR min(k.position) <> 0 OR max(k.position) <> t.quantity - 1
        UNION ALL
        SELECT 'transaction ' || transaction_id || ' has ' || count(*) || ' tickets at position ' || position
        FROM tickets GROUP BY transaction_id, position HAVING count(*) > 1
        UNION ALL
        SELECT 'ticket ' || k.id || ' is of ticket type ' || k.ticket_type_id || ', its reservation ' || r.id
               || ' of ' || r.ticket_type_id
        FROM tickets k JOIN transactions t ON t.id = k.transaction_id JOIN reservations r ON r.id = t.reservation_id
        WHERE k.ticket_type_id <> r.ticket_type_id
        """,
    ),
    _Rule(
        SEQUENCE,
        "SELECT count(*) FROM ledger",
        """
        SELECT 'ledger entry ' || seq || CASE
                   WHEN seq < 1 THEN ' is numbered below 1'
                   ELSE ' follows entry ' || previous || ', and those between are missing' END
        FROM (SELECT seq, lag(seq) OVER (ORDER BY seq) AS previous
              FROM ledger
              WHERE (SELECT count(*) <> max(seq) - min(seq) + 1 OR min(seq) < 1 FROM ledger))
        WHERE seq <> previous + 1 OR seq < 1
        """,
    ),
)

_NAMES = {"refresh_tokens": "hex(digest)"}
"""What names a row, where it is not its id."""

_REFERRING = """
    SELECT name, (SELECT count(*) FROM pragma_foreign_key_list(name)) FROM sqlite_master WHERE type = 'table'
"""
"""The tables, and how many references each of its rows has."""


def check_file(connection: sqlite3.Connection) -> Check:
    """Let SQLite check the file: its pages, its indexes, its constraints of one row."""

    def look() -> tuple[int, list[str]]:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        found = [row[0] for row in connection.execute(f"PRAGMA integrity_check({PROBLEMS_MAX})")]
        return pages, [] if found == ["ok"] else found

    return guarded(INTEGRITY, look)


def check_schema(connection: sqlite3.Connection) -> Check:
    """Check that this software has a migration that leads to the database's schema."""

    def look() -> tuple[int, list[str]]:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        known = [number for number, _ in migrations()]
        if version in known:
            return 1, []
        return 1, [f"the schema version is {version}, this software knows {known[0]} to {known[-1]}"]

    return guarded(SCHEMA, look)


def check_tables(connection: sqlite3.Connection) -> Iterator[Check]:
    """Check every rule that holds between rows, but for what only the ledger's history can prove."""
    yield guarded(FOREIGN_KEYS, lambda: _foreign_keys(connection))
    for rule in _RULES:
        yield guarded(rule.name, lambda rule=rule: _broken(connection, rule))  # type: ignore[misc]


def guarded(name: str, look: Callable[[], tuple[int, list[str]]]) -> Check:
    """Make a check of what ``look`` returns: how many were looked at, and the problems.

    A part of the file that cannot be read is one more problem, and no reason to leave the other checks out.
    """
    try:
        looked_at, problems = look()
    except UNREADABLE as error:
        looked_at, problems = 0, [f"it could not be read: {error}"]
    return Check(name=name, looked_at=looked_at, problems=tuple(problems))


def _foreign_keys(connection: sqlite3.Connection) -> tuple[int, list[str]]:
    looked_at = sum(
        references * connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608 - of the schema.
        for table, references in connection.execute(_REFERRING).fetchall()
        if references
    )
    problems: list[str] = []
    broken = {(row[0], row[3]) for row in connection.execute("PRAGMA foreign_key_check")}
    for table, key in sorted(broken):
        name = _NAMES.get(table, "id")
        [(parent, column)] = [
            (row[2], row[3]) for row in connection.execute(f"PRAGMA foreign_key_list({table})") if row[0] == key
        ]
        problems += [
            f"{column} of row {row[0]} of {table} is {row[1]}, and no such row is in {parent}"
            for row in connection.execute(
                f"SELECT {name}, {column} FROM {table} WHERE {column} NOT IN (SELECT id FROM {parent}) "  # noqa: S608
                f"LIMIT {PROBLEMS_MAX - len(problems)}"
            )
        ]
    return looked_at, problems


def _broken(connection: sqlite3.Connection, rule: _Rule) -> tuple[int, list[str]]:
    looked_at = connection.execute(rule.looked_at).fetchone()[0]
    found = connection.execute(f"{rule.problems} LIMIT {PROBLEMS_MAX}")
    # A sentence made of a value that is missing where none may be missing is itself NULL.
    return looked_at, [row[0] or "a row breaks the rule and lacks a value that would name it" for row in found]
