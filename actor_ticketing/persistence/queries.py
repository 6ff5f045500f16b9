"""Reads of the committed state, each on one read connection in one trip."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from actor_ticketing.domain.accounts import Account, RefreshToken
from actor_ticketing.domain.ids import generate_reservation_code, ids_of_code
from actor_ticketing.domain.ports import (
    CatalogueRecord,
    PersonRecord,
    ReservationMoment,
    ReservationRecord,
    SoldTicket,
    StockRecord,
    StoredAnswer,
    Traces,
)
from actor_ticketing.domain.purchase import Ticket
from actor_ticketing.domain.reservation import Reservation, ReservationStatus
from actor_ticketing.persistence import people, rows
from actor_ticketing.persistence.accounts import ACCOUNT, REFRESH, account_of, refresh_token_of
from actor_ticketing.persistence.archives import SqliteArchiveQueries
from actor_ticketing.persistence.history import history_of
from actor_ticketing.persistence.mail import SqliteMailQueries
from actor_ticketing.persistence.readers import Readers
from actor_ticketing.persistence.reports import SqliteReportQueries
from actor_ticketing.persistence.states import StateCounts
from actor_ticketing.persistence.webhooks import SqliteWebhookQueries
from actor_ticketing.vault import Vault

_CATALOGUE = f"SELECT {rows.TICKET_TYPE} FROM ticket_types ORDER BY rowid"  # noqa: S608 - all parts are constants here.
_ONE_TYPE = f"SELECT {rows.TICKET_TYPE} FROM ticket_types WHERE id = ?"  # noqa: S608
_LIVE = f"SELECT {rows.LIVE_HOLD} FROM reservations WHERE status = 'ACTIVE'"  # noqa: S608
_RESERVATION = f"SELECT {rows.RESERVATION} FROM reservations WHERE id = ?"  # noqa: S608
_IDS = "SELECT id FROM reservations WHERE id >= ? AND id < ?"
_SOLD_AS = "SELECT t.reservation_id FROM tickets k JOIN transactions t ON t.id = k.transaction_id WHERE k.code = ?"
_TRANSACTION = f"SELECT {rows.TRANSACTION} FROM transactions WHERE reservation_id = ?"  # noqa: S608
_SALE = f"SELECT {rows.TRANSACTION} FROM transactions WHERE id = ?"  # noqa: S608
_TICKETS = f"SELECT {rows.TICKET} FROM tickets WHERE transaction_id = ? ORDER BY position"  # noqa: S608
_TICKET = f"SELECT {rows.TICKET} FROM tickets WHERE code = ?"  # noqa: S608
_ANSWER = f"SELECT {rows.ANSWER} FROM idempotency WHERE caller = ? AND key = ?"  # noqa: S608
_HAS_OUTLIVED = (
    "SELECT EXISTS (SELECT 1 FROM idempotency WHERE created_at < ?) "
    "OR EXISTS (SELECT 1 FROM refresh_tokens WHERE expires_at < ?)"
)

T = TypeVar("T")


class SqliteQueries(SqliteReportQueries, SqliteMailQueries, SqliteWebhookQueries, SqliteArchiveQueries):
    """The :class:`Queries` over SQLite. Every method raises :class:`StorageUnavailable` when it cannot read."""

    def __init__(self, readers: Readers, vault: Vault) -> None:
        self._readers = readers
        self._vault = vault
        self._states = StateCounts()

    async def catalogue(self) -> CatalogueRecord:
        """Everything on sale."""

        def read(connection: sqlite3.Connection) -> CatalogueRecord:
            connection.execute("BEGIN")
            try:
                terms, counters = [], {}
                # Prices and totals are few, and ticket types may be many.
                same: dict[int, int] = {}
                for found in connection.execute(_CATALOGUE):
                    row = [same.setdefault(each, each) if isinstance(each, int) else each for each in found]
                    terms.append(rows.terms_of(row))
                    counters[terms[-1].id] = rows.counters_of(row)
                shows = connection.execute(f"SELECT {rows.EVENT} FROM events ORDER BY start_date, id").fetchall()  # noqa: S608
                seq = connection.execute("SELECT coalesce(max(seq), 0) FROM ledger").fetchone()[0]
            finally:
                connection.execute("COMMIT")
                _forget_pages(connection)
            return CatalogueRecord(
                seq=seq,
                events=[rows.event_of(row) for row in shows],
                ticket_types=terms,
                counters=counters,
            )

        return await self._readers.run(read)

    async def stock(self, ticket_type_id: str) -> StockRecord | None:
        """One ticket type with its live holds."""

        def read(connection: sqlite3.Connection) -> StockRecord | None:
            # One transaction, so that the counters and the holds are of the same instant.
            connection.execute("BEGIN")
            try:
                row = connection.execute(_ONE_TYPE, (ticket_type_id,)).fetchone()
                if row is None:
                    return None
                holds = connection.execute(f"{_LIVE} AND ticket_type_id = ?", (ticket_type_id,))
                return _stock(row, list(rows.live_holds_of(holds)))
            finally:
                connection.execute("COMMIT")

        return await self._readers.run(read)

    async def live_stock(self) -> Sequence[StockRecord]:
        """Every ticket type that has live holds, with them."""

        def read(connection: sqlite3.Connection) -> Sequence[StockRecord]:
            connection.execute("BEGIN")
            try:
                holds: dict[str, list[Reservation]] = {}
                for hold in rows.live_holds_of(connection.execute(_all_live(connection))):
                    holds.setdefault(hold.ticket_type_id, []).append(hold)
                return [
                    _stock(connection.execute(_ONE_TYPE, (ticket_type_id,)).fetchone(), holds[ticket_type_id])
                    for ticket_type_id in sorted(holds)
                ]
            finally:
                connection.execute("COMMIT")
                _forget_pages(connection)

        return await self._readers.run(read)

    async def reservation(self, reservation_id: str) -> ReservationRecord | None:
        """One reservation in any state, with what came of it."""
        return await self._readers.run(lambda connection: _record(connection, self._vault, reservation_id))

    async def reservation_by_code(self, code: str) -> ReservationRecord | None:
        """The same, by its code."""

        def read(connection: sqlite3.Connection) -> ReservationRecord | None:
            for ids in ids_of_code(code):
                for (reservation_id,) in connection.execute(_IDS, ids):
                    if generate_reservation_code(reservation_id) == code:
                        return _record(connection, self._vault, reservation_id)
            return None

        return await self._readers.run(read)

    async def reservation_of_ticket(self, code: str) -> ReservationRecord | None:
        """The reservation of which a ticket with this code came."""

        def read(connection: sqlite3.Connection) -> ReservationRecord | None:
            found = connection.execute(_SOLD_AS, (code,)).fetchone()
            return None if found is None else _record(connection, self._vault, found[0])

        return await self._readers.run(read)

    async def ticket(self, code: str) -> Ticket | None:
        """One ticket by its code."""
        return await self._one(_TICKET, (code,), rows.ticket_of)

    async def sold_ticket(self, code: str) -> SoldTicket | None:
        """One ticket by its code, with its purchase."""

        def read(connection: sqlite3.Connection) -> SoldTicket | None:
            row = connection.execute(_TICKET, (code,)).fetchone()
            if row is None:
                return None
            ticket = rows.ticket_of(row, self._vault)
            sale = connection.execute(_SALE, (ticket.transaction_id,)).fetchone()
            return SoldTicket(ticket=ticket, transaction=rows.transaction_of(sale, self._vault))

        return await self._readers.run(read)

    async def answer(self, caller: bytes, key: str) -> StoredAnswer | None:
        """The answer kept for an Idempotency-Key, however old."""
        return await self._one(_ANSWER, (caller, key), rows.answer_of)

    async def account_of(self, email_key: str) -> Account | None:
        """The account with an address, found under whichever key its digest was made."""
        digests = self._vault.digests(email_key)
        wanted = ", ".join("?" * len(digests))
        return await self._one(f"{ACCOUNT} WHERE email_digest IN ({wanted})", tuple(digests), account_of)

    async def account(self, account_id: str) -> Account | None:
        """One account by its id."""
        return await self._one(f"{ACCOUNT} WHERE id = ?", (account_id,), account_of)

    async def refresh_token(self, digest: bytes) -> RefreshToken | None:
        """One refresh token, used and ended ones included."""
        return await self._one(REFRESH, (digest,), lambda row, _: refresh_token_of(row))

    async def has_outlived(self, *, answers_before: int, tokens_before: int) -> bool:
        """Whether any kept answer was made, or any refresh token ended, before these instants."""

        def read(connection: sqlite3.Connection) -> bool:
            return bool(connection.execute(_HAS_OUTLIVED, (answers_before, tokens_before)).fetchone()[0])

        return await self._readers.run(read)

    async def reservation_history(
        self, session_id: str, *, after: int, until: int
    ) -> Sequence[ReservationMoment] | None:
        """What the ledger tells of a session's reservations after one position and up to another, in order."""
        return await self._readers.run(lambda connection: history_of(connection, session_id, after, until))

    async def overdue(self, now: int) -> Mapping[str, int]:
        """How many ACTIVE holds are overdue, by ticket type."""
        return await self._pairs(
            "SELECT ticket_type_id, count(*) FROM reservations WHERE status = 'ACTIVE' AND expires_at <= ? GROUP BY 1",
            (now,),
        )

    async def status_counts(self) -> Mapping[ReservationStatus, int]:
        """How many reservations there are in each state."""
        return await self._readers.run(self._states.read)

    async def person(self, email: str) -> PersonRecord:
        """All that is known of the person with this address."""
        return await self._readers.run(lambda connection: people.person(connection, self._vault, email))

    async def traces(self, email: str) -> Traces:
        """A portion of the rows that tell of this person."""
        return await self._readers.run(lambda connection: people.traces(connection, self._vault, email))

    async def traces_in_answers(self, email: str | None, after: Any) -> Traces:
        """A portion of the kept answers that tell of the forgotten."""
        return await self._readers.run(
            lambda connection: people.traces_in_answers(connection, self._vault, email, after)
        )

    async def traces_before(self, start: int, after: Any) -> Traces:
        """A portion of the buyers and holders of events that began before ``start``."""
        return await self._readers.run(lambda connection: people.traces_before(connection, start, after))

    async def _one(self, sql: str, parameters: tuple[Any, ...], of: Callable[[rows.Row, Vault], T]) -> T | None:
        # What is sealed is opened on the reader's thread.
        def read(connection: sqlite3.Connection) -> T | None:
            row = connection.execute(sql, parameters).fetchone()
            return None if row is None else of(row, self._vault)

        return await self._readers.run(read)

    async def _pairs(self, sql: str, parameters: tuple[Any, ...]) -> dict[str, int]:
        return dict(await self._readers.run(lambda connection: connection.execute(sql, parameters).fetchall()))


def _record(connection: sqlite3.Connection, vault: Vault, reservation_id: str) -> ReservationRecord | None:
    row = connection.execute(_RESERVATION, (reservation_id,)).fetchone()
    if row is None:
        return None
    reservation = rows.reservation_of(row)
    if reservation.status is not ReservationStatus.CONVERTED:
        return ReservationRecord(reservation=reservation)
    transaction = rows.transaction_of(connection.execute(_TRANSACTION, (reservation_id,)).fetchone(), vault)
    tickets = connection.execute(_TICKETS, (transaction.id,)).fetchall()
    return ReservationRecord(
        reservation=reservation,
        transaction=transaction,
        tickets=[rows.ticket_of(ticket, vault) for ticket in tickets],
    )


def _forget_pages(connection: sqlite3.Connection) -> None:
    """Give the memory back in which a connection keeps the pages of a whole table, which is read once, at the start."""
    connection.execute("PRAGMA shrink_memory")


def _all_live(connection: sqlite3.Connection) -> str:
    """The statement that reads all live holds: where they are many, in the order in which they lie in the file."""
    # Neither is counted: a hold is of one ticket at least, and a reservation has an entry in the ledger.
    [live] = connection.execute("SELECT coalesce(sum(reserved), 0) FROM ticket_types").fetchone()
    [ever] = connection.execute("SELECT coalesce(max(seq), 0) FROM ledger").fetchone()
    return _LIVE.replace("FROM reservations", "FROM reservations NOT INDEXED") if live * 8 > ever else _LIVE


def _stock(row: rows.Row, holds: Sequence[Reservation]) -> StockRecord:
    counters = rows.counters_of(row)
    return StockRecord(ticket_type=rows.terms_of(row), total=counters.total, sold=counters.sold, holds=holds)
