"""Where a ledger begins: with its first entry, with that of its archives, or with the opening balance they left."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from actor_ticketing.domain.archives import ArchiveError
from actor_ticketing.persistence.books import PROBLEMS_MAX, Check, guarded
from actor_ticketing.persistence.ledger_file import contents_of, entries_of
from actor_ticketing.persistence.opening import replay_from
from actor_ticketing.persistence.schema import LEDGER_ARCHIVES

BEGINNING = "the ledger begins where its archives end"
ARCHIVES = "every archive has what was archived"

_ARCHIVES = "SELECT first_seq, last_seq, until, file, sha256, opening FROM ledger_archives ORDER BY last_seq"
_TAKE = """
    INSERT INTO temp.archived
    SELECT e ->> 'seq', e ->> 'at', e ->> 'kind', e ->> 'eventId', e ->> 'ticketTypeId', e ->> 'reservationId',
           e -> 'data' FROM (SELECT ? AS e)
"""
_COLUMNS = "seq, at, kind, event_id, ticket_type_id, reservation_id, data"
_LEFT = f"SELECT {_COLUMNS} FROM main.ledger WHERE seq > {{}}"  # noqa: S608 - only constants.


class _Archive(NamedTuple):
    first_seq: int
    last_seq: int
    until: int
    file: str
    sha256: str
    opening: str | None

    def __str__(self) -> str:
        return f"{self.file} (entries {self.first_seq} to {self.last_seq})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """From where a ledger is replayed.

    :ivar last_seq: the last position that is archived; 0: none is.
    :ivar opening: what the archived entries come to; None when none is.
    :ivar is_whole: the archives are at hand, so it is replayed from its first entry.
    :ivar until: what happened up to this instant (ms since the epoch) may have no entry; -1 when it is whole.
    :ivar checks: what came of looking for it. With a problem in :data:`BEGINNING`, there is nothing to replay from.
    """

    last_seq: int = 0
    opening: str | None = None
    is_whole: bool = True
    until: int = -1
    checks: tuple[Check, ...] = ()
    information: tuple[str, ...] = ()

    @property
    def is_there(self) -> bool:
        """Whether there is anything to replay from."""
        return not any(check.problems for check in self.checks if check.name == BEGINNING)


def beginning_of(connection: sqlite3.Connection, files: Sequence[Path] | None) -> Beginning:
    """Find out where the ledger begins, and have ``ledger`` be what is to be replayed, for this connection.

    :param connection: in a read transaction.
    :param files: archives; those of other databases are left out. None: none are looked for.
    """
    [version] = connection.execute("PRAGMA user_version").fetchone()
    found = connection.execute(_ARCHIVES) if version >= LEDGER_ARCHIVES else ()
    archives = [_Archive(*row) for row in found]
    checks = [guarded(BEGINNING, lambda: (1 + len(archives), list(_gaps(connection, archives))))]
    if not archives:
        return Beginning(checks=tuple(checks), information=tuple(_strangers(files or ())))
    last = archives[-1]
    information: list[str] = []
    if files is not None:
        known, problems = _sorted(files)
        problems += [f"{each} was not given" for each in archives if each.sha256 not in known]
        checks.append(Check(name=ARCHIVES, looked_at=len(archives), problems=tuple(problems[:PROBLEMS_MAX])))
        ours = [known.pop(each.sha256) for each in archives if each.sha256 in known]
        information += _strangers(known.values())
        if not problems:
            _join(connection, ours, last.last_seq)
            return Beginning(
                last_seq=last.last_seq, opening=last.opening, checks=tuple(checks), information=tuple(information)
            )
    connection.execute(f"CREATE TEMP VIEW ledger AS {_LEFT.format(last.last_seq)}")
    information.append(
        f"The ledger up to entry {last.last_seq} is archived, so it was replayed from its opening balance. With all "
        "archives (--archive), it is replayed from its first entry."
    )
    return Beginning(
        last_seq=last.last_seq,
        opening=last.opening,
        is_whole=False,
        until=max(each.until for each in archives),
        checks=tuple(checks),
        information=tuple(information),
    )


def _gaps(connection: sqlite3.Connection, archives: Sequence[_Archive]) -> Iterator[str]:
    expected = 1
    for each in archives:
        if each.first_seq != expected:
            yield f"{each} is archived, and entry {expected} should be the first in it"
        expected = each.last_seq + 1
    if archives:
        try:
            replay_from(archives[-1].opening or "")
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            yield f"the opening balance after entry {archives[-1].last_seq} cannot be understood: {error!r}"
    [first] = connection.execute("SELECT min(seq) FROM ledger").fetchone()
    if first is not None and first > expected:
        yield f"the ledger begins with entry {first}, and what was archived ends with {expected - 1}"


def _sorted(files: Iterable[Path]) -> tuple[dict[str, Path], list[str]]:
    """The archives by their digests, and what is wrong with the others."""
    known: dict[str, Path] = {}
    problems: list[str] = []
    for file in files:
        try:
            known[contents_of(file).sha256] = file
        except (ArchiveError, OSError) as error:
            problems.append(str(error))
    return known, problems


def _strangers(files: Iterable[Path]) -> list[str]:
    return [f"{file} is not among this database's archives, and was left out." for file in files]


def _join(connection: sqlite3.Connection, files: Sequence[Path], last_seq: int) -> None:
    connection.execute(
        "CREATE TEMP TABLE archived (seq INTEGER PRIMARY KEY, at INTEGER, kind TEXT, event_id TEXT, "
        "ticket_type_id TEXT, reservation_id TEXT, data TEXT)"
    )
    for file in files:
        connection.executemany(_TAKE, ((line,) for line in entries_of(file)))
    connection.execute("CREATE INDEX temp.archived_by_reservation ON archived (reservation_id)")
    archived = f"SELECT {_COLUMNS} FROM temp.archived"  # noqa: S608 - only constants.
    connection.execute(f"CREATE TEMP VIEW ledger AS {archived} UNION ALL {_LEFT.format(last_seq)}")
