"""Every query answers the same on both stores, for the same history."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actor_ticketing.app import open_storage
from actor_ticketing.assembly import Storage
from actor_ticketing.config import Settings
from actor_ticketing.domain.analytics import Span
from actor_ticketing.domain.errors import StorageUnavailable
from actor_ticketing.domain.ports import Entry, Queries, SoldTicket, StockRecord
from actor_ticketing.domain.purchase import CheckIn
from actor_ticketing.domain.reservation import ReservationStatus
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.memory import MemoryStore
from support.databases import new_database
from support.history import NOW, Shop, event_listed, long_history, type_listed
from support.vaults import VAULT

Ask = Callable[[Queries], Awaitable[Any]]


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_storage(new_database(tmp_path / DATABASE), Settings(), VAULT) as storage:
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


async def test_every_ticket_with_its_purchase(both: tuple[Queries, Queries]) -> None:
    bought = [event.purchase for event in both[0].ledger if event.kind == "reservation.converted"]
    for purchase in bought:
        for ticket in purchase.tickets:
            sold = SoldTicket(ticket=ticket, transaction=purchase.transaction)
            assert [await queries.sold_ticket(ticket.code) for queries in both] == [sold, sold]
    assert [await queries.sold_ticket("nowhere") for queries in both] == [None, None]


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


@pytest.mark.parametrize("session", ["s", "t", "nobody"])
async def test_the_history_of_a_session(both: tuple[Queries, Queries], session: str) -> None:
    for after in range(22):
        for until in range(after, 22):
            memory, sqlite = [await queries.reservation_history(session, after=after, until=until) for queries in both]
            assert memory == sqlite
    whole = await both[1].reservation_history(session, after=0, until=21)
    assert whole is not None
    kinds = {moment.kind.removeprefix("reservation.") for moment in whole}
    assert (
        kinds
        == {
            "s": {"created", "extended", "adopted", "expired", "converted"},
            "t": {"created", "cancelled", "converted"},
            "nobody": set(),
        }[session]
    )
    assert [moment.seq for moment in whole] == sorted(moment.seq for moment in whole)


async def test_a_history_tells_each_reservation_as_it_was_then(sqlite: Storage) -> None:
    shop, memory = Shop(), MemoryStore()
    entries = [event_listed(), type_listed(), shop.reserve(ms=60_000)]
    entries += [shop.extend(shop.reservation, 1_000), shop.restart(NOW - 5_000), shop.extend(shop.reservation, 2_000)]
    entries.append(shop.release(shop.reservation))
    for seq, entry in enumerate(entries, 1):
        entry.last_seq = seq
        await sqlite.store.commit([entry])
    await memory.commit(entries)
    told = await sqlite.queries.reservation_history("s", after=0, until=7)
    assert told == await memory.reservation_history("s", after=0, until=7)
    assert told is not None
    states = [moment.reservation for moment in told]
    assert [(each.reserved_at - NOW, each.expires_at - NOW, each.extensions) for each in states] == [
        (0, 60_000, 0),
        (0, 61_000, 1),
        (-5_000, 56_000, 1),
        (-5_000, 58_000, 2),
        (-5_000, 58_000, 2),
    ]
    assert [each.status.value for each in states] == ["ACTIVE"] * 4 + ["CANCELLED"]
    assert states[-1].settled_at == told[-1].at == NOW


async def test_a_history_that_begins_before_the_ledger_is_not_told(sqlite: Storage, tmp_path: Path) -> None:
    shop = Shop()
    entries = [event_listed(), type_listed(), shop.reserve(), shop.extend(shop.reservation), shop.reserve()]
    for seq, entry in enumerate(entries, 1):
        entry.last_seq = seq
    await sqlite.store.commit(entries)
    whole = await sqlite.queries.reservation_history("s", after=0, until=5)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("DROP TRIGGER only_what_is_archived_may_go")
        connection.execute("DELETE FROM ledger WHERE seq <= 3")
        connection.commit()
    assert whole is not None
    assert await sqlite.queries.reservation_history("s", after=2, until=5) is None
    assert await sqlite.queries.reservation_history("s", after=3, until=5) == whole[1:]


async def test_an_empty_store_has_nothing(sqlite: Storage) -> None:
    for queries in (MemoryStore(), sqlite.queries):
        catalogue = await queries.catalogue()
        assert (catalogue.seq, catalogue.events, catalogue.ticket_types, catalogue.counters) == (0, [], [], {})
        assert await queries.live_stock() == []
        assert await queries.reservation_history("s", after=0, until=0) == []
        assert (await queries.overdue(NOW), await queries.status_counts()) == ({}, {})


async def test_a_read_that_fails_is_unavailable_and_the_next_is_answered(sqlite: Storage) -> None:
    await sqlite.store.commit([event_listed(), Entry()])
    with pytest.raises(StorageUnavailable):
        await sqlite.queries._readers.run(lambda connection: connection.execute("SELECT * FROM nowhere"))
    with pytest.raises(StorageUnavailable):
        await sqlite.queries._readers.run(lambda connection: connection.execute("DELETE FROM events"))
    assert len((await sqlite.queries.catalogue()).events) == 1


async def test_a_ticket_that_was_used(both: tuple[Queries, Queries], sqlite: Storage) -> None:
    memory, _ = both
    shop = Shop(total=20)
    sale = shop.reserve(2, now=NOW), shop.buy(shop.reservation)
    entries = [*sale, shop.check_in(shop.purchase.tickets[1], by="boss")]
    for seq, entry in enumerate(entries, 23):
        entry.last_seq = seq
    for store in (memory, sqlite.store):
        await store.commit(entries)  # type: ignore[union-attr]
    unused, used = shop.purchase.tickets
    for queries in both:
        assert await queries.ticket(unused.code) == unused
        found = await queries.ticket(used.code)
        assert found is not None
        assert found.checked_in == CheckIn(at=NOW, by="boss")
        record = await queries.reservation(shop.reservation.id)
        assert record is not None
        assert list(record.tickets) == [unused, found]


async def test_a_paused_type(both: tuple[Queries, Queries], sqlite: Storage) -> None:
    memory, _ = both
    stock = await memory.stock("tt")
    assert stock is not None
    shop = Shop(stock.ticket_type, total=stock.total)
    for paused in (True, False, True):
        entry = shop.set_paused(paused=paused)
        entry.last_seq = len(memory.ledger) + 1  # type: ignore[attr-defined]
        entry.counters = ()
        for store in (memory, sqlite.store):
            await store.commit([entry])  # type: ignore[union-attr]
        found = [_by_id(await queries.stock("tt")) for queries in both]
        assert found[0] == found[1]
        catalogue = await sqlite.queries.catalogue()
        assert {each.id: each.paused for each in catalogue.ticket_types} == {"other": False, "tt": paused}


@pytest.mark.parametrize("types", [None, frozenset[str](), frozenset(["tt"]), frozenset(["tt", "other"])])
@pytest.mark.parametrize(("start", "end"), [(0, NOW * 2), (NOW, NOW + 3), (NOW + 2, NOW + 70_000), (NOW * 2, NOW * 3)])
async def test_what_the_ledger_comes_to(
    both: tuple[Queries, Queries], types: frozenset[str] | None, start: int, end: int
) -> None:
    span = Span(start=start, end=end, bucket=1_000, ticket_type_ids=types)
    memory, sqlite = [
        await queries.tally(span, after=after, until=until)
        for queries in both
        for after, until in [await queries.positions(start, end)]
    ]
    assert memory == sqlite
    assert bool(sqlite.happened) == (types != frozenset() and start < NOW * 2)


async def test_reports(both: tuple[Queries, Queries]) -> None:
    memory, sqlite = both
    for look in ("reservations_after", "transactions_after", "tickets_after"):
        whole = await getattr(memory, look)("")
        assert whole
        assert await getattr(sqlite, look)("") == whole
        first = whole[0].id
        assert await getattr(sqlite, look)(first) == await getattr(memory, look)(first) == whole[1:]
        assert await getattr(sqlite, look)(whole[-1].id) == []
