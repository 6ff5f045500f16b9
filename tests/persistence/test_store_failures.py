"""What SQLite does when a batch cannot be written, and what is made of it."""

import asyncio
import resource
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from actor_ticketing.domain.catalogue import Counters
from actor_ticketing.domain.events import ReservationCreated, ReservationExtended
from actor_ticketing.domain.ports import CommitFailed, CommitUnknown, Entry
from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.persistence.connections import WriteConnection, open_writer
from actor_ticketing.persistence.journal import GroupCommitJournal
from actor_ticketing.persistence.schema import migrate
from actor_ticketing.persistence.store import SqliteStore
from support.history import NOW, Shop, answer_kept, event_listed, type_listed
from support.service import eventually
from support.vaults import VAULT


@dataclass
class Disk:
    """A database with the ticket type `tt`, the store that writes to it, and a look at it from outside."""

    path: Path
    writer: WriteConnection
    store: SqliteStore
    shop: Shop
    seq: int = 0

    async def commit(self, *entries: Entry) -> None:
        """Commit as the journal would."""
        seq = self.seq
        for entry in entries:
            seq += len(entry.events)
            entry.last_seq = seq
        await self.store.commit(entries)
        self.seq = seq

    async def failure(self, *entries: Entry) -> CommitFailed:
        """Commit what must fail for certain: nothing of it is there, and the connection is usable."""
        before = self.dump()
        with pytest.raises(CommitFailed) as failed:
            await self.commit(*entries)
        assert self.dump() == before
        assert not await self.in_transaction()
        return failed.value

    async def in_transaction(self) -> bool:
        """Whether the write connection is in a transaction."""
        return await self.writer.run(lambda connection: connection.in_transaction)

    async def execute(self, sql: str) -> list[tuple[object, ...]]:
        """Run a statement on the write connection."""
        return await self.writer.run(lambda connection: connection.execute(sql).fetchall())

    def dump(self) -> list[str]:
        """All that another connection sees."""
        other = sqlite3.connect(self.path)
        try:
            return list(other.iterdump())
        finally:
            other.close()


@pytest.fixture
async def disk(tmp_path: Path) -> AsyncIterator[Disk]:
    path = tmp_path / "tickets.db"
    writer = await open_writer(path, synchronous="FULL", busy_timeout_ms=10)
    await writer.run(partial(migrate, vault=VAULT))
    opened = Disk(path, writer, SqliteStore(writer, VAULT), Shop(total=1_000))
    await opened.commit(event_listed(), type_listed(total=1_000))
    yield opened
    await writer.close()


def of_nowhere(held: Reservation) -> Entry:
    """A reservation of a ticket type that does not exist: the foreign key refuses it."""
    return Entry(events=[ReservationCreated(at=NOW, reservation=replace(held, id="x", ticket_type_id="no"))])


async def test_a_constraint_fails_the_whole_batch_as_a_bug_of_ours(disk: Disk) -> None:
    good = disk.shop.reserve()
    error = await disk.failure(good, of_nowhere(disk.shop.reservation), answer_kept("k"))
    assert error.is_bug
    assert isinstance(error.__cause__, sqlite3.IntegrityError)
    await disk.commit(good)
    assert await disk.execute("SELECT count(*) FROM reservations") == [(1,)]


async def test_a_change_that_meets_no_row_is_a_bug_of_ours(disk: Disk) -> None:
    disk.shop.reserve()
    stray = ReservationExtended(at=NOW, reservation=replace(disk.shop.reservation, id="nowhere"))
    assert (await disk.failure(Entry(events=[stray]))).is_bug


@pytest.mark.parametrize("value", [2**63, "a lone surrogate \ud800"])
async def test_a_value_that_sqlite_cannot_take_is_a_bug_of_ours(disk: Disk, value: object) -> None:
    entry = disk.shop.reserve()
    field = "metadata" if isinstance(value, str) else "unit_price"
    broken = replace(disk.shop.reservation, **{field: value})
    assert (await disk.failure(Entry(events=[ReservationCreated(at=NOW, reservation=broken)]))).is_bug
    await disk.commit(entry)


async def test_a_database_that_another_connection_has_locked_is_busy(disk: Disk) -> None:
    entry = disk.shop.reserve()
    other = sqlite3.connect(disk.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    error = await disk.failure(entry)
    assert not error.is_bug
    other.execute("ROLLBACK")
    other.close()
    await disk.commit(entry)


async def test_a_full_database_fails_for_certain_and_recovers_when_there_is_space(disk: Disk) -> None:
    [(pages,)] = await disk.execute("PRAGMA page_count")
    await disk.execute(f"PRAGMA max_page_count = {pages}")
    batch = [disk.shop.reserve(), answer_kept("k", body=b"x" * 100_000), disk.shop.reserve()]
    error = await disk.failure(*batch)
    assert not error.is_bug
    assert error.__cause__.sqlite_errorcode == sqlite3.SQLITE_FULL
    await disk.execute("PRAGMA max_page_count = 1000000")
    await disk.commit(*batch)
    assert await disk.execute("SELECT reserved FROM ticket_types") == [(2,)]


async def test_a_database_that_can_only_be_read_fails_for_certain(disk: Disk) -> None:
    uri = f"{disk.path.as_uri()}?mode=ro"
    reader = WriteConnection(
        lambda: sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False), iter_chunk_size=64
    )
    await reader
    with pytest.raises(CommitFailed) as failed:
        await SqliteStore(reader, VAULT).commit([disk.shop.reserve()])
    assert not failed.value.is_bug
    assert failed.value.__cause__.sqlite_errorcode & 0xFF == sqlite3.SQLITE_READONLY
    await reader.close()


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Have the kernel refuse to let any file of this process grow beyond."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)


async def test_an_error_of_the_disk_leaves_the_outcome_unknown(disk: Disk) -> None:
    entry = disk.shop.reserve()
    wal = disk.path.with_name("tickets.db-wal")
    with files_no_larger_than(wal.stat().st_size + 100), pytest.raises(CommitUnknown, match="disk I/O error"):
        await disk.commit(entry)


async def test_an_error_of_the_disk_while_the_log_is_emptied_ends_the_writer(disk: Disk) -> None:
    await disk.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    await disk.commit(disk.shop.reserve(), answer_kept("k", body=b"x" * 100_000))
    with files_no_larger_than(disk.path.stat().st_size), pytest.raises(CommitUnknown, match="OperationalError"):
        await disk.writer.empty_log()


async def test_a_log_that_cannot_be_emptied_just_now_fails_nobody(disk: Disk) -> None:
    await disk.commit(disk.shop.reserve())
    with closing(sqlite3.connect(disk.path, isolation_level=None)) as reader, capture_logs() as logs:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM events").fetchone()
        await disk.writer.empty_log()
    assert [line["event"] for line in logs] == ["log_not_emptied"]
    assert await disk.execute("PRAGMA busy_timeout") == [(10,)]
    await disk.commit(disk.shop.reserve())


async def test_a_corrupt_database_leaves_the_outcome_unknown(disk: Disk, tmp_path: Path) -> None:
    [(page,)] = await disk.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ledger'")
    await disk.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    [(size,)] = await disk.execute("PRAGMA page_size")
    copy = tmp_path / "corrupt.db"
    content = bytearray(disk.path.read_bytes())
    content[(page - 1) * size : page * size] = b"\xa5" * size
    copy.write_bytes(content)
    writer = await open_writer(copy, synchronous="FULL", busy_timeout_ms=10)
    entry = disk.shop.reserve()
    entry.last_seq = 3
    with pytest.raises(CommitUnknown, match="malformed"):
        await SqliteStore(writer, VAULT).commit([entry])
    assert not await writer.run(lambda connection: connection.in_transaction)
    await writer.close()


async def test_a_connection_that_is_gone_ends_the_writer(disk: Disk) -> None:
    ends: list[BaseException] = []
    journal = GroupCommitJournal(
        disk.store, seq=2, on_commit=print, on_failure=lambda *_: pytest.fail("certain?"), on_unknown=ends.append
    )
    journal.start()
    await disk.writer.close()
    journal.append(disk.shop.reserve())
    await eventually(lambda: bool(ends))
    with pytest.raises(type(ends[0])):
        await journal.close()


async def test_nothing_is_committed_by_itself_after_a_statement_has_rolled_everything_back(disk: Disk) -> None:
    await disk.execute(
        "CREATE TEMP TRIGGER away BEFORE INSERT ON ledger WHEN NEW.seq = 4 "
        "BEGIN SELECT RAISE(ROLLBACK, 'all of it is gone'); END"
    )
    error = await disk.failure(disk.shop.reserve(), disk.shop.reserve(), disk.shop.reserve(), answer_kept("k"))
    assert "all of it is gone" in str(error)


async def test_a_caller_who_is_cancelled_cannot_stop_a_commit_half_way(disk: Disk) -> None:
    journal = GroupCommitJournal(
        disk.store, seq=2, on_commit=lambda _: None, on_failure=lambda *_: None, on_unknown=lambda _: None
    )
    journal.start()
    journal.append(disk.shop.reserve())
    waiter = asyncio.create_task(journal.settled())
    await asyncio.sleep(0)
    waiter.cancel()
    await journal.close()
    assert await disk.execute("SELECT count(*), max(seq) FROM ledger") == [(3, 3)]


@pytest.mark.parametrize(("total", "sold", "reserved"), [(2, 2, 1), (1_000, -1, 0), (1_000, 0, -1)])
async def test_counters_that_cannot_be_are_refused(disk: Disk, total: int, sold: int, reserved: int) -> None:
    entry = disk.shop.reserve()
    entry.counters = [Counters(ticket_type_id="tt", total=total, sold=sold, reserved=reserved)]
    assert (await disk.failure(entry)).is_bug


async def test_a_settled_reservation_does_not_change(disk: Disk) -> None:
    made = disk.shop.reserve()
    held = disk.shop.reservation
    await disk.commit(made, disk.shop.release(held))
    again = ReservationExtended(at=NOW, reservation=held.moved_to(held.expires_at + 1, extensions=1))
    error = await disk.failure(Entry(events=[again]))
    assert "a settled reservation does not change" in str(error)


async def test_a_reservation_is_sold_once(disk: Disk) -> None:
    made, sale = disk.shop.reserve(), None
    held = disk.shop.reservation
    sale = disk.shop.buy(held)
    await disk.commit(made, sale)
    assert (await disk.failure(sale)).is_bug


async def test_a_ledger_position_is_given_once_and_its_entry_does_not_change(disk: Disk) -> None:
    await disk.commit(disk.shop.reserve())
    disk.seq -= 1
    assert (await disk.failure(disk.shop.reserve())).is_bug
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        await disk.execute("UPDATE ledger SET at = 0 WHERE seq = 1")
