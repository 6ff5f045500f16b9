"""What others do to the database's files while the service has them open."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from actor_ticketing.persistence.backup import backup as back_up
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.verify import verify
from support.stage import Stage


async def test_while_another_process_locks_the_database_changes_are_refused_and_reads_go_on(stage: Stage) -> None:
    hold = (await stage.reserve()).reservation
    with closing(sqlite3.connect(stage.service.data_dir / DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = await stage.reserve(key="locked")
        assert (refused.status, refused.code) == (503, "storage_unavailable")
        assert await stage.stock() == (0, 1)
        assert (await stage.look(hold)).status == 200
        other.execute("ROLLBACK")
    assert (await stage.reserve(key="locked")).status == 201
    assert stage.logged("commit_failed")[0]["error"] == "OperationalError: database is locked"


async def test_a_deleted_database_ends_the_process(own_stage: Stage) -> None:
    await own_stage.open()
    file = own_stage.service.data_dir / DATABASE
    file.unlink()
    assert await own_stage.service.ended() == 72
    [last_words] = own_stage.logged("cannot_go_on")
    assert last_words["error"] == f"DatabaseGone: while {file} was open, it was deleted or moved away"


async def test_a_database_with_another_in_its_place_ends_the_process_and_touches_neither(own_stage: Stage) -> None:
    stage = own_stage
    await stage.open()
    database = stage.service.data_dir / DATABASE
    backup = stage.service.data_dir.parent / "backup.db"
    back_up(database, backup)
    await stage.reserve()
    shutil.copy(backup, restored := database.with_name("restored"))
    restored.rename(database)
    assert await stage.service.ended() == 72
    [last_words] = stage.logged("cannot_go_on")
    assert last_words["error"] == f"DatabaseGone: while {database} was open, another file was put in its place"
    assert database.read_bytes() == backup.read_bytes()


async def test_a_broken_page_stops_what_needs_it_and_nothing_else(own_stage: Stage) -> None:
    stage = own_stage
    await stage.open()
    hold, sold = [(await stage.reserve()).reservation for _ in range(2)]
    assert (await stage.purchase(sold)).status == 201
    assert await stage.service.terminate() == 0
    # The index by which a transaction's tickets are found.
    break_page_of("sqlite_autoindex_tickets_3", stage.service.data_dir / DATABASE)
    await stage.service.start()
    assert (await stage.look(sold)).status == 503
    assert stage.logged("read_failed")[0]["error"] == "database disk image is malformed"
    assert (await stage.look(hold)).status == 200
    assert (await stage.reserve()).status == 201
    with pytest.raises(aiohttp.ClientError):
        await stage.purchase(hold)
    assert await stage.service.ended() == 70
    assert "database disk image is malformed" in stage.logged("cannot_go_on")[0]["error"]
    assert not verify(stage.service.data_dir / DATABASE).ok
    break_page_of("reservations", stage.service.data_dir / DATABASE)
    status, _, err = await stage.service.run("serve", "--port", "0")
    assert status == 1
    assert err.splitlines()[-1] == "error: the database cannot be used: database disk image is malformed"


def break_page_of(thing: str, database: Path) -> None:
    """Overwrite the first page of a table or an index with noise."""
    with closing(sqlite3.connect(database)) as connection:
        [size] = connection.execute("PRAGMA page_size").fetchone()
        [page] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (thing,)).fetchone()
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)
