import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from actor_ticketing.app import open_backend, open_storage
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.persistence.backup import BackupError, backup
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.verify import verify
from support.lively import make_lively
from support.service import fatal
from support.vaults import VAULT


@pytest.fixture
def database(tmp_path: Path) -> Path:
    (directory := tmp_path / "data").mkdir()
    make_lively(path := directory / DATABASE)
    return path


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    (directory := tmp_path / "shelf").mkdir()
    return directory


@contextmanager
def constant_writes(database: Path) -> Iterator[threading.Event]:
    """Commit without a pause from another connection; the event is set once there is something to copy."""
    stop, begun = threading.Event(), threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("CREATE TABLE ballast (content BLOB)")
            connection.executemany("INSERT INTO ballast VALUES (zeroblob(?))", [(1 << 20,)] * 16)
            while not stop.is_set():
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("UPDATE events SET start_date = start_date + 1 WHERE id = 'ev'")
                connection.execute("UPDATE events SET start_date = start_date - 1 WHERE id = 'ev_quiet'")
                connection.execute("COMMIT")
                begun.set()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield begun
    finally:
        stop.set()
        thread.join()


def test_a_copy_passes_verification(database: Path, shelf: Path) -> None:
    backup(database, shelf / "copy.db")
    assert verify(shelf / "copy.db").ok


def test_a_copy_has_every_row_of_the_original(database: Path, shelf: Path) -> None:
    backup(database, shelf / "copy.db")
    with closing(sqlite3.connect(database)) as original, closing(sqlite3.connect(shelf / "copy.db")) as copy:
        assert list(copy.iterdump()) == list(original.iterdump())


def test_the_number_of_bytes_is_returned(database: Path, shelf: Path) -> None:
    assert backup(database, shelf / "copy.db") == (shelf / "copy.db").stat().st_size


def test_a_copy_is_one_file(database: Path, shelf: Path) -> None:
    backup(database, shelf / "copy.db")
    assert list(shelf.iterdir()) == [shelf / "copy.db"]


def test_only_its_owner_can_read_a_copy(database: Path, shelf: Path) -> None:
    backup(database, shelf / "copy.db")
    assert (shelf / "copy.db").stat().st_mode & 0o777 == 0o600


def test_what_only_the_log_has_is_copied(database: Path, shelf: Path) -> None:
    with closing(sqlite3.connect(database)) as writer:
        writer.execute("INSERT INTO events VALUES ('ev_late', 'Encore', 'Hall', 0)")
        writer.commit()
        backup(database, shelf / "copy.db")
    with closing(sqlite3.connect(shelf / "copy.db")) as copy:
        assert copy.execute("SELECT title FROM events WHERE id = 'ev_late'").fetchall() == [("Encore",)]


def test_constant_writes_do_not_send_the_copy_back_to_the_start(database: Path, shelf: Path) -> None:
    remaining = []
    with constant_writes(database) as begun:
        begun.wait()
        backup(database, shelf / "copy.db", lambda copied, total: remaining.append(total - copied))
    assert len(remaining) > 4
    assert remaining == sorted(remaining, reverse=True)


def test_a_copy_made_under_constant_writes_is_of_one_instant(database: Path, shelf: Path) -> None:
    with constant_writes(database) as begun:
        begun.wait()
        backup(database, shelf / "copy.db")
    with closing(sqlite3.connect(shelf / "copy.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert copy.execute("SELECT sum(start_date), max(start_date) > 0 FROM events").fetchone() == (0, 1)


async def test_the_service_starts_on_a_restored_copy(
    database: Path, tmp_path: Path, settings: Settings, clock: ManualClock
) -> None:
    backup(database, tmp_path / "copy.db")
    (elsewhere := tmp_path / "elsewhere").mkdir()
    clock.advance(61_000)
    restored = Path(shutil.copy(tmp_path / "copy.db", elsewhere / DATABASE))
    async with (
        open_storage(restored, settings, VAULT) as storage,
        open_backend(storage, settings, clock, on_fatal=fatal) as backend,
    ):
        [hold] = await backend.box_office.reserve([("tt", 2)], session_id="guest", user_id=None)
    assert hold.quantity == 2
    assert verify(restored).ok


def test_progress_ends_with_every_page(database: Path, shelf: Path) -> None:
    told = []
    backup(database, shelf / "copy.db", lambda copied, total: told.append((copied, total)))
    pages = database.stat().st_size // 4096
    assert told[-1] == (pages, pages)


def test_an_existing_file_is_not_overwritten(database: Path, shelf: Path) -> None:
    (shelf / "copy.db").write_text("precious")
    with pytest.raises(BackupError, match="exists already"):
        backup(database, shelf / "copy.db")
    assert (shelf / "copy.db").read_text() == "precious"


def test_a_file_that_appears_during_the_copy_is_not_overwritten(database: Path, shelf: Path) -> None:
    def intrude(_copied: int, _total: int) -> None:
        (shelf / "copy.db").write_text("precious")

    with pytest.raises(BackupError, match="exists already"):
        backup(database, shelf / "copy.db", intrude)
    assert {path.name: path.read_text() for path in shelf.iterdir()} == {"copy.db": "precious"}


def test_a_dangling_link_is_not_followed(database: Path, shelf: Path) -> None:
    (shelf / "copy.db").symlink_to(shelf / "nowhere")
    with pytest.raises(BackupError, match="exists already"):
        backup(database, shelf / "copy.db")


@pytest.mark.parametrize("name", [DATABASE, f"../data/{DATABASE}"])
def test_the_database_itself_is_no_destination(database: Path, name: str) -> None:
    with pytest.raises(BackupError, match="is the database itself"):
        backup(database, database.parent / name)


def test_a_link_to_the_database_is_no_destination(database: Path, shelf: Path) -> None:
    (shelf / "copy.db").symlink_to(database)
    with pytest.raises(BackupError, match="is the database itself"):
        backup(database, shelf / "copy.db")


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
def test_the_files_beside_the_database_are_no_destination(database: Path, suffix: str) -> None:
    with pytest.raises(BackupError, match="SQLite uses"):
        backup(database, database.with_name(DATABASE + suffix))


def test_a_log_left_beside_the_destination_is_refused(database: Path, shelf: Path) -> None:
    (shelf / "copy.db-wal").write_bytes(b"of another database")
    with pytest.raises(BackupError, match=r"copy\.db-wal is in the way"):
        backup(database, shelf / "copy.db")


def test_a_missing_source_is_named(tmp_path: Path, shelf: Path) -> None:
    with pytest.raises(BackupError, match=r"there is no database at .*tickets\.db"):
        backup(tmp_path / DATABASE, shelf / "copy.db")


def test_a_missing_directory_is_named(database: Path, shelf: Path) -> None:
    with pytest.raises(BackupError, match=r"cannot write .*No such file or directory"):
        backup(database, shelf / "none" / "copy.db")


def test_a_source_that_is_no_database_leaves_nothing_behind(tmp_path: Path, shelf: Path) -> None:
    (tmp_path / DATABASE).write_text("Dear diary, this is a longer text than SQLite's header." * 20)
    with pytest.raises(BackupError, match="file is not a database"):
        backup(tmp_path / DATABASE, shelf / "copy.db")
    assert list(shelf.iterdir()) == []


def test_a_damaged_source_leaves_nothing_behind(database: Path, shelf: Path) -> None:
    with database.open("r+b") as file:
        file.seek(2 * 4096)
        file.write(b"\xa5" * 4096)
    with pytest.raises(BackupError, match="is damaged"):
        backup(database, shelf / "copy.db")
    assert list(shelf.iterdir()) == []


def test_an_interruption_leaves_nothing_behind(database: Path, shelf: Path) -> None:
    def interrupt(_copied: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backup(database, shelf / "copy.db", interrupt)
    assert list(shelf.iterdir()) == []


def test_a_directory_that_cannot_be_synced_leaves_nothing_behind(
    database: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []

    def fail_second(handle: int) -> None:
        synced.append(handle)
        if len(synced) == 2:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail_second)
    with pytest.raises(BackupError, match="Input/output error"):
        backup(database, shelf / "copy.db")
    assert list(shelf.iterdir()) == []


def test_a_file_system_without_hard_links_will_do(database: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_source: Path, _destination: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    backup(database, shelf / "copy.db")
    assert verify(shelf / "copy.db").ok
