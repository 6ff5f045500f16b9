"""The SQLite side of the journal: a batch of entries as a few ``executemany`` calls in one transaction."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from actor_ticketing.domain.catalogue import Counters
from actor_ticketing.domain.events import (
    EventChanged,
    EventCreated,
    LedgerEvent,
    ReservationAdopted,
    ReservationConverted,
    ReservationCreated,
    ReservationExtended,
    ReservationRescheduled,
    TicketCheckedIn,
    TicketTypeChanged,
    TicketTypeCreated,
    TicketTypePaused,
    TicketTypeResumed,
)
from actor_ticketing.domain.ports import Entry
from actor_ticketing.domain.records import TracesWiped
from actor_ticketing.persistence import rows
from actor_ticketing.persistence.accounts import FORGOTTEN_AT_ONCE
from actor_ticketing.persistence.beside import statements_of_record
from actor_ticketing.persistence.connections import Statement, WriteConnection
from actor_ticketing.persistence.ledger import COLUMNS as LEDGER
from actor_ticketing.persistence.ledger import ledger_rows
from actor_ticketing.persistence.rows import Row
from actor_ticketing.vault import Vault


def _insert(table: str, columns: str) -> str:
    return f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * (columns.count(',') + 1))})"  # noqa: S608


# In the order in which they must run: what is referred to comes first, and a hold is made before it is settled. The
# last counters of the batch are written once, after the terms, so that the CHECKs see a state that really was.
_STATEMENTS = {
    "event": _insert("events", rows.EVENT),
    "event_changed": "UPDATE events SET title = ?2, venue = ?3, start_date = ?4 WHERE id = ?1",
    "ticket_type": _insert("ticket_types", rows.TICKET_TYPE),
    "terms_changed": (
        "UPDATE ticket_types SET event_id = ?2, name = ?3, price = ?4, currency = ?5, max_per_reservation = ?6, "
        "sales_start = ?7, sales_end = ?8, paused = ?9 WHERE id = ?1"
    ),
    "reservation": _insert("reservations", rows.RESERVATION),
    "reservation_changed": ("UPDATE reservations SET reserved_at = ?2, expires_at = ?3, extensions = ?4 WHERE id = ?1"),
    "reservation_adopted": "UPDATE reservations SET user_id = ?2 WHERE id = ?1",
    "reservation_settled": "UPDATE reservations SET status = ?2, settled_at = ?3 WHERE id = ?1",
    "transaction": _insert("transactions", rows.TRANSACTION),
    "ticket": _insert("tickets", rows.TICKET),
    "checked_in": "UPDATE tickets SET checked_in_at = ?2, checked_in_by = ?3 WHERE id = ?1",
    "ledger": _insert("ledger", LEDGER),
    "counters": "UPDATE ticket_types SET total = ?2, sold = ?3, reserved = ?4 WHERE id = ?1",
    "answer": (
        # A kept answer that has outlived its day makes room for the next one under its key.
        _insert("idempotency", rows.ANSWER)
        + " ON CONFLICT (caller, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status,"
        " body = excluded.body, created_at = excluded.created_at, seq = excluded.seq"
    ),
}
_FORGET_ANSWERS = (
    "DELETE FROM idempotency WHERE (caller, key) IN "
    "(SELECT caller, key FROM idempotency WHERE created_at < ? ORDER BY created_at LIMIT ?)"
)

_SEALED: dict[str, Callable[[Any, Vault], Row]] = {
    "transaction": rows.transaction_row,
    "ticket": rows.ticket_row,
    "answer": rows.answer_row,
}


class _SealedThere:
    """Rows that are made when they are written, so that sealing is the database's thread's work and not the loop's."""

    def __init__(self, make: Callable[[Any, Vault], Row], things: Sequence[Any], vault: Vault) -> None:
        self._make = make
        self._things = things
        self._vault = vault

    def __len__(self) -> int:
        return len(self._things)

    def __iter__(self) -> Iterator[Row]:
        return (self._make(each, self._vault) for each in self._things)


class SqliteStore:
    """Commits batches through the one write connection. What it writes of people is sealed in ``vault``."""

    def __init__(self, connection: WriteConnection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    async def commit(self, batch: Sequence[Entry]) -> None:
        """Write all entries in one transaction.

        :raises CommitFailed: nothing was written, for certain.
        :raises CommitUnknown: it may have been written.
        """
        await self._connection.write(statements_of(batch, self._vault))
        if any(isinstance(record, TracesWiped) for entry in batch for record in entry.records):
            await self._connection.empty_log()


def statements_of(batch: Sequence[Entry], vault: Vault) -> list[Statement]:
    """The statements that make a batch's changes, in order."""
    pending: dict[str, list[Any]] = {name: [] for name in _STATEMENTS}
    counters: dict[str, Counters] = {}
    beside: list[Statement] = []
    forget_before: int | None = None
    for entry in batch:
        for event in entry.events:
            _sort(event, pending)
        pending["ledger"].extend(ledger_rows(entry))
        for stock in entry.counters:
            counters[stock.ticket_type_id] = stock
        if entry.answer is not None:
            pending["answer"].append(entry.kept_answer)
        for record in entry.records:
            beside += statements_of_record(record, vault)
        if entry.forget_answers_before is not None:
            forget_before = entry.forget_answers_before
    pending["counters"] = [
        (stock.ticket_type_id, stock.total, stock.sold, stock.reserved) for stock in counters.values()
    ]
    statements: list[Statement] = [
        (_STATEMENTS[name], _SealedThere(_SEALED[name], things, vault) if name in _SEALED else things, True)
        for name, things in pending.items()
        if things
    ]
    statements += beside
    if forget_before is not None:
        statements.append((_FORGET_ANSWERS, [(forget_before, FORGOTTEN_AT_ONCE)], False))
    return statements


def _sort(event: LedgerEvent, pending: dict[str, list[Any]]) -> None:
    match event:
        case ReservationCreated(reservation=reservation):
            pending["reservation"].append(rows.reservation_row(reservation))
        case EventCreated(event=show):
            pending["event"].append(rows.event_row(show))
        case EventChanged(event=show):
            pending["event_changed"].append(rows.event_row(show))
        case TicketTypeCreated(ticket_type=terms, total=total):
            pending["ticket_type"].append((*rows.terms_row(terms), total, 0, 0))
        case (
            TicketTypeChanged(ticket_type=terms)
            | TicketTypePaused(ticket_type=terms)
            | TicketTypeResumed(ticket_type=terms)
        ):
            pending["terms_changed"].append(rows.terms_row(terms))
        case ReservationExtended(reservation=moved) | ReservationRescheduled(reservation=moved):
            pending["reservation_changed"].append((moved.id, moved.reserved_at, moved.expires_at, moved.extensions))
        case ReservationAdopted(reservation=adopted):
            pending["reservation_adopted"].append((adopted.id, adopted.user_id))
        case TicketCheckedIn(ticket=used):
            pending["checked_in"].append((used.id, event.at, event.by))
        case _:
            settled = event.reservation
            pending["reservation_settled"].append((settled.id, settled.status, settled.settled_at))
            if isinstance(event, ReservationConverted):
                pending["transaction"].append(event.purchase.transaction)
                pending["ticket"].extend(event.purchase.tickets)
