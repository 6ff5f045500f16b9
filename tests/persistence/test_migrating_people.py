"""A database in which people stood in clear, and what is left of that."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from actor_ticketing.domain.purchase import Person
from actor_ticketing.persistence import people, schema
from actor_ticketing.persistence.connections import DATABASE, connect_read_only, connect_to_write
from actor_ticketing.persistence.schema import SchemaError, migrate, migrations, require_newest
from actor_ticketing.persistence.sealed import SEALED, check_sealed
from actor_ticketing.persistence.verify import verify
from support.people import files_with
from support.vaults import VAULT

SALES, KEPT = 300, 10
OLD = [each for each in migrations() if each[0] <= 2]


def someone(number: int) -> Person:
    return Person(
        full_name=f"Secret Name {number} of the Buyers, with a Title that fills the Page",
        identity_type="passport",
        identity_number=f"SECRET-ID-{number}",
        email=f"Secret{number}@Example.com",
    )


def text_of(person: Person) -> str:
    return json.dumps([person.full_name, person.identity_type, person.identity_number, person.email, None])


def fill(connection: sqlite3.Connection) -> None:
    """Sell as the version before did, and let some of the kept answers go, as a sweep does."""
    connection.execute("INSERT INTO events VALUES ('ev', 't', 'v', 0)")
    connection.execute(
        "INSERT INTO ticket_types VALUES ('tt', 'ev', 'n', 1, 'EUR', NULL, NULL, NULL, 999, ?, 0)", (SALES,)
    )
    for number in range(SALES):
        text = text_of(someone(number))
        connection.execute(
            "INSERT INTO reservations VALUES (?, 'tt', 's', 'u', 1, 1, 'EUR', 1, 2, 0, 'CONVERTED', 2, '{}')",
            (f"r{number:05}",),
        )
        connection.execute(
            "INSERT INTO transactions VALUES (?, ?, 'u', 1, 1, 'EUR', ?, 2)", (f"x{number:05}", f"r{number:05}", text)
        )
        holder = text if number % 2 else json.dumps([f"Secret Name {number}", "id", "1", None, None])
        connection.execute(
            "INSERT INTO tickets VALUES (?, ?, ?, 'tt', 0, ?)", (f"k{number:05}", f"C{number}", f"x{number:05}", holder)
        )
        connection.execute(
            "INSERT INTO idempotency VALUES (?, 'key', x'00', 201, ?, ?)",
            (number.to_bytes(4, "big"), f"{text}{'.' * 20_000}{text}".encode(), number),
        )
    connection.execute("DELETE FROM idempotency WHERE created_at < ?", (SALES - KEPT,))


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """A database of version 2, as a build of SQLite leaves it that does not wipe what it frees."""
    with closing(connect_to_write(tmp_path / DATABASE)) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        with monkeypatch.context() as before:
            before.setattr(schema, "migrations", lambda: OLD)
            migrate(connection, VAULT)
        fill(connection)
        yield connection


def clear(tmp_path: Path) -> list[tuple[str, str | bytes]]:
    return files_with(tmp_path, "Secret Name", "SECRET-ID", "Secret1@", "secret1@")


def test_people_in_clear_are_sealed_and_no_trace_of_them_is_left(old: sqlite3.Connection, tmp_path: Path) -> None:
    assert clear(tmp_path) != []
    migrate(old, VAULT)
    assert clear(tmp_path) == []
    assert (tmp_path / f"{DATABASE}-wal").stat().st_size == 0
    proof = check_sealed(old, VAULT)
    assert proof is not None
    assert (proof.problems, proof.looked_at) == ((), 2 * SALES + KEPT)


def test_people_who_were_sealed_by_the_migration_are_read_and_found(old: sqlite3.Connection) -> None:
    migrate(old, VAULT)
    known = people.person(old, VAULT, "SECRET7@example.COM")
    assert [each.purchase.transaction.buyer for each in known.bought] == [someone(7)]
    assert [each.purchase.tickets[0].holder for each in known.bought] == [someone(7)]
    [answer] = people.traces_in_answers(old, VAULT, "secret299@example.com", None).forget.answers
    assert answer == ((299).to_bytes(4, "big"), "key")


def test_rows_keep_all_else_and_their_references(old: sqlite3.Connection) -> None:
    kept = (
        "SELECT id, reservation_id, user_id, quantity, total_price, currency, created_at FROM transactions",
        "SELECT id, code, transaction_id, ticket_type_id, position FROM tickets",
        "SELECT caller, key, fingerprint, status, created_at FROM idempotency",
    )
    before = [old.execute(each).fetchall() for each in kept]
    migrate(old, VAULT)
    assert [old.execute(each).fetchall() for each in kept] == before
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        old.execute("DELETE FROM transactions")


def test_what_a_crash_left_in_the_log_is_gone_after_the_next_start(old: sqlite3.Connection, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as reader:
        reader.execute("PRAGMA busy_timeout = 0")
        old.execute("PRAGMA busy_timeout = 0")
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM events").fetchone()
        migrate(old, VAULT)
        assert clear(tmp_path) != []  # Somebody still reads the state of before.
        reader.execute("COMMIT")
    migrate(old, VAULT)
    assert clear(tmp_path) == []


@pytest.mark.usefixtures("old")
def test_a_database_of_before_has_nothing_sealed_to_prove_and_is_not_read_as_if_it_had(tmp_path: Path) -> None:
    path = tmp_path / DATABASE
    assert SEALED not in {check.name for check in verify(path, vault=VAULT).checks}
    with closing(connect_read_only(path)) as connection, pytest.raises(SchemaError, match="version 2, this software"):
        require_newest(connection)


def test_an_erased_person_has_no_digest(old: sqlite3.Connection) -> None:
    migrate(old, VAULT)
    for table, column in (("transactions", "buyer"), ("tickets", "holder")):
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            old.execute(f"UPDATE {table} SET {column} = NULL WHERE {column}_digest IS NOT NULL")  # noqa: S608
        old.execute(f"UPDATE {table} SET {column} = NULL, {column}_digest = NULL")  # noqa: S608
