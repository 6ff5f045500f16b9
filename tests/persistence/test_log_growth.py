"""The write-ahead log while somebody reads: it begins anew when nobody looks at an older state, and is cut then."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from actor_ticketing.actors.board import Board
from actor_ticketing.actors.holders import Holders
from actor_ticketing.actors.reports import Reports
from actor_ticketing.persistence.connections import (
    DATABASE,
    LOG_BYTES,
    WriteConnection,
    connect_read_only,
    open_writer,
)
from actor_ticketing.persistence.queries import SqliteQueries
from actor_ticketing.persistence.readers import open_readers
from actor_ticketing.persistence.reports import PORTION
from actor_ticketing.persistence.schema import migrate
from support.vaults import VAULT

PAUSED_BYTES = 8_000_000
"""SQLite moves the log into the file at 4 MB, after a commit that may have some more."""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / f"{DATABASE}-wal"


@pytest.fixture
async def writer(tmp_path: Path) -> AsyncIterator[WriteConnection]:
    opened = await open_writer(tmp_path / DATABASE, synchronous="NORMAL", busy_timeout_ms=1_000)
    await opened.run(partial(migrate, vault=VAULT))
    await opened.write([("INSERT INTO events VALUES ('ev', '', '', 0)", [()], True)])
    yield opened
    await opened.close()


SOLD = (
    "INSERT INTO reservations VALUES (?1, 'tt', 's', NULL, 1, 1, 'EUR', 1, 2, 0, 'CONVERTED', 2, NULL)",
    "INSERT INTO transactions VALUES (?1, ?1, NULL, 1, 1, 'EUR', NULL, NULL, 2)",
    "INSERT INTO tickets (id, code, transaction_id, ticket_type_id, position) VALUES (?1, ?1, ?1, 'tt', 0)",
)


def sell(connection: sqlite3.Connection) -> None:
    """Two portions of purchases, and one more."""
    connection.execute(
        "INSERT INTO ticket_types (id, event_id, name, price, currency, total, sold, reserved) "
        "VALUES ('tt', 'ev', 'n', 1, 'EUR', 9999, 0, 0)"
    )
    connection.execute("BEGIN")
    for sql in SOLD:
        connection.executemany(sql, [(f"{number:05}",) for number in range(2 * PORTION + 1)])
    connection.execute("COMMIT")


@pytest.fixture
async def reports(tmp_path: Path, writer: WriteConnection) -> AsyncIterator[Reports]:
    await writer.run(sell)
    readers = await open_readers(tmp_path / DATABASE, count=2, busy_timeout_ms=1_000)
    board = Board(Holders(max_per_session=0, max_per_user=0))
    yield Reports(board=board, queries=SqliteQueries(readers, VAULT))
    await readers.close()


async def write(writer: WriteConnection, log: Path, megabytes: int) -> int:
    """Write so much, a megabyte a commit; return how large the log was at the most."""
    sizes = []
    for number in range(megabytes):
        text = chr(65 + number % 26) * 1_000_000
        await writer.write([("UPDATE events SET title = ?", [(text,)], True)])
        sizes.append(size(log))
    return max(sizes)


def size(log: Path) -> int:
    return log.stat().st_size


@pytest.mark.parametrize("of", [Reports.reservations, Reports.transactions, Reports.tickets])
async def test_a_report_that_is_fetched_slowly_does_not_hold_the_log_up(
    log: Path,
    writer: WriteConnection,
    reports: Reports,
    of: Callable[[Reports, None], AsyncIterator[Sequence[object]]],
) -> None:
    sizes = []
    async for portion in of(reports, None):
        sizes.append(len(portion))
        assert await write(writer, log, 30) < PAUSED_BYTES
    assert sizes == [PORTION, PORTION, 1]


async def test_a_log_that_had_to_grow_is_cut_when_the_reader_has_finished(
    tmp_path: Path, log: Path, writer: WriteConnection
) -> None:
    with closing(connect_read_only(tmp_path / DATABASE)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM events").fetchone()
        assert await write(writer, log, 40) > LOG_BYTES
    await write(writer, log, 2)
    assert size(log) <= LOG_BYTES
