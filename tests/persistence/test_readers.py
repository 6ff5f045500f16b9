import asyncio
import errno
import os
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from actor_ticketing.persistence.readers import Readers, open_readers


@pytest.fixture
async def readers(tmp_path: Path) -> AsyncIterator[Readers]:
    sqlite3.connect(tmp_path / "tickets.db").execute("PRAGMA journal_mode = WAL")
    opened = await open_readers(tmp_path / "tickets.db", count=2, busy_timeout_ms=0)
    yield opened
    await opened.close()


async def test_a_long_read_holds_up_no_other_while_a_connection_is_free(readers: Readers) -> None:
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


async def test_what_is_unhurried_is_done_one_after_another_and_holds_up_no_other_read(readers: Readers) -> None:
    may_end = threading.Event()
    try:
        long = [asyncio.create_task(readers.run_unhurried(lambda _: may_end.wait(60))) for _ in range(3)]
        await asyncio.sleep(0)
        for number in range(4):
            async with asyncio.timeout(30):
                assert await readers.run(lambda _, number=number: number) == number
        assert not any(each.done() for each in long)
        may_end.set()
        assert all(await asyncio.gather(*long))
    finally:
        may_end.set()


@pytest.mark.skipif(sys.platform != "linux", reason="niceness is that of a thread on Linux only")
async def test_what_may_take_long_gets_less_of_the_processor_than_a_sale(readers: Readers) -> None:
    def niceness(_: sqlite3.Connection) -> int:
        return os.nice(0)

    usual = os.nice(0)
    assert await readers.run_unhurried(niceness) == min(usual + 10, 19)
    assert await readers.run(niceness) == usual
    assert os.nice(0) == usual


async def test_where_a_thread_may_not_be_nice_it_reads_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(_: int) -> int:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "nice", forbidden)
    sqlite3.connect(tmp_path / "tickets.db").execute("PRAGMA journal_mode = WAL")
    readers = await open_readers(tmp_path / "tickets.db", count=1, busy_timeout_ms=0)
    assert await readers.run_unhurried(lambda connection: connection.execute("SELECT 1").fetchone()) == (1,)
    await readers.close()
