"""The books as a history: the ledger replayed, entry by entry."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

from actor_ticketing.domain import events
from actor_ticketing.domain.reservation import ReservationStatus
from actor_ticketing.persistence.books import PROBLEMS_MAX

LEGAL = "every ledger entry is a step that was allowed"
HISTORY = "sold and reserved fit into the total at every ledger entry"
RESERVATIONS = "every reservation is as the ledger left it"
ADOPTIONS = "every reservation was adopted at most once, and has a user then"

_OUTCOMES = {
    events.ReservationExpired.kind: ReservationStatus.EXPIRED,
    events.ReservationCancelled.kind: ReservationStatus.CANCELLED,
    events.ReservationConverted.kind: ReservationStatus.CONVERTED,
}

FIELDS = (
    "ticket_type_id",
    "quantity",
    "unit_price",
    "reserved_at",
    "expires_at",
    "extensions",
    "status",
    "settled_at",
)
"""The columns of a reservation that the ledger determines."""

_values = attrgetter(*FIELDS)
_RESERVATION = f"SELECT {', '.join(FIELDS)} FROM reservations WHERE id = ?"  # noqa: S608 - only constants.
# The row of a reservation comes along with the entry that settles it, so that it need not be kept in memory.
_LEDGER = f"""
    SELECT l.seq, l.at, l.kind, l.event_id, l.ticket_type_id, l.reservation_id, l.data,
           {", ".join(f"r.{column}" for column in FIELDS)}
    FROM ledger l
    LEFT JOIN reservations r ON r.id = l.reservation_id AND l.kind IN ({str(list(_OUTCOMES))[1:-1]})
    WHERE l.seq > ? AND l.seq <= ?
    ORDER BY l.seq
"""  # noqa: S608 - only constants.


class _Entry(NamedTuple):
    seq: int
    at: int
    kind: str
    event_id: str | None
    ticket_type_id: str | None
    reservation_id: str | None
    data: dict[str, Any]
    row: tuple[Any, ...]

    def __str__(self) -> str:
        return f"ledger entry {self.seq} ({self.kind})"


@dataclass(slots=True)
class Hold:
    """The columns of :data:`FIELDS`, and whether it was adopted."""

    ticket_type_id: str
    quantity: int
    unit_price: int
    reserved_at: int
    expires_at: int
    extensions: int = 0
    status: str = ReservationStatus.ACTIVE
    settled_at: int | None = None
    is_adopted: bool = False


@dataclass(slots=True)
class Stock:
    """One ticket type: the columns of its terms, and its counters."""

    terms: tuple[Any, ...]
    total: int
    sold: int = 0
    reserved: int = 0
    checked_in: int = 0
    has_fitted: bool = True

    @property
    def is_paused(self) -> int:
        """The last of its terms."""
        return self.terms[-1]  # type: ignore[no-any-return]


class _Illegal(Exception):
    """The entry cannot have happened; the message says why. It is left out of the replay."""


def _named(its_id: str | None) -> str:
    if its_id is None:
        raise _Illegal("does not say what it concerns")
    return its_id


class Replay:
    """The state after the entries taken so far.

    Settled reservations are held against their rows at once and forgotten, so that memory grows with the reservations
    that are ACTIVE at the same time, not with all there ever were.

    :ivar holds: every reservation that is ACTIVE, by id.
    :ivar stock: every ticket type, by id.
    :ivar shows: every event, by id, as (id, title, venue, start date).
    :ivar problems: sentences by the name of the check they belong to.
    :ivar taken: how many entries it has taken.
    :ivar created: how many reservations were created until now.
    """

    def __init__(self) -> None:
        self.holds: dict[str, Hold] = {}
        self.stock: dict[str, Stock] = {}
        self.shows: dict[str, tuple[Any, ...]] = {}
        self.problems: dict[str, list[str]] = {name: [] for name in (LEGAL, HISTORY, RESERVATIONS, ADOPTIONS)}
        self.taken = 0
        self.created = 0
        self._steps: dict[str, Callable[[_Entry], None]] = {
            events.ReservationCreated.kind: self._create,
            events.ReservationExtended.kind: self._extend,
            events.ReservationRescheduled.kind: self._restart,
            events.ReservationAdopted.kind: self._adopt,
            **dict.fromkeys(_OUTCOMES, self._settle),
            events.EventCreated.kind: self._show,
            events.EventChanged.kind: self._show,
            events.TicketTypeCreated.kind: self._terms,
            events.TicketTypeChanged.kind: self._terms,
            events.TicketTypePaused.kind: self._pause,
            events.TicketTypeResumed.kind: self._pause,
            events.TicketCheckedIn.kind: self._check_in,
        }

    def _note(self, name: str, problem: str) -> None:
        if len(self.problems[name]) < PROBLEMS_MAX:
            self.problems[name].append(problem)

    def take(self, connection: sqlite3.Connection, after: int, until: int) -> None:
        """Take the entries after one position and up to another. What they settle is held against its row."""
        decode = json.JSONDecoder().raw_decode
        found = connection.execute(_LEDGER, (after, until))
        for seq, at, kind, event_id, ticket_type_id, reservation_id, text, *row in found:
            self.taken += 1
            try:
                data, _ = decode(text)
                entry = _Entry(seq, at, kind, event_id, ticket_type_id, reservation_id, data, tuple(row))
                self._steps[kind](entry)
            except _Illegal as reason:
                self._note(LEGAL, f"ledger entry {seq} ({kind}) {reason}")
            except (ValueError, LookupError, TypeError) as error:
                self._note(LEGAL, f"ledger entry {seq} ({kind}) cannot be understood: {error!r}")

    def compare_live(self, connection: sqlite3.Connection) -> None:
        """Hold the reservations that are ACTIVE at the end of the ledger against their rows.

        :param connection: in the read transaction in which the end was taken, so that both are of one instant.
        """
        for reservation_id, hold in self.holds.items():
            self._compare(reservation_id, hold, connection.execute(_RESERVATION, (reservation_id,)).fetchone())

    def _create(self, entry: _Entry) -> None:
        reservation_id = _named(entry.reservation_id)
        if reservation_id in self.holds:
            raise _Illegal(f"creates reservation {reservation_id}, which is ACTIVE already")
        hold = Hold(
            ticket_type_id=_named(entry.ticket_type_id),
            quantity=entry.data["quantity"],
            unit_price=entry.data["unitPrice"],
            reserved_at=entry.at,
            expires_at=entry.data["expiresAt"],
        )
        stock = self.stock.get(hold.ticket_type_id)
        if stock is None:
            raise _Illegal(f"concerns ticket type {entry.ticket_type_id}, which does not exist by then")
        stock.reserved += hold.quantity
        self.holds[reservation_id] = hold
        self.created += 1
        self._check_fit(entry, stock)

    def _extend(self, entry: _Entry) -> None:
        hold = self._active(entry)
        hold.expires_at = entry.data["expiresAt"]
        hold.extensions += 1

    def _restart(self, entry: _Entry) -> None:
        hold = self._active(entry)
        hold.reserved_at, hold.expires_at = entry.at, entry.data["expiresAt"]

    def _adopt(self, entry: _Entry) -> None:
        # By whom, the ledger does not say: it knows nobody.
        hold = self._active(entry)
        if hold.is_adopted:
            self._note(ADOPTIONS, f"{entry} adopts reservation {entry.reservation_id} for the second time")
        hold.is_adopted = True

    def _settle(self, entry: _Entry) -> None:
        hold, reservation_id = self._active(entry), _named(entry.reservation_id)
        stock = self.stock[hold.ticket_type_id]
        hold.status, hold.settled_at = _OUTCOMES[entry.kind], entry.at
        del self.holds[reservation_id]
        stock.reserved -= hold.quantity
        if hold.status == ReservationStatus.CONVERTED:
            stock.sold += hold.quantity
        self._check_fit(entry, stock)
        self._compare(reservation_id, hold, entry.row)

    def _show(self, entry: _Entry) -> None:
        show_id = _named(entry.event_id)
        self._check_novelty("event", show_id, is_new=entry.kind == events.EventCreated.kind, known=self.shows)
        data = entry.data
        self.shows[show_id] = (show_id, data["title"], data["venue"], data["startDate"])

    def _terms(self, entry: _Entry) -> None:
        type_id, data = _named(entry.ticket_type_id), entry.data
        is_new = entry.kind == events.TicketTypeCreated.kind
        self._check_novelty("ticket type", type_id, is_new=is_new, known=self.stock)
        if entry.event_id not in self.shows:
            raise _Illegal(f"puts ticket type {type_id} into event {entry.event_id}, which does not exist by then")
        terms = (
            type_id,
            entry.event_id,
            *(data[key] for key in ("name", "price", "currency", "maxPerReservation", "salesStart", "salesEnd")),
            data.get("extensionPolicy"),  # Entries from before there were policies do not say.
            0 if is_new else self.stock[type_id].is_paused,
        )
        if is_new:
            self.stock[type_id] = Stock(terms=terms, total=data["total"])
        else:
            self.stock[type_id].terms = terms
            self.stock[type_id].total = data["total"]
        self._check_fit(entry, self.stock[type_id])

    def _pause(self, entry: _Entry) -> None:
        type_id, paused = _named(entry.ticket_type_id), int(entry.kind == events.TicketTypePaused.kind)
        stock = self.stock.get(type_id)
        if stock is None or stock.is_paused == paused:
            raise _Illegal(f"concerns ticket type {type_id}, which is not {'on sale' if paused else 'paused'} by then")
        stock.terms = (*stock.terms[:-1], paused)

    def _check_in(self, entry: _Entry) -> None:
        # That each ticket is used once is proved by a query: all that were used need not be in memory for it.
        type_id = _named(entry.ticket_type_id)
        stock = self.stock.get(type_id)
        if stock is None or stock.checked_in == stock.sold:
            raise _Illegal(f"uses a ticket of {type_id}, of which all that were sold by then are used")
        stock.checked_in += 1

    def _active(self, entry: _Entry) -> Hold:
        hold = self.holds.get(_named(entry.reservation_id))
        if hold is None:
            raise _Illegal(f"concerns reservation {entry.reservation_id}, which is not ACTIVE by then")
        if (entry.data["quantity"], entry.ticket_type_id) != (hold.quantity, hold.ticket_type_id):
            self._note(
                LEGAL,
                f"{entry} is about {entry.data['quantity']} of ticket type {entry.ticket_type_id}, reservation "
                f"{entry.reservation_id} was made for {hold.quantity} of {hold.ticket_type_id}",
            )
        is_overdue = hold.expires_at <= entry.at
        # Recovery starts holds anew when the clock has gone back, so which of the two comes first means nothing there.
        if entry.kind != events.ReservationRescheduled.kind and is_overdue != (
            entry.kind == events.ReservationExpired.kind
        ):
            self._note(
                LEGAL,
                f"{entry} of reservation {entry.reservation_id} is at {entry.at}, "
                f"{'after' if is_overdue else 'before'} its deadline {hold.expires_at}",
            )
        return hold

    @staticmethod
    def _check_novelty(what: str, its_id: str, *, is_new: bool, known: dict[str, Any]) -> None:
        if is_new and its_id in known:
            raise _Illegal(f"creates {what} {its_id}, which exists already")
        if not is_new and its_id not in known:
            raise _Illegal(f"changes {what} {its_id}, which does not exist by then")

    def _check_fit(self, entry: _Entry, stock: Stock) -> None:
        fits = stock.sold >= 0 <= stock.reserved and stock.sold + stock.reserved <= stock.total
        if stock.has_fitted and not fits:
            self._note(
                HISTORY,
                f"after {entry} ticket type {stock.terms[0]} has {stock.sold} sold and {stock.reserved} reserved of "
                f"{stock.total}",
            )
        stock.has_fitted = fits

    def _compare(self, reservation_id: str, hold: Hold, present: tuple[Any, ...] | None) -> None:
        told = _values(hold)
        if told == present:
            return
        if present is None or present[0] is None:
            self._note(RESERVATIONS, f"reservation {reservation_id} is in the ledger, and there is no such row")
            return
        differences = [
            f"{column} {there}, by the ledger {here}"
            for column, here, there in zip(FIELDS, told, present, strict=True)
            if here != there
        ]
        self._note(RESERVATIONS, f"reservation {reservation_id} has {'; '.join(differences)}")
