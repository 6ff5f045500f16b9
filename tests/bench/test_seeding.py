import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actor_ticketing.app import open_backend, open_storage
from actor_ticketing.clock import SystemClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.catalogue import Counters
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.verify import verify
from bench.seeding import Seed, seed, type_id
from support.vaults import VAULT


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def column(data: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(data / DATABASE)) as connection:
        return [row[0] for row in connection.execute(sql)]


def test_the_books_are_in_order(data: Path) -> None:
    seed(data, Seed.lasting(1_000, types=7))
    report = verify(data / DATABASE)
    assert report.ok
    assert column(data, "SELECT count(*) FROM reservations WHERE status = 'ACTIVE'") == [1_000]
    assert column(data, "SELECT reserved FROM ticket_types ORDER BY id") == [143] * 6 + [142]


def test_the_books_are_in_order_across_batches(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.seeding._BATCH", 100)
    seed(data, Seed.lasting(250, types=3))
    assert verify(data / DATABASE).ok


def test_a_catalogue_alone_can_be_made(data: Path) -> None:
    seed(data, Seed(types=20, total=5))
    assert verify(data / DATABASE).ok
    assert column(data, "SELECT total FROM ticket_types") == [5] * 20


def test_it_has_the_indexes_of_the_service(data: Path, tmp_path: Path) -> None:
    seed(data, Seed.lasting(10))
    seed(tmp_path / "other", Seed())
    indexes = "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
    assert column(data, indexes) == column(tmp_path / "other", indexes) != []


def test_every_hold_has_a_session_of_its_own_and_the_deadlines_asked_for(data: Path) -> None:
    seed(data, Seed(holds=100, reserved_at=(1_000, 1_999), expires_at=(601_000, 601_999)))
    assert column(data, "SELECT count(DISTINCT session_id) FROM reservations") == [100]
    deadlines = column(data, "SELECT expires_at FROM reservations ORDER BY id")
    assert min(deadlines) == 601_000
    assert max(deadlines) <= 601_999
    assert deadlines == sorted(deadlines)


def test_the_service_recovers_it(data: Path) -> None:
    seed(data, Seed.lasting(50, types=2))
    stock = asyncio.run(recovered(data))
    assert [stock[type_id(number)].reserved for number in range(2)] == [25, 25]
    deadline = stock[type_id(0)].next_deadline
    assert deadline is not None
    assert deadline > time.time() * 1000 + 59 * 60_000


async def recovered(data: Path) -> dict[str, Counters]:
    settings = Settings(data_dir=data)
    async with (
        open_storage(data / DATABASE, settings, VAULT) as storage,
        open_backend(storage, settings, SystemClock()) as backend,
    ):
        return dict(backend.box_office.board.counters)
