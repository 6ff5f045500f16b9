import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from actor_ticketing.persistence.connections import open_readers, open_writer


async def test_a_database_that_cannot_be_opened_leaves_no_thread_that_would_speak_to_a_closed_loop(
    tmp_path: Path,
) -> None:
    before = threading.active_count()
    for _ in range(20):
        with pytest.raises(sqlite3.OperationalError):
            await open_writer(tmp_path / "no" / "tickets.db", synchronous="FULL", busy_timeout_ms=0)
        with pytest.raises(sqlite3.OperationalError):
            await open_readers(tmp_path / "no" / "tickets.db", count=1, busy_timeout_ms=0)
        assert threading.active_count() <= before


async def test_a_long_read_holds_up_no_other_while_a_connection_is_free(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "tickets.db").execute("PRAGMA journal_mode = WAL")
    readers = await open_readers(tmp_path / "tickets.db", count=2, busy_timeout_ms=0)
    may_end = threading.Event()
    try:
        long = asyncio.create_task(readers.run(lambda _: may_end.wait(60)))
        await asyncio.sleep(0)
        for number in range(4):
            async with asyncio.timeout(30):
                assert await readers.run(lambda _, number=number: number) == number
        assert not long.done()
        may_end.set()
        assert await long
    finally:
        may_end.set()
        await readers.close()
