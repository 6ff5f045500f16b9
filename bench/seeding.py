"""A data directory with as many live holds as are asked for, as if they had been made one by one, in seconds.

The rows are made by the service's own code, the one that commits a batch; only its waiting for the disk is left out.
``python -m actor_ticketing verify`` finds the books in order.
"""

import asyncio
import os
import random
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from actor_ticketing.domain.catalogue import Counters, Event, TicketType
from actor_ticketing.domain.events import EventCreated, LedgerEvent, ReservationCreated, TicketTypeCreated
from actor_ticketing.domain.ids import generate_session_id, new_id
from actor_ticketing.domain.ports import Entry
from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.persistence.connections import DATABASE, open_writer
from actor_ticketing.persistence.schema import migrate
from actor_ticketing.persistence.store import statements_of
from actor_ticketing.vault import DataKey, Vault

_BATCH = 20_000
_CACHE_KIB = 1_048_576
EVENT_ID = "ev_seeded"
_START_DATE = 4_083_940_800_000
_INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """What is to be in the database: one event with these ticket types, and live holds of one ticket each on them.

    :ivar types: how many ticket types; :func:`type_id` names them.
    :ivar total: the stock of each.
    :ivar holds: how many live holds, given to the ticket types in turn, each with a session of its own.
    :ivar reserved_at: when the first was made and when the last, ms since the epoch.
    :ivar expires_at: between which instants their deadlines lie, evenly and in the order in which they were made.
    """

    types: int = 1
    total: int = 1_000_000_000
    holds: int = 0
    reserved_at: tuple[int, int] = (0, 0)
    expires_at: tuple[int, int] = (0, 0)

    @classmethod
    def lasting(cls, holds: int, *, types: int = 1, minutes: int = 60) -> "Seed":
        """Holds made in the last ten minutes, each of which has at least this many minutes left."""
        now = time.time_ns() // 1_000_000
        end = now + minutes * 60_000
        return cls(types=types, holds=holds, reserved_at=(now - 600_000, now - 1), expires_at=(end, end + 600_000))


def type_id(number: int) -> str:
    """The id of a ticket type, counted from 0."""
    return f"tt_seeded_{number:06}"


def seed(directory: Path, wanted: Seed) -> None:
    """Make the data directory, with a new database in it."""
    directory.mkdir(mode=0o700)
    path = directory / DATABASE
    asyncio.run(_create(path))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # Whatever happens to the machine now, the run is lost anyway.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        indexes = connection.execute(_INDEXES).fetchall()
        # Built in one go at the end, from sorted rows.
        for name, _ in indexes:
            connection.execute(f'DROP INDEX "{name}"')
        _write(connection, wanted)
        for _, sql in indexes:
            connection.execute(sql)
    # The service finds the file cached, and nothing of it waiting for the disk.
    with path.open("rb") as file:
        os.fsync(file.fileno())


async def _create(path: Path) -> None:
    """Have the service make the file, with whatever it sets on a new one."""
    writer = await open_writer(path, synchronous="NORMAL", busy_timeout_ms=0)
    try:
        await writer.run(partial(migrate, vault=_vault()))
    finally:
        await writer.close()


def _vault() -> Vault:
    """Nobody has bought anything here, so nothing is ever sealed with it."""
    return Vault([DataKey("seeding", os.urandom(32))])


def _write(connection: sqlite3.Connection, wanted: Seed) -> None:
    vault = _vault()
    seq = 0
    events = _events(wanted)
    reserved = [0] * wanted.types
    numbers = {type_id(number): number for number in range(wanted.types)}
    while batch := list(islice(events, _BATCH)):
        touched = set()
        for event in batch:
            if isinstance(event, ReservationCreated):
                number = numbers[event.reservation.ticket_type_id]
                reserved[number] += 1
                touched.add(number)
        seq += len(batch)
        counters = [
            Counters(ticket_type_id=type_id(each), total=wanted.total, sold=0, reserved=reserved[each])
            for each in sorted(touched)
        ]
        entry = Entry(events=batch, counters=counters, last_seq=seq)
        connection.execute("BEGIN")
        for sql, parameters, _ in statements_of([entry], vault):
            connection.executemany(sql, parameters)
        connection.execute("COMMIT")


def _events(wanted: Seed) -> Iterator[LedgerEvent]:
    at = wanted.reserved_at[0]
    show = Event(id=EVENT_ID, title="The show of many holds", venue="Harbour Concert Hall", start_date=_START_DATE)
    yield EventCreated(at=at, event=show)
    terms = [
        TicketType(id=type_id(number), event_id=EVENT_ID, name=f"Row {number + 1}", price=4500, currency="EUR")
        for number in range(wanted.types)
    ]
    for each in terms:
        yield TicketTypeCreated(at=at, ticket_type=each, total=wanted.total)
    yield from _holds(wanted, terms)


def _holds(wanted: Seed, terms: Sequence[TicketType]) -> Iterator[ReservationCreated]:
    # The same every time, and without a system call for each id.
    entropy = random.Random(wanted.holds).randbytes  # noqa: S311 - nobody's secrets.
    for number in range(wanted.holds):
        share = number / wanted.holds
        reserved_at, expires_at = (
            first + int(share * (last - first)) for first, last in (wanted.reserved_at, wanted.expires_at)
        )
        ticket_type = terms[number % wanted.types]
        reservation = Reservation(
            id=new_id(reserved_at, entropy),
            ticket_type_id=ticket_type.id,
            session_id=generate_session_id(entropy),
            user_id=None,
            quantity=1,
            unit_price=ticket_type.price,
            currency=ticket_type.currency,
            reserved_at=reserved_at,
            expires_at=expires_at,
        )
        yield ReservationCreated(at=reserved_at, reservation=reservation)
