"""Every query answers the same on both stores, for the same history."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from actor_ticketing.app import DATABASE, Storage, open_storage
from actor_ticketing.config import Settings
from actor_ticketing.domain.errors import StorageUnavailable
from actor_ticketing.domain.ports import Entry, Queries, StockRecord
from actor_ticketing.domain.reservation import ReservationStatus
from actor_ticketing.persistence.memory import MemoryStore
from support.history import NOW, event_listed, long_history
from support.vaults import VAULT

Ask = Callable[[Queries], Awaitable[Any]]


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_storage(tmp_path / DATABASE, Settings(), VAULT) as storage:
        yield storage


@pytest.fixture
async def both(sqlite: Storage) -> tuple[Queries, Queries]:
    """Both stores with the same history: SQLite got it in batches of three."""
    memory, entries = MemoryStore(), long_history()
    seq = 0
    for entry in entries:
        seq += len(entry.events)
        entry.last_seq = seq
    await memory.commit(entries)
    for start in range(0, len(entries), 3):
        await sqlite.store.commit(entries[start : start + 3])
    return memory, sqlite.queries


def _by_id(stock: StockRecord | None) -> object:
    """A stock whose holds are in an order of their own: the stores promise none."""
    return stock and (stock.ticket_type, stock.total, stock.sold, sorted(stock.holds, key=lambda hold: hold.id))


async def test_the_catalogue(both: tuple[Queries, Queries]) -> None:
    memory, sqlite = [await queries.catalogue() for queries in both]
    assert memory == sqlite
    assert [each.id for each in sqlite.events] == ["ev", "later"]
    assert [each.id for each in sqlite.ticket_types] == ["other", "tt"]
    assert sqlite.seq == 22
    assert (sqlite.counters["tt"].total, sqlite.counters["tt"].sold, sqlite.counters["tt"].reserved) == (6, 3, 2)


@pytest.mark.parametrize("ticket_type_id", ["tt", "other", "nowhere"])
async def test_the_stock_of_one_type(both: tuple[Queries, Queries], ticket_type_id: str) -> None:
    memory, sqlite = [_by_id(await queries.stock(ticket_type_id)) for queries in both]
    assert memory == sqlite
    assert (sqlite is None) == (ticket_type_id == "nowhere")


async def test_the_stock_that_is_live(both: tuple[Queries, Queries]) -> None:
    memory, sqlite = [[_by_id(stock) for stock in await queries.live_stock()] for queries in both]
    assert memory == sqlite
    assert [(stock[0].id, len(stock[3])) for stock in sqlite] == [("tt", 1)]


async def test_every_reservation_with_what_came_of_it(both: tuple[Queries, Queries]) -> None:
    seen = set()
    for event in both[0].ledger:
        if event.kind == "reservation.created":
            memory, sqlite = [await queries.reservation(event.reservation.id) for queries in both]
            assert memory == sqlite
            seen.add(sqlite.reservation.status)
            assert (sqlite.transaction is not None) == (sqlite.reservation.status is ReservationStatus.CONVERTED)
    assert seen == set(ReservationStatus)
    assert [await queries.reservation("nowhere") for queries in both] == [None, None]


async def test_every_ticket(both: tuple[Queries, Queries]) -> None:
    tickets = [
        ticket for event in both[0].ledger if event.kind == "reservation.converted" for ticket in event.purchase.tickets
    ]
    assert len(tickets) == 8
    for ticket in tickets:
        assert [await queries.ticket(ticket.code) for queries in both] == [ticket, ticket]
    assert [await queries.ticket("nowhere") for queries in both] == [None, None]


@pytest.mark.parametrize(
    "ask",
    [
        *(lambda queries, now=now: queries.overdue(now) for now in (0, NOW, NOW + 121_001, NOW + 121_002, NOW * 2)),
        lambda queries: queries.status_counts(),
        lambda queries: queries.answer(b"caller", "k"),
        lambda queries: queries.answer(b"caller", "l"),
        lambda queries: queries.answer(b"caller", "m"),
    ],
)
async def test_all_else_that_is_asked(both: tuple[Queries, Queries], ask: Ask) -> None:
    memory, sqlite = [await ask(queries) for queries in both]
    assert memory == sqlite


async def test_an_empty_store_has_nothing(sqlite: Storage) -> None:
    for queries in (MemoryStore(), sqlite.queries):
        catalogue = await queries.catalogue()
        assert (catalogue.seq, catalogue.events, catalogue.ticket_types, catalogue.counters) == (0, [], [], {})
        assert await queries.live_stock() == []
        assert (await queries.overdue(NOW), await queries.status_counts()) == ({}, {})


async def test_a_read_that_fails_is_unavailable_and_the_next_is_answered(sqlite: Storage) -> None:
    await sqlite.store.commit([event_listed(), Entry()])
    with pytest.raises(StorageUnavailable):
        await sqlite.queries._readers.run(lambda connection: connection.execute("SELECT * FROM nowhere"))
    with pytest.raises(StorageUnavailable):
        await sqlite.queries._readers.run(lambda connection: connection.execute("DELETE FROM events"))
    assert len((await sqlite.queries.catalogue()).events) == 1
