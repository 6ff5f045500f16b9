"""The proof of the books: that counters, reservations, tickets and ledger of a database agree."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from actor_ticketing.clock import SystemClock
from actor_ticketing.domain.ids import generate_reservation_code
from actor_ticketing.domain.problems import Problem
from actor_ticketing.persistence.beginning import beginning_of
from actor_ticketing.persistence.books import UNREADABLE, Check, check_file, check_schema, check_tables
from actor_ticketing.persistence.connections import connect_read_only
from actor_ticketing.persistence.ledger_checks import check_ledger
from actor_ticketing.persistence.sealed import check_sealed
from actor_ticketing.vault import Vault

_CACHE_KIB = 65_536


class VerifyError(Problem):
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


def verify(
    path: Path, *, now: int | None = None, vault: Vault | None = None, archives: Sequence[Path] | None = None
) -> Report:
    """Prove the books of the database at ``path``, as they stand at one instant. It changes nothing.

    It may run beside a server, whose write-ahead log cannot be emptied meanwhile, and on what a crash has left.

    :param now: ms since the epoch, to tell which holds are overdue; None asks the system's clock.
    :param vault: also proves that everything sealed opens with its keys; without it, that is not looked at.
    :param archives: files that the ledger's beginning was archived in. With all of them the ledger is replayed from its
        first entry, and one that is missing is a problem. None: from the opening balance that they left.
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
            return _report(connection, SystemClock().now() if now is None else now, vault, archives)
    except (OSError, *UNREADABLE) as error:
        raise VerifyError(f"{path} cannot be read as a database: {error}") from error


def _report(connection: sqlite3.Connection, now: int, vault: Vault | None, archives: Sequence[Path] | None) -> Report:
    file, schema = check_file(connection), check_schema(connection)
    if schema.problems:
        left_out = "The tables were not looked at, because the schema version is not known."
        return Report(checks=(file, schema), information=(left_out,))
    beginning = beginning_of(connection, archives)
    checks = [file, schema, *check_tables(connection), *beginning.checks]
    if vault is not None and (sealed := check_sealed(connection, vault)) is not None:
        checks.append(sealed)
    information: list[str] = []
    # What cannot be read here, the checks have named.
    with suppress(*UNREADABLE):
        information += _overdue(connection, now)
    if beginning.is_there:
        checks += check_ledger(connection, beginning)
    return Report(checks=tuple(checks), information=(*information, *beginning.information))


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
