"""What has become durable, checked line by line against rules that are said anew here, as simply as can be."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from actor_ticketing.config import Settings
from actor_ticketing.domain.catalogue import Counters, TicketType
from actor_ticketing.domain.events import (
    EventChanged,
    EventCreated,
    ReservationAdopted,
    ReservationCancelled,
    ReservationConverted,
    ReservationCreated,
    ReservationExpired,
    ReservationExtended,
    ReservationRescheduled,
    TicketCheckedIn,
    TicketTypeChanged,
    TicketTypeCreated,
    TicketTypePaused,
    TicketTypeResumed,
)
from actor_ticketing.domain.ports import Entry
from actor_ticketing.domain.purchase import CheckIn, Purchase, Ticket
from actor_ticketing.domain.reservation import Reservation, ReservationStatus

ACTIVE = ReservationStatus.ACTIVE
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Stock:
    """One ticket type at one position of the ledger."""

    terms: TicketType
    total: int
    sold: int
    reserved: int

    @property
    def available(self) -> int:
        return self.total - self.sold - self.reserved


@dataclass(slots=True)
class Intent:
    """What one request may do, once: ``lines`` that it may hold, reservations that it may buy."""

    lines: list[tuple[str, int]] = field(default_factory=list)
    buys: frozenset[str] = frozenset()


class Broken(Exception):
    """The books break a rule."""


class Books:
    """All that is durable, with its past.

    :ivar done: by the mark of a request: the position of the ledger at which it had its effect.
    :ivar void: marks of requests that were told that nothing was changed.
    :ivar latest: when the latest batch was written, ms since the epoch.
    :ivar asked: by mark, what each request may do.
    :ivar erased: addresses of people who have asked to be forgotten.
    """

    def __init__(self, settings: Settings, blame: Callable[[str], None]) -> None:
        self._holds = settings.holds
        self._extensions = settings.extensions
        self._blame = blame
        self.seq = 0
        self.stocks: dict[str, list[tuple[int, Stock]]] = {}
        self.rows: dict[str, list[tuple[int, Reservation]]] = {}
        self.active: dict[str, dict[str, Reservation]] = {}
        self.purchases: dict[str, Purchase] = {}
        self.tickets: dict[str, Ticket] = {}
        self.done: dict[str, int] = {}
        self.void: set[str] = set()
        self.asked: dict[str, Intent] = {}
        self.erased: set[str] = set()
        self.expired = 0
        self.latest = 0
        self.adopted: Counter[tuple[str, str | None]] = Counter()
        self._held_by: dict[str, list[tuple[int, int]]] = {}

    def row(self, reservation_id: str) -> Reservation:
        """A reservation as it stands."""
        return self.rows[reservation_id][-1][1]

    def stock(self, ticket_type_id: str) -> Stock:
        """A ticket type as it stands."""
        return self.stocks[ticket_type_id][-1][1]

    def stocks_since(self, ticket_type_id: str, seq: int) -> list[Stock]:
        """Every state a ticket type has had from a position of the ledger on."""
        return _since(self.stocks[ticket_type_id], seq)

    def rows_since(self, reservation_id: str, seq: int) -> list[Reservation]:
        """Every state a reservation has had from a position of the ledger on."""
        return _since(self.rows[reservation_id], seq)

    def held_since(self, session_id: str, seq: int) -> int:
        """The most reservations a session has held at one time from a position of the ledger on."""
        return max(_since(self._held_by.get(session_id, [(0, 0)]), seq))

    def deadlines(self) -> list[int]:
        """When the ACTIVE reservations end."""
        return [hold.expires_at for holds in self.active.values() for hold in holds.values()]

    def take(self, batch: Sequence[Entry], now: int) -> None:
        """Check what is about to be written, and note it.

        :param now: the process's time, ms since the epoch.
        """
        self.latest = now
        try:
            for entry in batch:
                self._take(entry, now)
        except Broken as broken:
            self._blame(f"the books: {broken}")

    def _take(self, entry: Entry, now: int) -> None:
        if entry.events:
            _require(entry.first_seq == self.seq + 1, "after {} comes {}", self.seq, entry.first_seq)
        reservations = [event.reservation for event in entry.events if hasattr(event, "reservation")]
        is_bulk = len({each.ticket_type_id for each in reservations}) > 1
        touched = {each.ticket_type_id for each in reservations}
        for event in entry.events:
            self.seq += 1
            _require(event.at <= now, "{} is from the future", event)
            match event:
                case ReservationCreated(reservation=hold):
                    self._create(hold, event.at, is_bulk=is_bulk)
                case ReservationConverted(purchase=purchase):
                    self._convert(purchase, event.at)
                case TicketCheckedIn(ticket=ticket, by=by):
                    self._admit(ticket, event.at, by)
                case TicketTypeCreated(ticket_type=terms, total=total):
                    self._list(terms, total, event.by)
                case TicketTypeChanged() | TicketTypePaused() | TicketTypeResumed():
                    touched.add(self._set_terms(event, event.ticket_type))
                case EventCreated() | EventChanged():
                    pass
                case _:
                    self._change(event)
        self._check_intents(entry)
        self._check_counters(entry.counters, touched)

    def _check_intents(self, entry: Entry) -> None:
        """A request has all of its effect in one entry, or none."""
        made: dict[str, list[tuple[str, int]]] = {}
        bought: dict[str, set[str]] = {}
        for event in entry.events:
            if isinstance(event, ReservationCreated):
                hold = event.reservation
                made.setdefault(hold.metadata or "", []).append((hold.ticket_type_id, hold.quantity))
            elif isinstance(event, ReservationConverted) and event.purchase.transaction.buyer is not None:
                bought.setdefault(event.purchase.transaction.buyer.full_name, set()).add(event.reservation.id)
        for mark, lines in made.items():
            _require(sorted(lines) == sorted(self.asked[mark].lines), "{} holds {}, and not what it asked", mark, lines)
            self._effect(mark)
        for mark, ids in bought.items():
            _require(ids == self.asked[mark].buys, "{} bought {}, and not what it asked", mark, ids)
            self._effect(mark)

    def _list(self, terms: TicketType, total: int, by: str | None) -> None:
        _require(terms.id not in self.stocks, "{} is made twice", terms.id)
        self._effect(by)
        self.stocks[terms.id] = [(self.seq, Stock(terms, total, 0, 0))]
        self.active[terms.id] = {}

    def _set_terms(self, event: TicketTypeChanged | TicketTypePaused | TicketTypeResumed, terms: TicketType) -> str:
        self._effect(event.by)
        if isinstance(event, TicketTypeChanged):
            self._set(terms.id, terms=terms, total=event.total)
        else:
            _require(self.stock(terms.id).terms.paused != terms.paused, "{} was so already", terms.id)
            self._set(terms.id, terms=terms)
        return terms.id

    def _effect(self, mark: str | None) -> None:
        if mark is not None:
            _require(mark not in self.void, "{} was told that nothing has changed", mark)
            _require(mark not in self.done, "{} has its effect twice", mark)
            self.done[mark] = self.seq

    def _check_counters(self, counters: Sequence[Counters], touched: set[str]) -> None:
        _require({each.ticket_type_id for each in counters} == touched, "counters of {} for {}", counters, touched)
        for each in counters:
            stock = self.stock(each.ticket_type_id)
            first = min((hold.expires_at for hold in self.active[each.ticket_type_id].values()), default=None)
            said = (each.total, each.sold, each.reserved, each.next_deadline)
            _require(
                said == (stock.total, stock.sold, stock.reserved, first), "{}, but it is {}, {}", each, stock, first
            )

    def _set(self, ticket_type_id: str, *, reserved: int = 0, sold: int = 0, **changes: Any) -> None:
        former = self.stock(ticket_type_id)
        stock = replace(former, reserved=former.reserved + reserved, sold=former.sold + sold, **changes)
        _require(stock.available >= 0 and stock.sold >= 0 and stock.reserved >= 0, "oversold: {}", stock)
        self.stocks[ticket_type_id].append((self.seq, stock))

    def _create(self, hold: Reservation, at: int, *, is_bulk: bool) -> None:
        _require(hold.id not in self.rows, "{} is made twice", hold.id)
        terms, length = self.stock(hold.ticket_type_id).terms, hold.expires_at - hold.reserved_at
        _require(hold.status is ACTIVE and hold.reserved_at == at and not hold.extensions, "{} is born old", hold)
        bounds = self._holds.min_seconds * 1_000, self._holds.max_minutes * 60_000
        _require(bounds[0] <= length <= bounds[1], "{} lasts {} ms", hold, length)
        _require((hold.unit_price, hold.currency) == (terms.price, terms.currency), "{} at another price", hold)
        # Those of several ticket types were claimed, and judged, before.
        _require(is_bulk or _is_on_sale(terms, at), "{} although it is not on sale", hold)
        limit, held = self._holds.max_active_per_session, self._count_held(hold.session_id, 1)
        _require(not limit or held <= limit, "{} holds too much", hold.session_id)
        self.rows[hold.id] = [(self.seq, hold)]
        self.active[hold.ticket_type_id][hold.id] = hold
        self._set(hold.ticket_type_id, reserved=hold.quantity)

    def _change(self, event: Any) -> None:
        new, old, at = event.reservation, self.row(event.reservation.id), event.at
        _require(old.status is ACTIVE, "{} of what is {}", event, old.status)
        match event:
            case ReservationExpired():
                _require(at >= old.expires_at, "{} expires {} ms early", old.id, old.expires_at - at)
                should, self.expired = replace(old, status=ReservationStatus.EXPIRED, settled_at=at), self.expired + 1
            case ReservationCancelled(by=by):
                _require(at < old.expires_at, "{} is cancelled when it is overdue", old.id)
                self._effect(by)
                should = replace(old, status=ReservationStatus.CANCELLED, settled_at=at)
            case ReservationExtended():
                more = new.expires_at - old.expires_at
                self._effect(f"{old.id}+{more}")
                limit = old.reserved_at + self._extensions.max_total_minutes * 60_000
                _require(at < old.expires_at, "{} is extended when it is overdue", old.id)
                _require(new.extensions <= self._extensions.max_count, "{} is extended too often", old.id)
                _require(more > 0 and new.expires_at <= limit, "{} is extended by {} ms", old.id, more)
                should = replace(old, expires_at=new.expires_at, extensions=old.extensions + 1)
            case ReservationAdopted():
                _require(at < old.expires_at and old.user_id is None, "{} is somebody's, or overdue", old.id)
                self.adopted[old.session_id, new.user_id] += 1
                should = replace(old, user_id=new.user_id)
            case ReservationRescheduled():
                _require(at < old.reserved_at, "{} is not from the future", old.id)
                should = replace(old, reserved_at=at, expires_at=at + old.expires_at - old.reserved_at)
            case _:
                raise Broken(f"nobody knows {event}")
        self._move(old, new, should)

    def _convert(self, purchase: Purchase, at: int) -> None:
        new, old = purchase.reservation, self.row(purchase.reservation.id)
        _require(old.status is ACTIVE, "{} is bought when it is {}", old.id, old.status)
        _require(at < old.expires_at, "{} is bought {} ms late", old.id, at - old.expires_at)
        _require(len(purchase.tickets) == old.quantity, "{} tickets for {}", len(purchase.tickets), old)
        for ticket in purchase.tickets:
            _require(ticket.code not in self.tickets, "{} is made twice", ticket.code)
            self.tickets[ticket.code] = ticket
        self.purchases[old.id] = purchase
        self._move(old, new, replace(old, status=ReservationStatus.CONVERTED, settled_at=at))

    def _move(self, old: Reservation, new: Reservation, should: Reservation) -> None:
        _require(new == should, "{} should be {}", new, should)
        self.rows[new.id].append((self.seq, new))
        if new.status is ACTIVE:
            self.active[new.ticket_type_id][new.id] = new
            return
        del self.active[new.ticket_type_id][new.id]
        self._count_held(new.session_id, -1)
        is_sold = new.status is ReservationStatus.CONVERTED
        self._set(new.ticket_type_id, reserved=-old.quantity, sold=old.quantity if is_sold else 0)

    def _count_held(self, session_id: str, more: int) -> int:
        history = self._held_by.setdefault(session_id, [(0, 0)])
        history.append((self.seq, history[-1][1] + more))
        return history[-1][1]

    def _admit(self, ticket: Ticket, at: int, by: str) -> None:
        present = self.tickets[ticket.code]
        _require(present.checked_in is None, "{} is used twice", ticket.code)
        used = ticket.checked_in
        _require(used == CheckIn(at=at, by=by), "{} is used by {}", ticket.code, used)
        self._effect(by)
        self.tickets[ticket.code] = ticket


def _is_on_sale(terms: TicketType, at: int) -> bool:
    start, end = terms.window.start, terms.window.end
    return not terms.paused and (start is None or start <= at) and (end is None or at < end)


def _since(history: list[tuple[int, S]], seq: int) -> list[S]:
    first = max((at for at, (known, _) in enumerate(history) if known <= seq), default=0)
    return [state for _, state in history[first:]]


def _require(holds: object, problem: str, *about: object) -> None:
    if not holds:
        raise Broken(problem.format(*about))
