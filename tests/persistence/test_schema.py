"""The schema and how a database gets there, and the connections to it."""

import sqlite3
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from actor_ticketing.domain.extensions import ExtensionPolicy
from actor_ticketing.persistence import schema
from actor_ticketing.persistence.connections import connect_read_only, open_writer
from actor_ticketing.persistence.readers import open_readers
from actor_ticketing.persistence.schema import SchemaError, migrate, migrations
from support.service import eventually
from support.vaults import VAULT


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "tickets.db", isolation_level=None)
    yield connection
    connection.close()


def version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


def schema_of(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    return connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()


def newest_version() -> int:
    return migrations()[-1][0]


def test_every_migration_has_a_number_of_its_own_and_comes_after_those_before() -> None:
    numbers = [number for number, _ in migrations()]
    assert numbers[0] == 1
    assert numbers == sorted(set(numbers))


def test_a_new_database_gets_the_newest_schema(database: sqlite3.Connection) -> None:
    migrate(database, VAULT)
    assert version(database) == newest_version()
    assert not database.in_transaction
    tables = {name for kind, name, _ in schema_of(database) if kind == "table"}
    assert tables >= {"events", "ticket_types", "reservations", "transactions", "tickets", "ledger", "idempotency"}


def test_what_is_sold_fills_no_index_in_random_order_but_that_of_tickets_codes(database: sqlite3.Connection) -> None:
    migrate(database, VAULT)
    indexes = "SELECT name FROM pragma_index_list(?) WHERE origin = 'c'"
    found = {table: [name for (name,) in database.execute(indexes, (table,))] for table in _SOLD}
    assert found == {
        "reservations": ["live_reservations_by_type"],
        "transactions": [],
        "tickets": [],
        "ledger": ["ledger_by_reservation"],
    }


_SOLD = ("reservations", "transactions", "tickets", "ledger")


def test_every_table_is_strict(database: sqlite3.Connection) -> None:
    migrate(database, VAULT)
    tables = database.execute("PRAGMA table_list").fetchall()
    assert {name for _, name, _, _, _, strict in tables if not strict} == {"sqlite_schema", "sqlite_temp_schema"}


def test_migrating_again_changes_nothing(database: sqlite3.Connection) -> None:
    migrate(database, VAULT)
    before = schema_of(database)
    database.execute("INSERT INTO events VALUES ('ev', 't', 'v', 0)")
    migrate(database, VAULT)
    assert schema_of(database) == before
    assert database.execute("SELECT count(*) FROM events").fetchone() == (1,)


def test_a_database_of_a_newer_version_is_refused_and_left_alone(database: sqlite3.Connection) -> None:
    migrate(database, VAULT)
    newer = newest_version() + 1
    database.execute(f"PRAGMA user_version = {newer}")
    with pytest.raises(SchemaError, match=f"version {newer}.*only up to {newer - 1}"):
        migrate(database, VAULT)
    assert version(database) == newer


def test_migrations_run_in_order_from_where_the_database_is(
    database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(database, VAULT)
    more = [
        *migrations(),
        (newest_version() + 1, "CREATE TABLE later (a) STRICT;".replace("(a)", "(a TEXT)")),
        (newest_version() + 2, "ALTER TABLE later ADD COLUMN b TEXT;"),
    ]
    monkeypatch.setattr(schema, "migrations", lambda: more)
    migrate(database, VAULT)
    assert version(database) == more[-1][0]
    assert [row[1] for row in database.execute("PRAGMA table_info(later)")] == ["a", "b"]


def test_a_migration_that_fails_leaves_no_trace_and_the_former_ones_stand(
    database: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = newest_version()
    broken = [*migrations(), (newest + 1, "CREATE TABLE later (a TEXT) STRICT; INSERT INTO nowhere VALUES (1);")]
    monkeypatch.setattr(schema, "migrations", lambda: broken)
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(database, VAULT)
    database.close()
    again = sqlite3.connect(tmp_path / "tickets.db")
    assert version(again) == newest
    assert not [name for _, name, _ in schema_of(again) if name == "later"]
    again.close()


def test_a_database_of_the_first_version_keeps_all_it_has(
    database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = migrations()
    database.execute("PRAGMA foreign_keys = ON")
    monkeypatch.setattr(schema, "migrations", lambda: newest[:1])
    migrate(database, VAULT)
    database.execute("INSERT INTO events VALUES ('ev', 't', 'v', 0)")
    database.execute("INSERT INTO ticket_types VALUES ('tt', 'ev', 'n', 1, 'EUR', NULL, NULL, NULL, 9, 1, 0)")
    database.execute(
        "INSERT INTO reservations VALUES ('r', 'CODE', 'tt', 's', 'u', 1, 1, 'EUR', 1, 2, 0, 'CONVERTED', 2, '{}')"
    )
    database.execute("INSERT INTO transactions VALUES ('x', 'r', 'u', 1, 1, 'EUR', '[]', 2)")
    monkeypatch.setattr(schema, "migrations", lambda: newest)
    migrate(database, VAULT)
    assert database.execute("SELECT * FROM reservations").fetchall() == [
        ("r", "tt", "s", "u", 1, 1, "EUR", 1, 2, 0, "CONVERTED", 2, "{}")
    ]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        database.execute("DELETE FROM reservations")


def test_a_migration_that_loses_what_is_referred_to_is_taken_back(
    database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(database, VAULT)
    newest = newest_version()
    database.execute("INSERT INTO events VALUES ('ev', 't', 'v', 0)")
    database.execute("INSERT INTO ticket_types VALUES ('tt', 'ev', 'n', 1, 'EUR', NULL, NULL, NULL, 9, 0, 0, 0, NULL)")
    careless = [*migrations(), (newest + 1, "DELETE FROM events;")]
    monkeypatch.setattr(schema, "migrations", lambda: careless)
    with pytest.raises(SchemaError, match=f"migration {newest + 1} would leave rows of ticket_types"):
        migrate(database, VAULT)
    assert version(database) == newest
    assert database.execute("SELECT count(*) FROM events").fetchone() == (1,)


def test_ticket_types_of_former_versions_follow_the_services_extension_policy(
    database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = migrations()
    older = [each for each in newest if each[0] < schema.EXTENSION_POLICIES]
    monkeypatch.setattr(schema, "migrations", lambda: older)
    migrate(database, VAULT)
    database.execute("INSERT INTO events VALUES ('ev', 't', 'v', 0)")
    database.execute("INSERT INTO ticket_types VALUES ('tt', 'ev', 'n', 1, 'EUR', NULL, NULL, NULL, 9, 0, 0, 0)")
    monkeypatch.setattr(schema, "migrations", lambda: newest)
    migrate(database, VAULT)
    assert database.execute("SELECT id, total, extension_policy FROM ticket_types").fetchall() == [("tt", 9, None)]


def test_the_database_knows_the_very_policies_that_the_domain_knows(database: sqlite3.Connection) -> None:
    migrate(database, VAULT)
    database.execute("INSERT INTO events VALUES ('ev', 't', 'v', 0)")
    database.execute("INSERT INTO ticket_types VALUES ('tt', 'ev', 'n', 1, 'EUR', NULL, NULL, NULL, 9, 0, 0, 0, NULL)")
    for policy in ExtensionPolicy:
        database.execute("UPDATE ticket_types SET extension_policy = ?", (policy,))
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        database.execute("UPDATE ticket_types SET extension_policy = 'lenient'")


@pytest.mark.parametrize(("synchronous", "number"), [("FULL", 2), ("NORMAL", 1)])
async def test_the_writer_is_durable_as_configured(tmp_path: Path, synchronous: str, number: int) -> None:
    writer = await open_writer(tmp_path / "tickets.db", synchronous=synchronous, busy_timeout_ms=123)

    def look(connection: sqlite3.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await writer.run(look) == ["wal", number, 1, 123]
    await writer.close()


async def test_readers_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "a name with % and #.db"
    writer = await open_writer(path, synchronous="FULL", busy_timeout_ms=10)
    await writer.run(partial(migrate, vault=VAULT))
    plain = connect_read_only(path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        plain.execute("DELETE FROM events")
    plain.close()
    readers = await open_readers(path, count=3, busy_timeout_ms=10)
    assert [await readers.run(version) for _ in range(4)] == [newest_version()] * 4
    await readers.close()
    await writer.close()


async def test_readers_of_a_database_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        await open_readers(tmp_path / "nowhere.db", count=2, busy_timeout_ms=10)
    assert not (tmp_path / "nowhere.db").exists()
    # aiosqlite ends the thread of a connection that failed without waiting for it, and it needs the loop once more.
    await eventually(lambda: not [each for each in threading.enumerate() if "connection_worker" in each.name])


async def test_a_writer_that_is_not_to_checkpoint_leaves_all_of_it_to_others(tmp_path: Path) -> None:
    path = tmp_path / "tickets.db"
    writer = await open_writer(path, synchronous="NORMAL", busy_timeout_ms=0, checkpoints=False)
    try:
        await writer.run(partial(migrate, vault=VAULT))
        many = [(f"ev{number}", "t" * 1_000, "v", 0) for number in range(8_000)]
        await writer.write([("INSERT INTO events VALUES (?, ?, ?, ?)", many, True)])
        with capture_logs() as logs:
            await writer.empty_log()
        assert [line["event"] for line in logs] == ["log_not_emptied"]
        assert path.stat().st_size == 4_096, "only what makes it a database in WAL mode"
        assert path.with_name("tickets.db-wal").stat().st_size > 8_000_000
    finally:
        await writer.close()
