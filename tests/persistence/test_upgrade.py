"""What a start makes of a database of an older version: a copy first, then the newest schema."""

import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from actor_ticketing.app import open_storage
from actor_ticketing.config import Settings
from actor_ticketing.persistence import schema
from actor_ticketing.persistence.connections import DATABASE, connect_to_write
from actor_ticketing.persistence.schema import SchemaError, migrate, migrations
from actor_ticketing.persistence.verify import verify
from support.process import Service
from support.vaults import VAULT

*OLDER, NEWEST = [number for number, _ in migrations()]
ENTRIES = [
    (1, "event.created", None, '{"title":"Spring","venue":"Hall","startDate":0}'),
    (
        2,
        "ticket_type.created",
        "tt",
        '{"name":"n","price":1,"currency":"EUR","maxPerReservation":null,"salesStart":null,"salesEnd":null,"total":9}',
    ),
]


def make(path: Path, version: int, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database as the software of a version left it, with something on sale."""
    known = [each for each in migrations() if each[0] <= version]
    with monkeypatch.context() as before, closing(connect_to_write(path)) as connection:
        before.setattr(schema, "migrations", lambda: known)
        migrate(connection, VAULT)
        connection.execute("INSERT INTO events VALUES ('ev', 'Spring', 'Hall', 0)")
        connection.execute(
            "INSERT INTO ticket_types (id, event_id, name, price, currency, total, sold, reserved) "
            "VALUES ('tt', 'ev', 'n', 1, 'EUR', 9, 0, 0)"
        )
        connection.executemany("INSERT INTO ledger VALUES (?, 0, ?, 'ev', ?, NULL, ?)", ENTRIES)
    return path


def content(path: Path) -> tuple[int, list[str]]:
    """Version and all rows."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0], list(connection.iterdump())


async def start(path: Path) -> None:
    async with open_storage(path, Settings(), VAULT) as storage:
        assert [event.id for event in (await storage.queries.catalogue()).events] == ["ev"]


def copies(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir() if each.name.startswith("tickets-schema"))


@pytest.mark.parametrize("version", OLDER)
async def test_a_database_of_each_older_version_is_copied_and_brought_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    path = make(tmp_path / DATABASE, version, monkeypatch)
    before = content(path)
    with capture_logs() as logs:
        await start(path)
    copy = tmp_path / f"tickets-schema-{version}.db"
    assert content(path)[0] == NEWEST
    assert verify(path).ok
    assert content(copy) == before
    assert verify(copy).ok
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    [told] = [line for line in logs if line["event"] == "upgrading_database"]
    assert (told["schema"], told["to"], told["copy"], told["sealed"]) == (version, NEWEST, str(copy), version >= 4)


async def test_a_copy_can_be_started_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path / DATABASE, OLDER[-1], monkeypatch)
    await start(path)
    shutil.copy(tmp_path / copies(path)[0], path)
    await start(path)
    assert verify(path).ok


async def test_a_database_of_this_version_is_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path / DATABASE, NEWEST, monkeypatch)
    await start(path)
    assert copies(path) == []


async def test_a_new_database_is_not_copied(tmp_path: Path) -> None:
    async with open_storage(tmp_path / DATABASE, Settings(), VAULT):
        pass
    assert copies(tmp_path / DATABASE) == []


async def test_a_database_of_a_newer_version_is_refused_in_a_sentence_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(tmp_path / DATABASE, NEWEST, monkeypatch)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {NEWEST + 1}")
    before = content(path)
    with pytest.raises(SchemaError, match="was written by a newer version"):
        await start(path)
    assert (content(path), copies(path)) == (before, [])


async def test_a_migration_that_fails_leaves_the_database_whole_and_one_copy_however_often_it_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(tmp_path / DATABASE, NEWEST, monkeypatch)
    before = content(path)
    broken = [*migrations(), (NEWEST + 1, "DELETE FROM events; INSERT INTO nowhere VALUES (1);")]
    monkeypatch.setattr(schema, "migrations", lambda: broken)
    for _ in range(3):
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            await start(path)
        assert content(path) == before
    assert copies(path) == [f"tickets-schema-{NEWEST}.db"]
    assert content(tmp_path / f"tickets-schema-{NEWEST}.db") == before


async def test_a_copy_of_another_state_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path / DATABASE, OLDER[-1], monkeypatch)
    (earlier := tmp_path / f"tickets-schema-{OLDER[-1]}.db").write_text("precious")
    before = content(path)
    await start(path)
    assert earlier.read_text() == "precious"
    assert content(tmp_path / f"tickets-schema-{OLDER[-1]}-2.db") == before


async def test_without_room_for_a_copy_the_start_is_refused_and_nothing_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(data_dir=tmp_path)
    path = make(tmp_path / DATABASE, OLDER[-1], monkeypatch)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany("INSERT INTO events VALUES (?, ?, 'v', 0)", [(f"e{n}", "t" * 1_000) for n in range(900)])
    before = content(path)
    # No file may get larger than 256 KiB, which is enough for SQLite's own beside the database.
    status, out, err = await service.shell(f"ulimit -f 256; exec {' '.join(service.command)} serve --port 0")
    assert (status, out) == (1, "")
    assert "a copy is made, which failed" in err
    assert "Nothing was changed" in err
    assert "Traceback" not in err
    assert content(path) == before
    assert copies(path) == []
