"""People, what they buy, and whether anything of them is left in a file."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from actor_ticketing.domain.purchase import Person, Purchase
from actor_ticketing.domain.reservation import Owner
from actor_ticketing.http.context import Backend
from support.service import ADA, hold

BEA = Person(full_name="Bea Brown", identity_type="id", identity_number="B-77-1", email="Bea@Example.com")
KID = Person(full_name="Kid Brown", identity_type="id", identity_number="K-77-2")
ADA_WITHOUT_ADDRESS = Person(full_name="ada LOVELACE", identity_type="id", identity_number="A-77-3")


async def sell(backend: Backend, buyer: Person, holders: Sequence[Person], *, of: str = "tt") -> Purchase:
    """Have somebody buy a ticket for each of the holders."""
    held = await hold(backend, len(holders), of=of)
    [bought] = await backend.box_office.purchase([(held.id, holders)], Owner(session_id="s"), buyer)
    return bought


async def people_on(backend: Backend, bought: Purchase) -> tuple[str | None, list[str | None]]:
    """The names of a purchase's buyer and holders, as they are read now; None is one who was forgotten."""
    record = await backend.box_office.reservation(bought.reservation.id, Owner(session_id="s"))
    assert record.transaction is not None
    people = [record.transaction.buyer, *(ticket.holder for ticket in record.tickets)]
    buyer, *holders = [None if each is None else each.full_name for each in people]
    return buyer, holders


def files_with(directory: Path, *needles: str | bytes) -> list[tuple[str, str | bytes]]:
    """Which of the database's files have which of these bytes somewhere."""
    return [
        (path.name, needle)
        for path in sorted(directory.glob("tickets.db*"))
        for needle in needles
        if (needle.encode() if isinstance(needle, str) else needle) in path.read_bytes()
    ]


def everything_of(person: Person) -> list[str]:
    """What must not be found of a person."""
    return [each for each in (person.full_name, person.identity_number, person.email, person.whatsapp) if each]


def column(path: Path, sql: str) -> list[Any]:
    """The first column of what a query finds."""
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute(sql)]


__all__ = ["ADA", "ADA_WITHOUT_ADDRESS", "BEA", "KID"]
