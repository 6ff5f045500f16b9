"""FastAPI on uvicorn with PostgreSQL through asyncpg, as a competent developer would write it.

A reservation is one statement, which takes the lock on the row of its ticket type, checks the stock, and inserts.
Statements are prepared once a connection, and a connection that goes back to the pool needs no reset.

Arguments: how to connect, the catalogue file, the size of the pool.
"""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from fastapi import FastAPI, Response

from bench.servers import shop

SCHEMA = (Path(__file__).parent / "postgres.sql").read_text(encoding="utf-8")

RESERVE = """
    WITH held AS (
        UPDATE ticket_types SET reserved = reserved + $2
        WHERE id = $1 AND sold + reserved + $2 <= total
        RETURNING id, event_id, name, price, currency
    ), made AS (
        INSERT INTO reservations
            (id, code, session_id, ticket_type_id, quantity, unit_price, currency, reserved_at, expires_at)
        SELECT $3, $4, $5, id, $2, price, currency, $6, $7 FROM held
        RETURNING *
    )
    SELECT made.*, held.name, held.event_id, e.title, e.venue, e.start_date
    FROM made, held JOIN events e ON e.id = held.event_id
"""
STOCK = "SELECT total, sold, reserved FROM ticket_types WHERE id = $1"
TERMS = "t.name, t.event_id, e.title, e.venue, e.start_date"
EXTEND = f"""
    WITH changed AS (
        UPDATE reservations SET expires_at = expires_at + $3, extensions = extensions + 1
        WHERE id = $1 AND session_id = $2 AND status = 'ACTIVE' AND expires_at > $4 AND extensions < $5
        RETURNING *
    )
    SELECT changed.*, {TERMS}
    FROM changed JOIN ticket_types t ON t.id = changed.ticket_type_id JOIN events e ON e.id = t.event_id
"""  # noqa: S608 - of constants.
CANCEL = f"""
    WITH changed AS (
        UPDATE reservations SET status = 'CANCELLED'
        WHERE id = $1 AND session_id = $2 AND status = 'ACTIVE' AND expires_at > $3
        RETURNING *
    ), t AS (
        UPDATE ticket_types SET reserved = reserved - changed.quantity
        FROM changed WHERE ticket_types.id = changed.ticket_type_id
        RETURNING ticket_types.*
    )
    SELECT changed.*, {TERMS}
    FROM changed JOIN t ON t.id = changed.ticket_type_id JOIN events e ON e.id = t.event_id
"""  # noqa: S608 - of constants.
LOCK = "SELECT * FROM reservations WHERE id = $1 FOR UPDATE"
# The row that everyone waits for comes last, and the commit follows at once.
CONVERT = """
    WITH paid AS (
        INSERT INTO transactions (id, reservation_id, quantity, total_price, currency, buyer, created_at)
        SELECT $2, id, quantity, quantity * unit_price, currency, $3, $4 FROM reservations WHERE id = $1
        RETURNING id
    ), made AS (
        INSERT INTO tickets (id, code, transaction_id, ticket_type_id, holder)
        SELECT ticket.id, ticket.code, $2, $8, ticket.holder
        FROM paid, unnest($5::uuid[], $6::text[], $7::jsonb[]) AS ticket (id, code, holder)
    ), done AS (
        UPDATE reservations SET status = 'CONVERTED' WHERE id = $1
    )
    UPDATE ticket_types SET reserved = reserved - $9, sold = sold + $9 WHERE id = $8
"""


async def make_books(database: asyncpg.Connection, catalogue: dict[str, Any]) -> None:
    """Make the tables and fill in the catalogue."""
    await database.execute(SCHEMA)
    for event in catalogue["events"]:
        start = datetime.fromisoformat(event["startDate"])
        await database.execute(
            "INSERT INTO events VALUES ($1, $2, $3, $4)", event["id"], event["title"], event["venue"], start
        )
        rows = [
            (each["id"], event["id"], each["name"], each["price"], each["currency"], each["total"])
            for each in event["ticketTypes"]
        ]
        columns = ["id", "event_id", "name", "price", "currency", "total"]
        await database.copy_records_to_table("ticket_types", records=rows, columns=columns)
    # Not the others: while they are empty, plans that are made for what is known of them scan them.
    await database.execute("ANALYZE events, ticket_types")


async def keep(_: object) -> None:
    """Reset nothing: no handler leaves anything behind on a connection."""


class Shop:
    """The handlers, and the pool they share."""

    pool: asyncpg.Pool

    async def reserve(self, body: shop.Reserve) -> Response:
        """Reserve, in one statement."""
        present = shop.now()
        values = (uuid4(), shop.new_code(), body.session_id, present, present + body.hold)
        row = await self.pool.fetchrow(RESERVE, body.ticket_type_id, body.quantity, *values)
        if row is not None:
            return shop.about(row, present, "Reservation created successfully", 201)
        stock = await self.pool.fetchrow(STOCK, body.ticket_type_id)
        if stock is None:
            return shop.refusal(404, "ticket_type_not_found", "There is no such ticket type.")
        return shop.not_enough(body.quantity, stock["total"] - stock["sold"] - stock["reserved"])

    async def extend(self, reservation: UUID, body: shop.Extend) -> Response:
        """Extend, in one statement."""
        present, more = shop.now(), timedelta(minutes=body.additional_minutes)
        row = await self.pool.fetchrow(EXTEND, reservation, body.session_id, more, present, shop.EXTENSIONS_MAX)
        return self._changed(row, present, "Reservation extended")

    async def cancel(self, reservation: UUID, body: shop.Cancel) -> Response:
        """Cancel, in one statement."""
        present = shop.now()
        row = await self.pool.fetchrow(CANCEL, reservation, body.session_id, present)
        return self._changed(row, present, "Reservation cancelled")

    async def purchase(self, reservation: UUID, body: shop.Purchase) -> Response:
        """Buy, in a transaction that locks the reservation first."""
        present = shop.now()
        async with self.pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(LOCK, reservation)
            if row is None:
                return shop.refusal(404, "reservation_not_found", "There is no such reservation.")
            if row["session_id"] != body.session_id:
                return shop.refusal(403, "not_yours", "The reservation is someone else's.")
            if row["status"] != "ACTIVE" or row["expires_at"] <= present:
                return shop.refusal(409, f"reservation_{row['status'].lower()}", "It cannot be bought any more.")
            if len(body.ticket_holders) != row["quantity"]:
                return shop.refusal(400, "validation_error", "There must be a holder for each ticket.")
            transaction = uuid4()
            tickets = [(uuid4(), shop.new_code()) for _ in body.ticket_holders]
            await connection.execute(
                CONVERT,
                reservation,
                transaction,
                body.buyer_info.model_dump_json(),
                present,
                [ticket for ticket, _ in tickets],
                [code for _, code in tickets],
                [holder.model_dump_json() for holder in body.ticket_holders],
                row["ticket_type_id"],
                row["quantity"],
            )
        return shop.bought(transaction, row, body, tickets, present)

    async def availability(self, ticket_type: str) -> Response:
        """The counters of a ticket type."""
        stock = await self.pool.fetchrow(STOCK, ticket_type)
        if stock is None:
            return shop.refusal(404, "ticket_type_not_found", "There is no such ticket type.")
        left = stock["total"] - stock["sold"] - stock["reserved"]
        return shop.answer({"success": True, "data": {**stock, "available": left}})

    @staticmethod
    def _changed(row: Any, present: datetime, message: str) -> Response:
        if row is None:
            return shop.refusal(409, "reservation_settled", "There is no such active reservation.")
        return shop.about(row, present, message)


def main() -> None:
    """Serve until SIGTERM."""
    dsn, catalogue, pool_size = sys.argv[1], json.loads(Path(sys.argv[2]).read_bytes()), int(sys.argv[3])
    listener = shop.listen()
    handlers = Shop()

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(dsn, min_size=pool_size, max_size=pool_size, reset=keep) as pool:
            handlers.pool = pool
            async with pool.acquire() as connection:
                await make_books(connection, catalogue)
            shop.announce(listener)
            yield

    app = FastAPI(lifespan=running)
    app.post("/api/public/reservations")(handlers.reserve)
    app.patch("/api/public/reservations/{reservation}")(handlers.extend)
    app.delete("/api/public/reservations/{reservation}")(handlers.cancel)
    app.post("/api/public/reservations/{reservation}/purchase")(handlers.purchase)
    app.get("/api/public/availability/{ticket_type}")(handlers.availability)
    shop.serve(app, listener)


if __name__ == "__main__":
    main()
