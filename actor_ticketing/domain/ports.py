"""What the actors need of a store, and what a store needs to know of them. SQLite is one; a second will come."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from actor_ticketing.domain.accounts import Account, RefreshToken
from actor_ticketing.domain.analytics import SalesQueries
from actor_ticketing.domain.asking import Asker
from actor_ticketing.domain.catalogue import Counters, Event, TicketType
from actor_ticketing.domain.events import LedgerEvent
from actor_ticketing.domain.mail import Contact, MailQueries
from actor_ticketing.domain.measures import Commits
from actor_ticketing.domain.purchase import Purchase, Ticket, Transaction
from actor_ticketing.domain.records import Forget, Record
from actor_ticketing.domain.reservation import Reservation, ReservationStatus
from actor_ticketing.domain.telling import told
from actor_ticketing.domain.values import value
from actor_ticketing.domain.webhooks import WebhookQueries

ANSWERS_KEPT_MS = 24 * 60 * 60 * 1_000
"""How long the answer to an Idempotency-Key is kept."""


@value
class StoredAnswer:
    """The answer kept for an Idempotency-Key. ``caller`` and ``fingerprint`` are digests; ``created_at`` ms.

    :ivar seq: the ledger position that it stands for, if any. One that is stored with events stands for the last of
        them, which is not known when it is made: the store adds it.
    """

    caller: bytes
    key: str = field(repr=False)
    fingerprint: bytes
    status: int
    body: bytes = field(repr=False)
    created_at: int
    seq: int | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class Entry:
    """What one decision changes: committed whole or not at all.

    An entry without events and answer changes nothing; it is how an answer waits for the commits it was based on.

    :ivar events: in ledger order; the journal numbers them.
    :ivar counters: the stock of each ticket type touched, as of this entry.
    :ivar ticket_type_ids: the ticket types whose actors decided it.
    :ivar answer: kept for an Idempotency-Key in the same transaction.
    :ivar records: what is kept beside the books, and is in no ledger.
    :ivar forget_answers_before: drop a portion of the kept answers older than this (ms).
    :ivar on_settled: called once, in commit order: with None when it is durable, with what to answer when it is certain
        that nothing of it was written.
    :ivar asked_by: the request behind it, for the log.
    :ivar last_seq: the ledger position of its last event; for an entry without events, that of what it waits for.
    """

    events: Sequence[LedgerEvent] = ()
    counters: Sequence[Counters] = ()
    ticket_type_ids: Sequence[str] = ()
    answer: StoredAnswer | None = None
    records: Sequence[Record] = ()
    forget_answers_before: int | None = None
    on_settled: Callable[[Exception | None], None] | None = None
    asked_by: Asker | None = field(default=None, repr=False)
    last_seq: int = 0

    @property
    def first_seq(self) -> int:
        """The ledger position of its first event."""
        return self.last_seq - len(self.events) + 1

    @property
    def kept_answer(self) -> StoredAnswer | None:
        """The answer with the position it stands for, once the entry is numbered."""
        if self.answer is None or not self.events:
            return self.answer
        return replace(self.answer, seq=self.last_seq)

    @property
    def changes_nothing(self) -> bool:
        """Whether it only waits."""
        return not (self.events or self.answer or self.records or self.forget_answers_before is not None)


class CommitFailed(Exception):
    """The batch was not written, for certain; the store is usable.

    :ivar is_bug: a constraint refused it, so one of our own checks is wrong.
    """

    def __init__(self, cause: BaseException, *, is_bug: bool = False) -> None:
        super().__init__(told(cause))
        self.is_bug = is_bug


class CommitUnknown(Exception):
    """Nobody can say whether the batch was written. The process has to end; the restart finds out."""


class Journal(Protocol):
    """The one writer. Decisions are appended as they are made, and committed in that order.

    :ivar commits: what its transactions were like.
    """

    commits: Commits

    @property
    def pending(self) -> int:
        """How many entries are not settled yet."""

    def append(self, entry: Entry) -> None:
        """Number the entry's events and queue it; one of its callbacks will be called.

        :raises Unavailable: when the journal is closing.
        """

    async def settled(self) -> None:
        """Wait until everything appended so far is committed or has failed."""


class Store(Protocol):
    """The durable side of a journal."""

    async def commit(self, batch: Sequence[Entry]) -> None:
        """Write all entries in one transaction and return when they are durable.

        :raises CommitFailed: nothing was written, for certain.
        :raises CommitUnknown: it may or may not have been written.
        """


@value
class StockRecord:
    """One ticket type as committed, with its live holds."""

    ticket_type: TicketType
    total: int
    sold: int
    holds: Sequence[Reservation]


@value
class CatalogueRecord:
    """All that is on sale as committed, and the ledger position it stands at."""

    seq: int
    events: Sequence[Event]
    ticket_types: Sequence[TicketType]
    counters: Mapping[str, Counters]


@value
class ReservationRecord:
    """A reservation in any state; converted ones with what came of them."""

    reservation: Reservation
    transaction: Transaction | None = None
    tickets: Sequence[Ticket] = ()


@value
class SoldTicket:
    """A ticket and the purchase that it is of."""

    ticket: Ticket
    transaction: Transaction


@value
class SaleRecord:
    """A transaction, and the ticket type it is for."""

    transaction: Transaction
    ticket_type_id: str

    @property
    def id(self) -> str:
        """The transaction's."""
        return self.transaction.id


@value
class ReservationMoment:
    """A ledger entry about a reservation, which is as it was left by it. ``at`` is ms since the epoch."""

    seq: int
    at: int
    kind: str
    reservation: Reservation


@value
class Traces:
    """One portion of what a store knows of people.

    :ivar forget: what would have to be forgotten.
    :ivar of_others: how many tickets of these transactions bear other people's names, which stay.
    :ivar unreadable: how many kept answers do not open, by the name of the key; they are to be forgotten too.
    :ivar after: where to look on, as the same query takes it; None when that was all.
    """

    forget: Forget
    of_others: int = 0
    unreadable: Mapping[str, int] = field(default_factory=dict)
    after: Any = field(default=None, repr=False)


@value
class KnownAccount:
    """An account, as its owner may see it. ``created_at``: ms since the epoch."""

    id: str
    email: str = field(repr=False)
    role: str
    created_at: int


@value
class PurchaseRecord:
    """A purchase and what was bought. Of tickets that bear somebody else's name, ``holder`` is None."""

    purchase: Purchase
    ticket_type: TicketType
    event: Event


@value
class PersonRecord:
    """All that a store knows of the person with one e-mail address.

    :ivar bought: what they bought.
    :ivar held: what others bought for them; only the tickets in their name are in it, and no buyer.
    :ivar contacts: the users of an identity provider who have this address.
    """

    account: KnownAccount | None
    bought: Sequence[PurchaseRecord]
    held: Sequence[PurchaseRecord]
    contacts: Sequence[Contact] = ()


class Queries(MailQueries, WebhookQueries, SalesQueries, Protocol):
    """Reads of committed state. An error fails the one read and nothing else.

    Every method raises :class:`StorageUnavailable` when the store cannot be read.
    """

    async def catalogue(self) -> CatalogueRecord:
        """Everything on sale; ``next_deadline`` of the counters is None."""

    async def stock(self, ticket_type_id: str) -> StockRecord | None:
        """One ticket type with its live holds."""

    async def live_stock(self) -> Sequence[StockRecord]:
        """Every ticket type that has live holds, with them. Recovery starts from it."""

    async def reservation(self, reservation_id: str) -> ReservationRecord | None:
        """One reservation in any state."""

    async def reservation_by_code(self, code: str) -> ReservationRecord | None:
        """The same, by its code."""

    async def reservation_of_ticket(self, code: str) -> ReservationRecord | None:
        """The reservation of which a ticket with this code came."""

    async def ticket(self, code: str) -> Ticket | None:
        """One ticket by its code."""

    async def sold_ticket(self, code: str) -> SoldTicket | None:
        """One ticket by its code, with its purchase."""

    async def answer(self, caller: bytes, key: str) -> StoredAnswer | None:
        """The answer kept for an Idempotency-Key, however old."""

    async def account_of(self, email_key: str) -> Account | None:
        """The account with an address, as :func:`email_key` returns it."""

    async def account(self, account_id: str) -> Account | None:
        """One account by its id."""

    async def refresh_token(self, digest: bytes) -> RefreshToken | None:
        """One refresh token, used and ended ones included."""

    async def has_outlived(self, *, answers_before: int, tokens_before: int) -> bool:
        """Whether any kept answer was made, or any refresh token ended, before these instants (ms)."""

    async def reservation_history(
        self, session_id: str, *, after: int, until: int
    ) -> Sequence[ReservationMoment] | None:
        """What the ledger tells of a session's reservations after one position and up to another, in order.

        None when the ledger does not go back that far any more. The time it takes grows with all that lies between.
        """

    async def overdue(self, now: int) -> Mapping[str, int]:
        """How many ACTIVE holds are overdue, by ticket type; types with none are left out."""

    async def status_counts(self) -> Mapping[ReservationStatus, int]:
        """How many reservations there are in each state; states with none are left out."""

    async def reservations_after(self, reservation_id: str) -> Sequence[Reservation]:
        """A portion of the reservations whose ids come after this one, in order; empty when there are none."""

    async def transactions_after(self, transaction_id: str) -> Sequence[SaleRecord]:
        """A portion of the transactions whose ids come after this one, in order; empty when there are none."""

    async def tickets_after(self, ticket_id: str) -> Sequence[Ticket]:
        """A portion of the tickets whose ids come after this one, in order; empty when there are none."""

    async def person(self, email: str) -> PersonRecord:
        """All that is known of the person with this address, however it is spelled in upper and lower case."""

    async def traces(self, email: str) -> Traces:
        """A portion of the rows that tell of this person. When it has been forgotten, ask again for the next.

        A ticket tells of its holder; one whose holder has no address, and the buyer's name, tells of the buyer.
        """

    async def traces_in_answers(self, email: str | None, after: Any) -> Traces:
        """A portion of the kept answers that tell of the forgotten, also when it was long ago that they were forgotten.

        They name people beside a transaction that has lost its buyer, or a ticket that has lost its holder. So the rows
        go first, and whoever is interrupted between the two finds the answers the next time.

        :param email: an address: answers in which it stands are among them, and those that do not open, since it may
            stand in them; not those about a transaction or ticket that has the address, which came since the rows were
            asked for. None looks for no address.
        :param after: None to begin with, then what the former portion ended with.
        """

    async def traces_before(self, start: int, after: Any) -> Traces:
        """A portion of the buyers and holders of events that began before ``start`` (ms since the epoch).

        :param after: None to begin with, then what the former portion ended with.
        """
