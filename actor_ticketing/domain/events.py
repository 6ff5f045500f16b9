"""What has happened: the entries of the ledger, in the past tense. ``at`` is ms since the epoch.

``by`` is the operator who did it, where one did: a user's id, ``admin token``, or ``import``. Entries from before that
was noted have none.
"""

from typing import ClassVar

from actor_ticketing.domain.catalogue import Event, TicketType
from actor_ticketing.domain.purchase import Purchase, Ticket
from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.domain.values import value


@value
class DomainEvent:
    """Base of all. ``kind`` is its stable name in the ledger."""

    kind: ClassVar[str]
    at: int


@value
class ReservationCreated(DomainEvent):
    """Stock is held."""

    kind = "reservation.created"
    reservation: Reservation


@value
class ReservationExtended(DomainEvent):
    """The deadline moved; ``reservation`` has the new one."""

    kind = "reservation.extended"
    reservation: Reservation


@value
class ReservationRescheduled(DomainEvent):
    """At recovery the wall clock stood before ``reserved_at``, so the hold was started anew."""

    kind = "reservation.rescheduled"
    reservation: Reservation


@value
class ReservationAdopted(DomainEvent):
    """A guest signed in, and the hold is now the user's as well; ``reservation`` says whose."""

    kind = "reservation.adopted"
    reservation: Reservation


@value
class ReservationExpired(DomainEvent):
    """The deadline passed; the stock is back. ``by`` asked for the sweep that found it, if one did."""

    kind = "reservation.expired"
    reservation: Reservation
    by: str | None = None


@value
class ReservationCancelled(DomainEvent):
    """The buyer released it, or ``by`` did for them; the stock is back."""

    kind = "reservation.cancelled"
    reservation: Reservation
    by: str | None = None


@value
class ReservationConverted(DomainEvent):
    """The hold became tickets."""

    kind = "reservation.converted"
    purchase: Purchase

    @property
    def reservation(self) -> Reservation:
        """The reservation in its terminal state."""
        return self.purchase.reservation


ReservationEvent = (
    ReservationCreated
    | ReservationExtended
    | ReservationRescheduled
    | ReservationAdopted
    | ReservationExpired
    | ReservationCancelled
    | ReservationConverted
)


@value
class EventCreated(DomainEvent):
    """A show was added to the catalogue."""

    kind = "event.created"
    event: Event
    by: str | None = None


@value
class EventChanged(DomainEvent):
    """A show was changed."""

    kind = "event.changed"
    event: Event
    by: str | None = None


@value
class TicketTypeCreated(DomainEvent):
    """A ticket type was added, with ``total`` tickets."""

    kind = "ticket_type.created"
    ticket_type: TicketType
    total: int
    by: str | None = None


@value
class TicketTypeChanged(DomainEvent):
    """A ticket type has new terms, or another total."""

    kind = "ticket_type.changed"
    ticket_type: TicketType
    total: int
    by: str | None = None


@value
class TicketTypePaused(DomainEvent):
    """The sale was stopped for a while."""

    kind = "ticket_type.paused"
    ticket_type: TicketType
    by: str


@value
class TicketTypeResumed(DomainEvent):
    """The sale goes on."""

    kind = "ticket_type.resumed"
    ticket_type: TicketType
    by: str


CatalogueEvent = (
    EventCreated | EventChanged | TicketTypeCreated | TicketTypeChanged | TicketTypePaused | TicketTypeResumed
)


@value
class TicketCheckedIn(DomainEvent):
    """A ticket's holder was let in, and the ticket is used."""

    kind = "ticket.checked_in"
    ticket: Ticket
    by: str


LedgerEvent = ReservationEvent | CatalogueEvent | TicketCheckedIn
