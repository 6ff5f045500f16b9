"""The actor of the catalogue: adds and changes events, and adds ticket types. A ticket type's own actor changes it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from actor_ticketing.actors.board import Board
from actor_ticketing.actors.journaling import JournalingActor, Order
from actor_ticketing.clock import Clock
from actor_ticketing.domain.asking import Asker
from actor_ticketing.domain.catalogue import Counters, Event, TicketType
from actor_ticketing.domain.errors import AlreadyExists, NotFound, Refusal
from actor_ticketing.domain.events import CatalogueEvent, EventChanged, EventCreated, TicketTypeCreated
from actor_ticketing.domain.ports import Journal
from actor_ticketing.domain.values import value

Listing = tuple[TicketType, Counters]


@value
class CreateEvent:
    """Add an event; the outcome is the :class:`Event`."""

    event: Event
    by: str | None = None


@value
class ChangeEvent:
    """Change fields of an event, by name; the outcome is the :class:`Event`."""

    event_id: str
    changes: Mapping[str, Any]
    by: str | None = None


@value
class CreateTicketType:
    """Add a ticket type with ``total`` tickets; the outcome is the :class:`TicketType` and its :class:`Counters`."""

    ticket_type: TicketType
    total: int
    by: str | None = None


class CatalogueActor(JournalingActor):
    """Knows the events, and the ids that are taken: those of the board, and what it has decided itself.

    :param on_broken: told when an unexpected exception has left the state in doubt, and at whose request; the actor is
        stopped by then.
    """

    def __init__(
        self, board: Board, journal: Journal, clock: Clock, on_broken: Callable[[BaseException, Asker | None], None]
    ) -> None:
        super().__init__(journal)
        self._on_broken = on_broken
        self._clock = clock
        self._events = dict(board.events)
        self._listed = board.ticket_types
        self._coming: set[str] = set()

    def on_receive(self, message: Order) -> Any:
        """Decide one command; reply when it is durable."""
        try:
            event, outcome = self._decide(message.command, self._clock.now())
        except Refusal as refusal:
            return self.after_commits(refusal, message.asked_by)
        return self.commit((event,), outcome, keep=message.keep)

    def doubt(self, error: BaseException, asked_by: Asker | None = None) -> None:
        """Have it replaced."""
        self._on_broken(error, asked_by)

    def _decide(self, command: Any, now: int) -> tuple[CatalogueEvent, Event | Listing]:
        match command:
            case CreateEvent(event=event, by=by):
                if event.id in self._events:
                    raise AlreadyExists("event")
                self._events[event.id] = event
                return EventCreated(at=now, event=event, by=by), event
            case ChangeEvent(event_id=event_id, changes=changes, by=by):
                if event_id not in self._events:
                    raise NotFound("event")
                event = self._events[event_id] = replace(self._events[event_id], **changes)
                return EventChanged(at=now, event=event, by=by), event
            case CreateTicketType(ticket_type=ticket_type, total=total, by=by):
                if ticket_type.event_id not in self._events:
                    raise NotFound("event")
                if ticket_type.id in self._listed or ticket_type.id in self._coming:
                    raise AlreadyExists("ticket type")
                ticket_type.window.require_order()
                self._coming.add(ticket_type.id)
                return TicketTypeCreated(at=now, ticket_type=ticket_type, total=total, by=by), (
                    ticket_type,
                    Counters(ticket_type_id=ticket_type.id, total=total, sold=0, reserved=0),
                )
            case _:
                raise TypeError(f"the catalogue does not decide {command!r}")
