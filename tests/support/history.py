"""Entries as the actors would journal them: one ticket type's life, told by the domain itself."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

from actor_ticketing.domain.catalogue import Event, SalesWindow, TicketType
from actor_ticketing.domain.commands import (
    Adopt,
    ChangeTicketType,
    Convert,
    ExpireDue,
    Extend,
    Line,
    NewTicket,
    Release,
    Reserve,
    SetPaused,
)
from actor_ticketing.domain.events import (
    EventChanged,
    EventCreated,
    LedgerEvent,
    ReservationRescheduled,
    TicketCheckedIn,
    TicketTypeCreated,
)
from actor_ticketing.domain.extensions import ExtensionPolicy, ExtensionRules
from actor_ticketing.domain.inventory import Inventory
from actor_ticketing.domain.policies import HoldPolicy, Policies
from actor_ticketing.domain.ports import Entry, StoredAnswer
from actor_ticketing.domain.purchase import CheckIn, Person, Purchase, Ticket
from actor_ticketing.domain.reservation import Owner, Reservation
from support.service import ADA

BOB = Person(full_name='Bób "Ω" Ünïcode', identity_type="id", identity_number="7")
NOW = 1_800_000_000_000
POLICIES = Policies(
    hold=HoldPolicy(default_ms=600_000, min_ms=1, max_ms=3_600_000, max_quantity=10_000),
    extension=ExtensionRules(
        max_count=3, max_total_ms=3_600_000, hold_ms=600_000, hold_ms_max=3_600_000, wait_ms=120_000
    ),
)
EVENT = Event(id="ev", title="Spring Concert", venue="City Hall", start_date=5)
_numbers = count(1)


def ticket_type(ticket_type_id: str = "tt", *, event_id: str = "ev") -> TicketType:
    """The terms of a ticket type."""
    return TicketType(id=ticket_type_id, event_id=event_id, name="Stalls", price=4500, currency="EUR")


def event_listed(event: Event = EVENT) -> Entry:
    """An event is put on sale."""
    return Entry(events=[EventCreated(at=NOW, event=event)])


def event_changed(event: Event) -> Entry:
    """An event is changed."""
    return Entry(events=[EventChanged(at=NOW, event=event)])


def type_listed(terms: TicketType | None = None, *, total: int = 10) -> Entry:
    """A ticket type is put on sale."""
    return Entry(events=[TicketTypeCreated(at=NOW, ticket_type=terms or ticket_type(), total=total)])


def answer_kept(key: str, *, body: bytes = b"{}", created_at: int = NOW, caller: bytes = b"caller") -> Entry:
    """An answer is kept for an Idempotency-Key."""
    return Entry(
        answer=StoredAnswer(caller=caller, key=key, fingerprint=b"\0\xff", status=201, body=body, created_at=created_at)
    )


class Shop:
    """One ticket type: every step returns the entry for the journal, and has had its effect in memory."""

    def __init__(self, terms: TicketType | None = None, *, total: int = 10) -> None:
        self.inventory = Inventory(terms or ticket_type(), POLICIES, total=total)
        self.last: LedgerEvent | None = None

    @property
    def reservation(self) -> Reservation:
        """The reservation of the latest step."""
        return self.last.reservation  # type: ignore[union-attr]

    @property
    def purchase(self) -> Purchase:
        """The purchase of the latest step."""
        return self.last.purchase  # type: ignore[union-attr]

    def reserve(
        self, quantity: int = 1, *, session: str = "s", user: str | None = None, now: int = NOW, ms: int = 600_000
    ) -> Entry:
        """Hold stock."""
        number = next(_numbers)
        line = Line(reservation_id=f"r{number:06}", quantity=quantity)
        command = Reserve(lines=(line,), session_id=session, user_id=user, duration_ms=ms, metadata='{"a":1}')
        return self._entry(self.inventory.reserve(command, now))

    def extend(self, held: Reservation, ms: int = 1_000, *, now: int = NOW) -> Entry:
        """Move a deadline."""
        command = Extend(reservation_id=held.id, owner=Owner(session_id=held.session_id), additional_ms=ms)
        return self._entry(self.inventory.extend(command, now))

    def restart(self, now: int) -> Entry:
        """Start the latest hold anew, as recovery does when the clock has gone back."""
        return self._entry([ReservationRescheduled(at=now, reservation=self.reservation.restarted(now))])

    def release(self, held: Reservation, *, now: int = NOW) -> Entry:
        """Give stock back."""
        command = Release(reservation_id=held.id, owner=Owner(session_id=held.session_id))
        return self._entry(self.inventory.release(command, now))

    def adopt(self, held: Reservation, user: str, *, now: int = NOW) -> Entry:
        """A guest signs in."""
        command = Adopt(reservation_ids=(held.id,), session_id=held.session_id, user_id=user)
        return self._entry(self.inventory.adopt(command, now))

    def buy(self, held: Reservation, *, now: int = NOW) -> Entry:
        """Turn a hold into tickets."""
        number = next(_numbers)
        command = Convert(
            reservation_id=held.id,
            owner=Owner(session_id=held.session_id, user_id=held.user_id),
            transaction_id=f"x{number:06}",
            buyer=ADA,
            tickets=tuple(
                NewTicket(id=f"k{number:06}-{each}", code=f"TICKET-{number}-{each}", holder=BOB)
                for each in range(held.quantity)
            ),
        )
        return self._entry(self.inventory.convert(command, now))

    def check_in(self, ticket: Ticket, *, by: str = "boss", now: int = NOW) -> Entry:
        """Use a ticket."""
        return Entry(events=[TicketCheckedIn(at=now, ticket=replace(ticket, checked_in=CheckIn(at=now, by=by)), by=by)])

    def expire(self, now: int) -> Entry:
        """Release what is overdue."""
        return self._entry(self.inventory.expire_due(now, limit=ExpireDue(limit=100).limit))

    def change(self, *, total: int | None = None, **changes: object) -> Entry:
        """Sell on other terms."""
        window = {name: changes.pop(name) for name in ("start", "end") if name in changes}
        command = ChangeTicketType(changes=changes, window=window, total=total)  # type: ignore[arg-type]
        return self._entry(self.inventory.change(command, NOW))

    def set_paused(self, *, paused: bool, by: str = "boss") -> Entry:
        """Stop the sale, or let it go on."""
        return self._entry(self.inventory.set_paused(SetPaused(paused=paused, by=by), NOW))

    def _entry(self, events: Sequence[LedgerEvent]) -> Entry:
        for event in events:
            self.inventory.apply(event)
            self.last = event
        type_id = self.inventory.ticket_type.id
        return Entry(events=events, counters=[self.inventory.counters()], ticket_type_ids=[type_id])


def long_history() -> list[Entry]:
    """A bit of everything."""
    shop, other = Shop(total=20), Shop(ticket_type("other", event_id="later"), total=5)
    entries = [
        event_listed(Event(id="later", title="Später", venue="v", start_date=9)),
        event_listed(),
        type_listed(other.inventory.ticket_type, total=5),
        type_listed(total=20),
        event_changed(replace(EVENT, venue="Town Hall")),
        shop.change(
            price=100,
            name="Stålls",
            max_per_reservation=9,
            extension_policy=ExtensionPolicy.ACCESSIBLE,
            start=1,
            end=NOW * 2,
        ),
    ]
    held = []
    for quantity, session, user in ((1, "s", None), (2, "s", "u"), (3, "t", "u"), (4, "t", None), (1, "s", None)):
        entries.append(shop.reserve(quantity, session=session, user=user, now=NOW + quantity, ms=60_000 * quantity))
        held.append(shop.reservation)
    entries += [shop.extend(held[1]), shop.extend(shop.reservation), shop.buy(held[2]), shop.release(held[3])]
    entries += [shop.adopt(held[4], "u")]
    entries += [shop.expire(NOW + 60_001), shop.change(total=6), other.reserve(5, session="s", user="u")]
    entries += [other.buy(other.reservation), other.change(end=3), answer_kept("k"), answer_kept("l", body=b"\0\xff")]
    return entries


__all__ = ["SalesWindow", "Shop", "answer_kept", "event_changed", "event_listed", "long_history", "type_listed"]
