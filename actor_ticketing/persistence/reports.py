"""What reports are made of, read in portions beside the sale."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import TypeVar

from actor_ticketing.domain.analytics import Span, Tally
from actor_ticketing.domain.ports import SaleRecord
from actor_ticketing.domain.purchase import Ticket
from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.persistence import analytics, rows
from actor_ticketing.persistence.readers import Readers
from actor_ticketing.vault import Vault

PORTION = 500
"""Rows of a report that are read in one trip."""


def _in_one(columns: str, source: str) -> str:
    """A portion as one row, a JSON array: otherwise each of its rows would wait for its turn at Python's lock, and take
    it from the event loop.
    """
    told = columns.replace("buyer_digest", "NULL").replace("holder_digest", "NULL")  # JSON has no bytes.
    return f"SELECT json_group_array(json_array({told})) FROM ({source})"  # noqa: S608 - constants below.


def _after(columns: str, table: str) -> str:
    return f"SELECT {columns} FROM {table} WHERE id > ? ORDER BY id LIMIT {PORTION}"  # noqa: S608


_RESERVATIONS = _in_one(rows.RESERVATION, _after(rows.RESERVATION, "reservations"))
_ALL_TICKETS = _in_one(rows.TICKET, _after(rows.TICKET, "tickets"))
_SALES = _in_one(
    f"{rows.TRANSACTION}, ticket_type_id",
    f"SELECT t.*, r.ticket_type_id FROM ({_after(rows.TRANSACTION, 'transactions')}) t "  # noqa: S608
    "JOIN reservations r ON r.id = t.reservation_id",
)

T = TypeVar("T")


class SqliteReportQueries:
    """The queries of reports and analytics over SQLite."""

    _readers: Readers
    _vault: Vault

    async def positions(self, start: int, end: int) -> tuple[int, int]:
        """Where all ledger entries of a stretch of time stand."""
        return await self._readers.run_unhurried(lambda connection: analytics.positions(connection, start, end))

    async def tally(self, span: Span, *, after: int, until: int) -> Tally:
        """What lies in the span, of the ledger entries after one position and up to another."""
        return await self._readers.run_unhurried(lambda connection: analytics.tally(connection, span, after, until))

    async def reservations_after(self, reservation_id: str) -> Sequence[Reservation]:
        """A portion of the reservations whose ids come after this one, in order."""
        return await self._portion(_RESERVATIONS, reservation_id, lambda row, _: rows.reservation_of(row))

    async def transactions_after(self, transaction_id: str) -> Sequence[SaleRecord]:
        """A portion of the transactions whose ids come after this one, in order."""

        def sale_of(row: rows.Row, vault: Vault) -> SaleRecord:
            return SaleRecord(transaction=rows.transaction_of(row, vault), ticket_type_id=row[-1])

        return await self._portion(_SALES, transaction_id, sale_of)

    async def tickets_after(self, ticket_id: str) -> Sequence[Ticket]:
        """A portion of the tickets whose ids come after this one, in order."""
        return await self._portion(_ALL_TICKETS, ticket_id, rows.ticket_of)

    async def _portion(self, sql: str, after: str, of: Callable[[rows.Row, Vault], T]) -> list[T]:
        def read(connection: sqlite3.Connection) -> list[T]:
            [portion] = connection.execute(sql, (after,)).fetchone()
            return [of(row, self._vault) for row in sorted(json.loads(portion))]

        return await self._readers.run(read)
