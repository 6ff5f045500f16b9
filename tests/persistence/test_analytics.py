"""A stretch of time in the ledger, found without an index."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from actor_ticketing.persistence import analytics
from actor_ticketing.persistence.analytics import positions


@pytest.fixture
def ledger() -> Iterator[sqlite3.Connection]:
    """A ledger with as much of a row as it takes."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE ledger (seq INTEGER PRIMARY KEY, at INTEGER)")
        yield connection


def fill(ledger: sqlite3.Connection, *instants: int, first: int = 1) -> None:
    ledger.executemany("INSERT INTO ledger VALUES (?, ?)", enumerate(instants, first))


def test_an_empty_ledger_has_no_positions(ledger: sqlite3.Connection) -> None:
    assert positions(ledger, 0, 100) == (0, 0)


@pytest.mark.parametrize("first", [1, 501])
def test_a_stretch_is_found_wherever_the_ledger_begins(
    ledger: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    monkeypatch.setattr(analytics, "SLACK", 0)
    fill(ledger, 10, 10, 20, 20, 20, 30, 40, first=first)
    for start, end, expected in (
        (0, 100, (0, 7)),
        (10, 20, (0, 3)),
        (11, 21, (2, 6)),
        (20, 30, (2, 6)),
        (40, 41, (6, 7)),
    ):
        after, until = positions(ledger, start, end)
        assert (after - first + 1, until - first + 1) == expected
    after, until = positions(ledger, 41, 50)
    assert after >= until


def test_where_entries_were_taken_out_the_others_are_found(ledger: sqlite3.Connection) -> None:
    fill(ledger, *range(0, 100_000, 10))
    ledger.execute("DELETE FROM ledger WHERE seq % 7 AND seq < 6000")
    after, until = positions(ledger, 20_000, 30_000)
    there = {seq for seq, at in ledger.execute("SELECT seq, at FROM ledger") if 20_000 <= at < 30_000}
    assert there
    assert there <= set(range(after + 1, until + 1))


def test_up_to_now_is_up_to_the_newest_entry_though_the_clock_was_set_back(ledger: sqlite3.Connection) -> None:
    ahead, now = range(7_200, 9_200), range(2_000)
    fill(ledger, *ahead, *now)
    assert positions(ledger, 0, 2_000) == (0, 4_000)


def test_entries_that_stand_a_little_out_of_order_are_not_missed(ledger: sqlite3.Connection) -> None:
    instants = [each + 7 * (each % 3) for each in range(5_000)]
    fill(ledger, *instants)
    for start, end in ((1_000, 1_500), (2_345, 2_346), (0, 1), (4_990, 5_020)):
        after, until = positions(ledger, start, end)
        there = {seq for seq, at in enumerate(instants, 1) if start <= at < end}
        assert there <= set(range(after + 1, until + 1))
        assert until - after <= 2 * analytics.SLACK + len(there) + 30
