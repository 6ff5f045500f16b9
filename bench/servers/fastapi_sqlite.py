"""FastAPI on uvicorn with SQLite through aiosqlite: one connection, one transaction a reservation, a lock around each.

It waits for the disk as the service does (WAL, ``synchronous=FULL``), but for one reservation at a time.

Arguments: the database file, the catalogue file.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiosqlite
from fastapi import FastAPI, Response

from bench.servers import shop

SCHEMA = (Path(__file__).parent / "sqlite.sql").read_text(encoding="utf-8")

TAKE = """
    UPDATE ticket_types SET reserved = reserved + :quantity
    WHERE id = :ticket_type_id AND sold + reserved + :quantity <= total
    RETURNING price, currency
"""
INSERT = """
    INSERT INTO reservations
        (id, code, session_id, ticket_type_id, quantity, unit_price, currency, reserved_at, expires_at)
    VALUES
        (:id, :code, :session_id, :ticket_type_id, :quantity, :unit_price, :currency, :reserved_at, :expires_at)
"""
STOCK = "SELECT total, sold, reserved FROM ticket_types WHERE id = ?"
TERMS = """
    SELECT t.id, t.name, t.event_id, e.title, e.venue, e.start_date
    FROM ticket_types t JOIN events e ON e.id = t.event_id
"""


class Shop:
    """The handler, the connection, and the lock around its transactions.

    :ivar terms: what never changes of a ticket type, by its id, so that no statement has to ask for it.
    """

    def __init__(self, database: aiosqlite.Connection) -> None:
        self.terms: dict[str, dict[str, object]] = {}
        self._database = database
        self._lock = asyncio.Lock()

    async def load(self, catalogue: dict[str, Any]) -> None:
        """Make the tables and fill in the catalogue."""
        database = self._database
        await database.executescript(SCHEMA)
        for event in catalogue["events"]:
            values = (event["id"], event["title"], event["venue"], event["startDate"])
            await database.execute("INSERT INTO events VALUES (?, ?, ?, ?)", values)
            await database.executemany(
                "INSERT INTO ticket_types (id, event_id, name, price, currency, total) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (each["id"], event["id"], each["name"], each["price"], each["currency"], each["total"])
                    for each in event["ticketTypes"]
                ],
            )
        await database.commit()
        for identity, *terms in await database.execute_fetchall(TERMS):
            self.terms[identity] = dict(zip(("name", "event_id", "title", "venue", "start_date"), terms, strict=True))

    async def reserve(self, body: shop.Reserve) -> Response:
        """Reserve, in one transaction."""
        present = shop.now()
        row = {
            "id": str(uuid4()),
            "code": shop.new_code(),
            "session_id": body.session_id,
            "ticket_type_id": body.ticket_type_id,
            "quantity": body.quantity,
            "reserved_at": _milliseconds(present),
            "expires_at": _milliseconds(present + body.hold),
        }
        async with self._lock:
            taken = list(await self._database.execute_fetchall(TAKE, row))
            if not taken:
                await self._database.rollback()
                return await self._refuse(body)
            row["unit_price"], row["currency"] = taken[0]
            await self._database.execute_fetchall(INSERT, row)
            await self._database.commit()
        times = {"reserved_at": present, "expires_at": present + body.hold, "status": "ACTIVE", "extensions": 0}
        known = {**row, **times, **self.terms[body.ticket_type_id]}
        return shop.about(known, present, "Reservation created successfully", 201)

    async def _refuse(self, body: shop.Reserve) -> Response:
        stock = list(await self._database.execute_fetchall(STOCK, (body.ticket_type_id,)))
        if not stock:
            return shop.refusal(404, "ticket_type_not_found", "There is no such ticket type.")
        total, sold, reserved = stock[0]
        return shop.not_enough(body.quantity, total - sold - reserved)


def _milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


def main() -> None:
    """Serve until SIGTERM."""
    file, catalogue = sys.argv[1], json.loads(Path(sys.argv[2]).read_bytes())
    listener = shop.listen()

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        async with aiosqlite.connect(file) as database:
            await database.execute("PRAGMA journal_mode = WAL")
            await database.execute("PRAGMA synchronous = FULL")
            await database.execute("PRAGMA foreign_keys = ON")
            handlers = Shop(database)
            await handlers.load(catalogue)
            app.post("/api/public/reservations")(handlers.reserve)
            shop.announce(listener)
            yield

    shop.serve(FastAPI(lifespan=running), listener)


if __name__ == "__main__":
    main()
