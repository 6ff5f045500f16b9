"""A store in memory with the same promises as SQLite's: for tests, and for trying things out."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from actor_ticketing.domain.accounts import Account, AccountRecord, RefreshToken
from actor_ticketing.domain.analytics import Span, Tally
from actor_ticketing.domain.catalogue import Counters, Event, TicketType
from actor_ticketing.domain.events import (
    EventChanged,
    EventCreated,
    LedgerEvent,
    ReservationConverted,
    TicketCheckedIn,
    TicketTypeChanged,
    TicketTypeCreated,
    TicketTypePaused,
    TicketTypeResumed,
)
from actor_ticketing.domain.ids import generate_reservation_code, ids_of_code
from actor_ticketing.domain.mail import MailRecord
from actor_ticketing.domain.ports import (
    CatalogueRecord,
    Entry,
    ReservationMoment,
    ReservationRecord,
    SaleRecord,
    SoldTicket,
    StockRecord,
    StoredAnswer,
)
from actor_ticketing.domain.purchase import Purchase, Ticket
from actor_ticketing.domain.records import Forget, Record, TracesWiped
from actor_ticketing.domain.reservation import Reservation, ReservationStatus
from actor_ticketing.domain.webhooks import WebhookRecord
from actor_ticketing.persistence.memory_accounts import MemoryAccounts
from actor_ticketing.persistence.memory_analytics import tally_of
from actor_ticketing.persistence.memory_archives import MemoryArchives
from actor_ticketing.persistence.memory_mail import MemoryMail
from actor_ticketing.persistence.memory_people import MemoryPeople
from actor_ticketing.persistence.memory_webhooks import MemoryWebhooks

R = TypeVar("R", Reservation, SaleRecord, Ticket)


class MemoryStore(MemoryMail, MemoryWebhooks, MemoryArchives, MemoryPeople):
    """Both sides in one: the :class:`Store` of a journal and the :class:`Queries` over what it committed.

    :ivar ledger: every event committed, in order; ``seq`` counts from 1.
    """

    def __init__(self) -> None:
        super().__init__()
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
            if (answer := entry.kept_answer) is not None:
                self._answers[answer.caller, answer.key] = answer
            for record in entry.records:
                self._keep(record)
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
            case (
                TicketTypeChanged(ticket_type=terms)
                | TicketTypePaused(ticket_type=terms)
                | TicketTypeResumed(ticket_type=terms)
            ):
                self._ticket_types[terms.id] = terms
            case TicketCheckedIn(ticket=used):
                self._check_in(used)
            case _:
                self._reservations[event.reservation.id] = event.reservation
                if isinstance(event, ReservationConverted):
                    self._purchases[event.reservation.id] = event.purchase
                    self._tickets.update((ticket.code, ticket) for ticket in event.purchase.tickets)

    def _check_in(self, used: Ticket) -> None:
        # Its holder may have been forgotten since it was read.
        self._tickets[used.code] = present = replace(self._tickets[used.code], checked_in=used.checked_in)
        for reservation_id, purchase in self._purchases.items():
            if purchase.transaction.id == used.transaction_id:
                tickets = tuple(present if each.id == used.id else each for each in purchase.tickets)
                self._purchases[reservation_id] = replace(purchase, tickets=tickets)

    def _keep(self, record: Record) -> None:
        if isinstance(record, AccountRecord):
            self._accounts.take(record)
        elif isinstance(record, MailRecord):
            self._take_mail(record)
        elif isinstance(record, WebhookRecord):
            self._take_webhook(record)
        elif isinstance(record, Forget):
            self._forget(record)
        elif not isinstance(record, TracesWiped):
            raise TypeError(f"there is no place for {type(record).__name__}")

    def _forget(self, record: Forget) -> None:
        self._accounts.forget(record.accounts)
        for purchase in list(self._purchases.values()):
            transaction = purchase.transaction
            if transaction.id in record.buyers_of:
                transaction = replace(transaction, buyer=None)
            tickets = tuple(
                replace(ticket, holder=None) if ticket.id in record.holders_of else ticket
                for ticket in purchase.tickets
            )
            self._purchases[purchase.reservation.id] = replace(purchase, transaction=transaction, tickets=tickets)
            self._tickets.update((ticket.code, ticket) for ticket in tickets)
        for slot in record.answers:
            self._answers.pop(slot, None)
        for user_id in record.contacts:
            self._contacts.pop(user_id, None)

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

    async def reservation_by_code(self, code: str) -> ReservationRecord | None:
        """The same, by its code."""
        for first, end in ids_of_code(code):
            for reservation_id in self._reservations:
                if first <= reservation_id < end and generate_reservation_code(reservation_id) == code:
                    return await self.reservation(reservation_id)
        return None

    async def reservation_of_ticket(self, code: str) -> ReservationRecord | None:
        """The reservation of which a ticket with this code came."""
        for reservation_id, purchase in self._purchases.items():
            if any(ticket.code == code for ticket in purchase.tickets):
                return await self.reservation(reservation_id)
        return None

    async def ticket(self, code: str) -> Ticket | None:
        """One ticket by its code."""
        return self._tickets.get(code)

    async def sold_ticket(self, code: str) -> SoldTicket | None:
        """One ticket by its code, with its purchase."""
        if (ticket := self._tickets.get(code)) is None:
            return None
        [sale] = [each.transaction for each in self._purchases.values() if each.transaction.id == ticket.transaction_id]
        return SoldTicket(ticket=ticket, transaction=sale)

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

    async def has_outlived(self, *, answers_before: int, tokens_before: int) -> bool:
        """Whether any kept answer was made, or any refresh token ended, before these instants."""
        return any(each.created_at < answers_before for each in self._answers.values()) or any(
            each.expires_at < tokens_before for each in self._accounts.tokens.values()
        )

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

    async def positions(self, start: int, end: int) -> tuple[int, int]:  # noqa: ARG002 - all of it will do.
        """Where all ledger entries of a stretch of time stand."""
        return 0, len(self.ledger)

    async def tally(self, span: Span, *, after: int, until: int) -> Tally:
        """What lies in the span, of the ledger entries after one position and up to another."""
        return tally_of(self.ledger, self._reservations, span, after, until)

    async def reservations_after(self, reservation_id: str) -> Sequence[Reservation]:
        """All reservations whose ids come after this one, in order."""
        return _after(reservation_id, self._reservations.values())

    async def transactions_after(self, transaction_id: str) -> Sequence[SaleRecord]:
        """All transactions whose ids come after this one, in order."""
        sales = (
            SaleRecord(transaction=each.transaction, ticket_type_id=each.reservation.ticket_type_id)
            for each in self._purchases.values()
        )
        return _after(transaction_id, sales)

    async def tickets_after(self, ticket_id: str) -> Sequence[Ticket]:
        """All tickets whose ids come after this one, in order."""
        return _after(ticket_id, self._tickets.values())

    def _live(self) -> list[Reservation]:
        return [each for each in self._reservations.values() if each.status is ReservationStatus.ACTIVE]


def _after(its_id: str, found: Iterable[R]) -> list[R]:
    return sorted((each for each in found if each.id > its_id), key=lambda each: each.id)
