import shutil
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from actor_ticketing.app import open_storage, watched
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.watchdog import DatabaseGone, Watchdog
from support.service import eventually, turns
from support.vaults import VAULT

FILES = [DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"]


@pytest.fixture
async def database(tmp_path: Path, settings: Settings) -> AsyncIterator[Path]:
    """A database that is open."""
    async with open_storage(tmp_path / DATABASE, settings, VAULT):
        yield tmp_path / DATABASE


async def test_a_database_that_is_written_read_and_checkpointed_stays_where_it_is(database: Path) -> None:
    watchdog = Watchdog(database)
    other = sqlite3.connect(database)
    other.execute("CREATE TABLE other (content)")
    other.commit()
    other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    watchdog.look()


@pytest.mark.parametrize("name", FILES)
async def test_a_deleted_file_is_noticed(database: Path, name: str) -> None:
    watchdog = Watchdog(database)
    database.with_name(name).unlink()
    with pytest.raises(DatabaseGone, match=rf"{name} was open, it was deleted or moved away"):
        watchdog.look()


@pytest.mark.parametrize("name", FILES)
async def test_a_file_with_another_in_its_place_is_noticed(database: Path, tmp_path: Path, name: str) -> None:
    watchdog = Watchdog(database)
    shutil.copy(database.with_name(name), tmp_path / "restored")
    (tmp_path / "restored").rename(database.with_name(name))
    with pytest.raises(DatabaseGone, match=rf"{name} was open, another file was put in its place"):
        watchdog.look()


async def test_a_directory_that_was_moved_away_is_noticed(settings: Settings, tmp_path: Path) -> None:
    (directory := tmp_path / "data").mkdir()
    async with open_storage(directory / DATABASE, settings, VAULT):
        watchdog = Watchdog(directory / DATABASE)
        directory.rename(tmp_path / "elsewhere")
        with pytest.raises(DatabaseGone):
            watchdog.look()


async def test_the_service_looks_within_a_second_and_ends_once_it_has_seen_it(
    database: Path, clock: ManualClock
) -> None:
    told: list[BaseException] = []
    async with watched(database, clock, on_gone=told.append):
        clock.advance(1_000)
        await turns()
        assert told == []
        database.unlink()  # noqa: ASYNC240 - a file of this test alone.
        clock.advance(1_000)
        await eventually(lambda: bool(told))
    assert isinstance(told[0], DatabaseGone)
