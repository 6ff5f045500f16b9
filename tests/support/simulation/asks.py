"""What clients ask for: how it is put to the service, and what has to stand in the books for the answer to be true."""

import json
from dataclasses import dataclass
from typing import Any

from actor_ticketing.actors.journaling import Keep
from actor_ticketing.domain.errors import (
    ExtensionLimitReached,
    Forbidden,
    HolderLimitReached,
    Invalid,
    NotEnoughTickets,
    NotFound,
    Refusal,
    ReservationCancelled,
    ReservationConverted,
    ReservationExpired,
    SalesClosed,
    SalesNotOpen,
    SalesPaused,
    TotalTooLow,
)
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.reservation import Owner, Reservation, ReservationStatus
from actor_ticketing.http.answers import Answer
from actor_ticketing.http.context import Backend
from actor_ticketing.persistence.memory import MemoryStore
from support.simulation.books import Books


@dataclass(slots=True, kw_only=True)
class Case:
    """One attempt to be judged: ``since`` is the ledger position that the process knew when it began.

    ``began`` and ``now`` are ms since the epoch, by the clock of the process. ``was_done``: it has a key, and the
    process knew that an earlier attempt had had its effect.
    """

    books: Books
    state: MemoryStore
    since: int
    began: int
    now: int
    was_done: bool


@dataclass(slots=True, kw_only=True, eq=False)
class Ask:
    """One thing that one client wants.

    :ivar mark: no other has it; it can be found again in what the service writes.
    :ivar ids: the reservations it is about, :ivar types: the ticket types.
    :ivar first: ledger position and instant (ms since the epoch) at which it was asked for first.
    :ivar kept: what was answered under its key.
    :ivar was_cut: an attempt has ended without anybody seeing its answer.
    :ivar is_hopeless: it asks for what there cannot be.
    """

    mark: str
    session: str
    user: str | None = None
    key: str | None = None
    ids: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    first: tuple[int, int] | None = None
    kept: bytes | None = None
    was_cut: bool = False
    is_hopeless: bool = False

    @property
    def owner(self) -> Owner:
        return Owner(session_id=self.session, user_id=self.user)

    @property
    def effect(self) -> str | None:
        """Under which name the books note that it was done, if they do."""
        return self.mark

    def is_forgotten(self, books: Books) -> bool:
        """Whether somebody in its answer has been erased, and the kept answer with them."""
        del books
        return False

    def may(self, case: Case) -> bool:
        """Whether the reservations are the asker's, in any state since it began."""
        return all(any(map(self._owns, case.books.rows_since(each, case.since))) for each in self.ids)

    def _owns(self, row: Reservation) -> bool:
        return row.session_id == self.session or (self.user is not None and row.user_id == self.user)

    async def act(self, backend: Backend, keep: Keep) -> Any:
        """Put it to the service."""
        raise NotImplementedError

    def told(self, outcome: Any) -> Any:
        """What of the outcome is answered."""
        raise NotImplementedError

    def stands(self, told: Any, case: Case) -> bool:
        """Whether the books bear out what was answered."""
        raise NotImplementedError

    def answer(self, outcome: Any) -> Answer:
        """The answer; pure, as the service wants it."""
        return Answer(status=200, body=json.dumps(self.told(outcome)).encode())

    def deserves(self, refusal: Refusal, case: Case) -> bool:  # noqa: C901, PLR0911 - a table.
        """Whether the books, in any state since it began, bear out why it was turned down."""
        books, since = case.books, case.since
        stocks = [stock for each in self.types for stock in books.stocks_since(each, since)]
        rows = [row for each in self.ids for row in books.rows_since(each, since)]
        windows = [(stock.terms.window.start, stock.terms.window.end) for stock in stocks]
        details = refusal.details
        match refusal:
            case NotEnoughTickets():
                versions = books.stocks_since(details["ticketTypeId"], since)
                is_true = any(stock.available == details["available"] for stock in versions)
                return is_true and details["available"] < details["requested"]
            case SalesPaused():
                return any(stock.terms.paused for stock in stocks)
            case SalesClosed():
                return any(end is not None and end <= case.now for _, end in windows)
            case SalesNotOpen():
                return any(start is not None and start > case.began for start, _ in windows)
            case ReservationExpired():
                return any(row.status is ReservationStatus.EXPIRED or row.expires_at <= case.now for row in rows)
            case ReservationConverted():
                return any(row.status is ReservationStatus.CONVERTED for row in rows)
            case ReservationCancelled():
                return any(row.status is ReservationStatus.CANCELLED for row in rows)
            case Forbidden():
                return not all(map(self._owns, rows))
            case TotalTooLow():
                return any((stock.sold, stock.reserved) == (details["sold"], details["reserved"]) for stock in stocks)
            case HolderLimitReached():
                return books.held_since(self.session, since) + len(self.types) > details["limit"]
            case Invalid() | NotFound():
                return self.is_hopeless
            case _:
                return False


@dataclass(slots=True, kw_only=True, eq=False)
class ToReserve(Ask):
    """Hold ``lines`` for ``length`` ms."""

    lines: list[tuple[str, int]]
    length: int

    async def act(self, backend: Backend, keep: Keep) -> Any:
        return await backend.box_office.reserve(
            self.lines,
            session_id=self.session,
            user_id=self.user,
            duration_ms=self.length,
            metadata=self.mark,
            keep=keep,
        )

    def told(self, outcome: Any) -> Any:
        return [[each.id, each.ticket_type_id, each.quantity, each.expires_at, each.session_id] for each in outcome]

    def stands(self, told: Any, case: Case) -> bool:
        firsts = [case.books.rows[each[0]][0][1] for each in told if each[0] in case.books.rows]
        return self.told(firsts) == told and [(each[1], each[2]) for each in told] == self.lines


@dataclass(slots=True, kw_only=True, eq=False)
class ToExtend(Ask):
    """Have a hold last ``more`` ms longer."""

    more: int

    @property
    def effect(self) -> str:
        return f"{self.ids[0]}+{self.more}"

    async def act(self, backend: Backend, keep: Keep) -> Any:
        return await backend.box_office.extend(self.ids[0], self.owner, self.more, keep=keep)

    def told(self, outcome: Any) -> Any:
        return [outcome.expires_at, outcome.extensions]

    def stands(self, told: Any, case: Case) -> bool:
        return any([row.expires_at, row.extensions] == told for _, row in case.books.rows[self.ids[0]])

    def deserves(self, refusal: Refusal, case: Case) -> bool:
        if not isinstance(refusal, ExtensionLimitReached):
            return Ask.deserves(self, refusal, case)
        left, until = refusal.details["extensionsLeft"], refusal.details["maxExpiresAt"]
        rows = case.books.rows_since(self.ids[0], case.since)
        return any(not left or rfc3339(row.expires_at + self.more) > until for row in rows)


@dataclass(slots=True, kw_only=True, eq=False)
class ToRelease(Ask):
    """Give a hold back, as its buyer or, with ``by_operator``, as an operator."""

    by_operator: bool = False

    def may(self, case: Case) -> bool:
        return self.by_operator or Ask.may(self, case)

    @property
    def effect(self) -> str | None:
        return self.mark if self.by_operator else None

    async def act(self, backend: Backend, keep: Keep) -> Any:
        if self.by_operator:
            return await backend.help_desk.cancel(self.ids[0], by=self.mark, keep=keep)
        return await backend.box_office.release(self.ids[0], self.owner, keep=keep)

    def told(self, outcome: Any) -> Any:
        return [outcome.id, outcome.settled_at]

    def stands(self, told: Any, case: Case) -> bool:
        row = case.books.row(self.ids[0])
        return row.status is ReservationStatus.CANCELLED and [row.id, row.settled_at] == told


@dataclass(slots=True, kw_only=True, eq=False)
class ToAdopt(Ask):
    """Sign in, and take the session's holds over."""

    @property
    def effect(self) -> None:
        return None  # Each ticket type goes by itself.

    async def act(self, backend: Backend, keep: Keep) -> Any:
        del keep
        return await backend.box_office.adopt(self.session, self.user or "")

    def told(self, outcome: Any) -> Any:
        return outcome

    def stands(self, told: Any, case: Case) -> bool:
        books = case.books
        left = (
            row
            for holds in books.active.values()
            for row in holds.values()
            if row.session_id == self.session and row.user_id is None
        )
        # One that is extended at the very end may look overdue by what is committed.
        were_there = (
            row
            for row in left
            if books.rows[row.id][0][0] <= case.since
            and not any(state.expires_at <= case.now for state in books.rows_since(row.id, case.since))
        )
        return books.adopted[self.session, self.user] >= told and not any(were_there)


@dataclass(slots=True, kw_only=True, eq=False)
class ToSweep(Ask):
    """Release what is overdue."""

    @property
    def effect(self) -> None:
        return None  # It may stop half-way.

    async def act(self, backend: Backend, keep: Keep) -> Any:
        del keep
        expired, _ = await backend.sweeper.sweep("manual", by=self.mark)
        return expired

    def told(self, outcome: Any) -> Any:
        return outcome

    def stands(self, told: Any, case: Case) -> bool:
        books = case.books
        # A hold that a purchase of several has claimed is left to that.
        claimed = {each for intent in books.asked.values() if len(intent.buys) > 1 for each in intent.buys}
        left = (row for holds in books.active.values() for row in holds.values() if row.expires_at <= case.began)
        return books.expired >= told and not any(
            row.id not in claimed and books.rows[row.id][-1][0] <= case.since for row in left
        )
