"""What is wrong after the ledger's beginning was archived is found."""

import gzip
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from actor_ticketing.clock import ManualClock
from actor_ticketing.persistence.beginning import ARCHIVES, BEGINNING
from actor_ticketing.persistence.books import SEQUENCE
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.ledger_checks import CHECK_INS, COUNTERS
from actor_ticketing.persistence.replay import LEGAL, RESERVATIONS
from actor_ticketing.persistence.verify import verify
from support.archiving import LAST, START, archive, opened
from support.lively import complaints, live

Archived = tuple[Path, Path, Path]
"""A database, and its two archives."""


@pytest.fixture
async def archived(tmp_path: Path, clock: ManualClock) -> Archived:
    path = tmp_path / DATABASE
    async with opened(path, clock) as (backend, archiving):
        await live(backend, clock)
        await archive(archiving, tmp_path / "a.jsonl.gz", START + 60_000)
        await archive(archiving, tmp_path / "b.jsonl.gz")
    return path, tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"


@pytest.fixture
def damage(archived: Archived) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(archived[0], isolation_level=None)) as connection:
        for name in ("one_terminal_state", "only_what_is_archived_may_go", "a_ticket_is_used_once"):
            connection.execute(f"DROP TRIGGER {name}")
        yield connection


def test_an_archive_that_was_not_given(archived: Archived) -> None:
    path, first, second = archived
    for given in ([first], [second], []):
        assert complaints(verify(path, archives=given)) == {ARCHIVES}
    assert complaints(verify(path, archives=[first, second])) == set()


@pytest.mark.parametrize("where", [30, -30])
def test_a_damaged_archive(archived: Archived, where: int) -> None:
    path, first, second = archived
    content = bytearray(first.read_bytes())
    content[where] ^= 0xFF
    first.write_bytes(content)
    assert complaints(verify(path, archives=[first, second])) == {ARCHIVES}


def test_an_archive_that_json_has_no_end_for(archived: Archived) -> None:
    path, first, second = archived
    first.write_bytes(gzip.compress(b"[" * 200_000))
    assert complaints(verify(path, archives=[first, second])) == {ARCHIVES}


def test_an_archive_cut_short(archived: Archived) -> None:
    path, first, second = archived
    first.write_bytes(first.read_bytes()[:-20])
    assert complaints(verify(path, archives=[first, second])) == {ARCHIVES}


def test_an_archive_that_was_changed_and_sealed_anew(archived: Archived) -> None:
    path, first, second = archived
    shutil.copy(second, first)
    assert complaints(verify(path, archives=[first, second])) == {ARCHIVES}


def test_entries_that_are_missing_between_the_archives_and_the_ledger(
    archived: Archived, damage: sqlite3.Connection
) -> None:
    damage.execute("INSERT INTO ledger SELECT 40, at, kind, NULL, NULL, NULL, '{}' FROM ledger")
    damage.execute("DELETE FROM ledger WHERE seq < 40")
    assert complaints(verify(archived[0])) == {BEGINNING}


def test_an_archive_that_is_no_longer_noted(archived: Archived, damage: sqlite3.Connection) -> None:
    damage.execute("DELETE FROM ledger_archives WHERE first_seq = 1")
    assert complaints(verify(archived[0])) == {BEGINNING}


@pytest.mark.parametrize("opening", ["NULL", "'{}'", "'[]'"])
def test_an_opening_balance_that_is_none(archived: Archived, damage: sqlite3.Connection, opening: str) -> None:
    damage.execute(f"UPDATE ledger_archives SET opening = {opening}")  # noqa: S608
    assert complaints(verify(archived[0])) == {BEGINNING}


def test_an_opening_balance_that_the_archives_do_not_lead_to(archived: Archived, damage: sqlite3.Connection) -> None:
    path, *files = archived
    damage.execute("UPDATE ledger_archives SET opening = json_set(opening, '$.created', 7) WHERE opening NOTNULL")
    assert complaints(verify(path, archives=files)) == {LEGAL}
    assert complaints(verify(path)) == {RESERVATIONS}


def test_counters_that_nothing_explains(archived: Archived, damage: sqlite3.Connection) -> None:
    damage.execute("UPDATE ticket_types SET total = total + 1 WHERE id = 'tt'")
    assert complaints(verify(archived[0])) == {COUNTERS}


def test_a_settled_reservation_that_nobody_made(archived: Archived, damage: sqlite3.Connection) -> None:
    path, *files = archived
    columns = "ticket_type_id, 's', NULL, 1, 1, 'EUR', 1, 2, 0, 'EXPIRED', 3, NULL"
    damage.execute(f"INSERT INTO reservations SELECT id || 0, {columns} FROM reservations LIMIT 1")  # noqa: S608
    for given in (None, files):
        assert RESERVATIONS in complaints(verify(path, archives=given))


def test_a_ticket_whose_use_nobody_tells_of(archived: Archived, damage: sqlite3.Connection) -> None:
    path, *files = archived
    damage.execute("UPDATE tickets SET checked_in_at = 1, checked_in_by = 'x' WHERE checked_in_at IS NULL")
    for given in (None, files):
        assert complaints(verify(path, archives=given)) == {CHECK_INS}


def test_what_only_the_archives_prove(archived: Archived, damage: sqlite3.Connection) -> None:
    path, *files = archived
    damage.execute("UPDATE reservations SET expires_at = expires_at + 1 WHERE status = 'CANCELLED'")
    assert complaints(verify(path)) == set()
    assert complaints(verify(path, archives=files)) == {RESERVATIONS}


def test_a_gap_in_what_is_left(archived: Archived, damage: sqlite3.Connection) -> None:
    for seq in (LAST + 2, LAST + 5):
        damage.execute(
            "INSERT INTO ledger SELECT ?, at, 'event.changed', 'ev', NULL, NULL, '{}' FROM ledger LIMIT 1", (seq,)
        )
    assert SEQUENCE in complaints(verify(archived[0]))
