"""A store in memory with the same promises as SQLite's: for tests, and for trying things out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from actor_ticketing.domain.accounts import Account, AccountRecord, RefreshToken
from actor_ticketing.domain.catalogue import Counters, Event, TicketType
from actor_ticketing.domain.events import (
    EventChanged,
    EventCreated,
    LedgerEvent,
    ReservationConverted,
    TicketTypeChanged,
    TicketTypeCreated,
)
from actor_ticketing.domain.ports import (
    CatalogueRecord,
    Entry,
    ReservationMoment,
    ReservationRecord,
    StockRecord,
    StoredAnswer,
)
from actor_ticketing.domain.purchase import Purchase, Ticket
from actor_ticketing.domain.records import Record
from actor_ticketing.domain.reservation import Reservation, ReservationStatus
from actor_ticketing.persistence.memory_accounts import MemoryAccounts


class MemoryStore:
    """Both sides in one: the :class:`Store` of a journal and the :class:`Queries` over what it committed.

    :ivar ledger: every event committed, in order; ``seq`` counts from 1.
    """

    def __init__(self) -> None:
        self.ledger: list[LedgerEvent] = []
        self._events: dict[str, Event] = {}
        self._ticket_types: dict[str, TicketType] = {}
        self._counters: dict[str, Counters] = {}
        self._reservations: dict[str, Reservation] = {}
        self._purchases: dict[str, Purchase] = {}
        self._tickets: dict[str, Ticket] = {}
        self._answers: dict[tuple[bytes, str], StoredAnswer] = {}
        self._accounts = MemoryAccounts()

    async def commit(self, batch: Sequence[Entry]) -> None:
        """Take all entries. It cannot fail."""
        for entry in batch:
            for event in entry.events:
                self._take(event)
            self.ledger.extend(entry.events)
            for stock in entry.counters:
                self._counters[stock.ticket_type_id] = replace(stock, next_deadline=None)
            if entry.answer is not None:
                self._answers[entry.answer.caller, entry.answer.key] = entry.answer
            for record in entry.records:
                self._take_record(record)
            if entry.forget_answers_before is not None:
                before = entry.forget_answers_before
                self._answers = {key: answer for key, answer in self._answers.items() if answer.created_at >= before}

    def _take(self, event: LedgerEvent) -> None:
        match event:
            case EventCreated(event=show) | EventChanged(event=show):
                self._events[show.id] = show
            case TicketTypeCreated(ticket_type=terms, total=total):
                self._ticket_types[terms.id] = terms
                self._counters[terms.id] = Counters(ticket_type_id=terms.id, total=total, sold=0, reserved=0)
            case TicketTypeChanged(ticket_type=terms):
                self._ticket_types[terms.id] = terms
            case _:
                self._reservations[event.reservation.id] = event.reservation
                if isinstance(event, ReservationConverted):
                    self._purchases[event.reservation.id] = event.purchase
                    self._tickets.update((ticket.code, ticket) for ticket in event.purchase.tickets)

    def _take_record(self, record: Record) -> None:
        if not isinstance(record, AccountRecord):
            raise TypeError(f"there is no place for {type(record).__name__}")
        self._accounts.take(record)

    async def catalogue(self) -> CatalogueRecord:
        """Everything on sale."""
        return CatalogueRecord(
            seq=len(self.ledger),
            events=sorted(self._events.values(), key=lambda show: (show.start_date, show.id)),
            ticket_types=list(self._ticket_types.values()),
            counters=dict(self._counters),
        )

    async def stock(self, ticket_type_id: str) -> StockRecord | None:
        """One ticket type with its live holds."""
        terms = self._ticket_types.get(ticket_type_id)
        if terms is None:
            return None
        counters = self._counters[ticket_type_id]
        holds = [hold for hold in self._live() if hold.ticket_type_id == ticket_type_id]
        return StockRecord(ticket_type=terms, total=counters.total, sold=counters.sold, holds=holds)

    async def live_stock(self) -> Sequence[StockRecord]:
        """Every ticket type that has live holds, with them."""
        stocks = [await self.stock(each) for each in sorted({hold.ticket_type_id for hold in self._live()})]
        return [stock for stock in stocks if stock is not None]

    async def reservation(self, reservation_id: str) -> ReservationRecord | None:
        """One reservation in any state, with what came of it."""
        reservation = self._reservations.get(reservation_id)
        if reservation is None:
            return None
        purchase = self._purchases.get(reservation_id)
        if purchase is None:
            return ReservationRecord(reservation=reservation)
        return ReservationRecord(
            reservation=reservation, transaction=purchase.transaction, tickets=list(purchase.tickets)
        )

    async def ticket(self, code: str) -> Ticket | None:
        """One ticket by its code."""
        return self._tickets.get(code)

    async def answer(self, caller: bytes, key: str) -> StoredAnswer | None:
        """The answer kept for an Idempotency-Key, however old."""
        return self._answers.get((caller, key))

    async def account_of(self, email_key: str) -> Account | None:
        """The account with an address."""
        return self._accounts.by_email(email_key)

    async def account(self, account_id: str) -> Account | None:
        """One account by its id."""
        return self._accounts.by_id.get(account_id)

    async def refresh_token(self, digest: bytes) -> RefreshToken | None:
        """One refresh token, used and ended ones included."""
        return self._accounts.tokens.get(digest)

    async def reservation_history(
        self, session_id: str, *, after: int, until: int
    ) -> Sequence[ReservationMoment] | None:
        """What the ledger, which is whole, tells of a session's reservations."""
        return [
            ReservationMoment(seq=seq, at=event.at, kind=event.kind, reservation=held)
            for seq, event in enumerate(self.ledger[after:until], after + 1)
            if (held := getattr(event, "reservation", None)) is not None and held.session_id == session_id
        ]

    async def overdue(self, now: int) -> Mapping[str, int]:
        """How many ACTIVE holds are overdue, by ticket type."""
        return Counter(hold.ticket_type_id for hold in self._live() if hold.is_overdue(now))

    async def status_counts(self) -> Mapping[ReservationStatus, int]:
        """How many reservations there are in each state."""
        return Counter(reservation.status for reservation in self._reservations.values())

    def _live(self) -> list[Reservation]:
        return [each for each in self._reservations.values() if each.status is ReservationStatus.ACTIVE]
