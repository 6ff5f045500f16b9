"""The committed state that reads are answered from, kept in step with the journal."""

from collections.abc import Callable, Iterator, Mapping

import structlog

from actor_ticketing.actors.holders import Holders
from actor_ticketing.actors.live import LiveHolds
from actor_ticketing.domain.catalogue import Counters, Event, TicketType
from actor_ticketing.domain.errors import NotFound
from actor_ticketing.domain.events import (
    EventChanged,
    EventCreated,
    LedgerEvent,
    ReservationAdopted,
    ReservationCancelled,
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
from actor_ticketing.domain.ports import CatalogueRecord, Entry
from actor_ticketing.domain.reservation import Reservation

log = structlog.get_logger(__name__)


class Board:
    """What is committed: the catalogue, every ticket type's counters, where each live hold is, and the ledger position.

    :ivar seq: the ledger position of the last commit seen.
    :ivar live: every live hold.
    :ivar on_abandoned: told of each hold that its buyer lets go or lets expire.
    """

    def __init__(self, holders: Holders) -> None:
        self.seq = 0
        self.events: dict[str, Event] = {}
        self.ticket_types: dict[str, TicketType] = {}
        self.counters: dict[str, Counters] = {}
        self.live = LiveHolds()
        self.holders = holders
        self.on_abandoned: Callable[[Reservation], None] | None = None
        self._types_of: dict[str, list[str]] = {}

    def recover(self, catalogue: CatalogueRecord) -> None:
        """Begin from what the store has."""
        self.seq = catalogue.seq
        for event in catalogue.events:
            self._add_event(event)
        for ticket_type in catalogue.ticket_types:
            self._add_ticket_type(ticket_type)
        self.counters.update(catalogue.counters)

    def recover_stock(self, counters: Counters, holds: Mapping[str, Reservation]) -> None:
        """Note the live holds of a ticket type that the store has."""
        self.counters[counters.ticket_type_id] = counters
        self.live.recover(holds)
        if self.holders.are_limited:
            for hold in holds.values():
                self.holders.recover(hold)

    def event(self, event_id: str) -> Event:
        """Return one event.

        :raises NotFound: when there is none.
        """
        event = self.events.get(event_id)
        if event is None:
            raise NotFound("event")
        return event

    def ticket_type(self, ticket_type_id: str) -> TicketType:
        """Return the terms of one ticket type.

        :raises NotFound: when there is none.
        """
        ticket_type = self.ticket_types.get(ticket_type_id)
        if ticket_type is None:
            raise NotFound("ticket_type")
        return ticket_type

    def ticket_types_of(self, event_id: str) -> Iterator[TicketType]:
        """The ticket types of one event, in the order in which they were listed."""
        return (self.ticket_types[ticket_type_id] for ticket_type_id in self._types_of.get(event_id, ()))

    def apply(self, entry: Entry) -> None:
        """Take over one committed entry. The journal calls this in commit order."""
        self.seq = entry.last_seq
        for stock in entry.counters:
            self.counters[stock.ticket_type_id] = stock
        for event in entry.events:
            self._apply(event)

    def _apply(self, event: LedgerEvent) -> None:  # noqa: C901, PLR0912 - a table.
        match event:
            case ReservationCreated(reservation=hold):
                self.live.add(hold)
                if self.holders.are_limited:
                    self.holders.made(hold)
            case ReservationExtended(reservation=hold) | ReservationRescheduled(reservation=hold):
                self.live.replace(hold)
            case ReservationAdopted(reservation=hold):
                self.live.adopt(hold)
                if self.holders.are_limited:
                    self.holders.adopted(hold)
            case EventCreated(event=show):
                self._add_event(show)
            case EventChanged(event=show):
                self.events[show.id] = show
            case TicketTypeCreated(ticket_type=ticket_type, total=total):
                self._add_ticket_type(ticket_type)
                self.counters[ticket_type.id] = Counters(ticket_type_id=ticket_type.id, total=total, sold=0, reserved=0)
            case (
                TicketTypeChanged(ticket_type=ticket_type)
                | TicketTypePaused(ticket_type=ticket_type)
                | TicketTypeResumed(ticket_type=ticket_type)
            ):
                self.ticket_types[ticket_type.id] = ticket_type
            case TicketCheckedIn():
                pass  # The door asks the store.
            case _:
                hold = event.reservation
                self.live.remove(hold)
                if self.holders.are_limited:
                    self.holders.ended(hold)
                if self.on_abandoned is not None and _was_abandoned(event):
                    self._tell_abandoned(self.on_abandoned, hold)

    def _tell_abandoned(self, whom: Callable[[Reservation], None], hold: Reservation) -> None:
        try:
            whom(hold)
        except Exception:
            # This is said in the middle of a commit's settlement, which must not hang on who counts what.
            log.exception("abandoned_not_counted")

    def _add_event(self, event: Event) -> None:
        self.events[event.id] = event
        self._types_of[event.id] = []

    def _add_ticket_type(self, ticket_type: TicketType) -> None:
        self.ticket_types[ticket_type.id] = ticket_type
        self._types_of[ticket_type.event_id].append(ticket_type.id)


def _was_abandoned(event: LedgerEvent) -> bool:
    return isinstance(event, ReservationExpired) or (isinstance(event, ReservationCancelled) and event.by is None)
