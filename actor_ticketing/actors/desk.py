"""The organiser's desk: the catalogue as an admin changes it."""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from pykka._envelope import Envelope

from actor_ticketing.actors.board import Board
from actor_ticketing.actors.catalogue import CatalogueActor, ChangeEvent, CreateEvent, CreateTicketType, Listing
from actor_ticketing.actors.journaling import Keep, Order, accepted
from actor_ticketing.actors.roster import Roster
from actor_ticketing.actors.runtime import LoopFuture, reply_to_all
from actor_ticketing.clock import Clock
from actor_ticketing.domain.asking import Asker, request_of
from actor_ticketing.domain.catalogue import Event, SalesWindow, TicketType
from actor_ticketing.domain.commands import ChangeTicketType, SetPaused
from actor_ticketing.domain.errors import Draining
from actor_ticketing.domain.ids import Entropy, new_id
from actor_ticketing.domain.ports import Journal
from actor_ticketing.domain.telling import told

log = structlog.get_logger(__name__)


class Desk:
    """Every method returns after its commit, and raises a :class:`Refusal` when turned down.

    ``by`` is who does it, for the ledger.
    """

    def __init__(self, *, board: Board, roster: Roster, journal: Journal, clock: Clock, entropy: Entropy) -> None:
        self.board = board
        self._roster = roster
        self._journal = journal
        self._clock = clock
        self._entropy = entropy
        self._stopped = False
        self._replacing: asyncio.Task[None] | None = None
        self._catalogue = self._launch()

    async def create_event(
        self,
        *,
        event_id: str | None,
        title: str,
        venue: str,
        start_date: int,
        by: str | None = None,
        keep: Keep | None = None,
    ) -> Event:
        """Add an event; None makes an id.

        :raises AlreadyExists: when the id is taken.
        """
        event = Event(id=event_id or self._new_id("ev"), title=title, venue=venue, start_date=start_date)
        return await self._ask(CreateEvent(event=event, by=by), keep)  # type: ignore[no-any-return]

    async def change_event(
        self, event_id: str, changes: Mapping[str, Any], *, by: str | None = None, keep: Keep | None = None
    ) -> Event:
        """Change fields of an event by name.

        :raises NotFound: when there is none.
        """
        command = ChangeEvent(event_id=event_id, changes=changes, by=by)
        return await self._ask(command, keep)  # type: ignore[no-any-return]

    async def create_ticket_type(
        self,
        *,
        ticket_type_id: str | None,
        event_id: str,
        terms: Mapping[str, Any],
        window: SalesWindow,
        total: int,
        by: str | None = None,
        keep: Keep | None = None,
    ) -> Listing:
        """Add a ticket type; None makes an id.

        :raises NotFound, AlreadyExists, Invalid: no such event; the id is taken; the window ends before it starts.
        """
        ticket_type = TicketType(id=ticket_type_id or self._new_id("tt"), event_id=event_id, window=window, **terms)
        command = CreateTicketType(ticket_type=ticket_type, total=total, by=by)
        return await self._ask(command, keep)  # type: ignore[no-any-return]

    async def change_ticket_type(
        self,
        ticket_type_id: str,
        changes: Mapping[str, Any],
        *,
        window: Mapping[str, int | None],
        total: int | None,
        by: str | None = None,
        keep: Keep | None = None,
    ) -> Listing:
        """Change terms and ends of the on-sale window by name, and the total unless None.

        :raises NotFound, TotalTooLow, Invalid: no such type; below what is sold and held; the window is upside down.
        """
        self.board.ticket_type(ticket_type_id)
        command = ChangeTicketType(changes=changes, window=window, total=total, by=by)
        return accepted(await self._roster.ask(ticket_type_id, Order(command=command, keep=keep)))  # type: ignore[no-any-return]

    async def set_paused(self, ticket_type_id: str, *, paused: bool, by: str, keep: Keep | None = None) -> Listing:
        """Stop the sale of a ticket type for a while, or let it go on. What is held stays, and may be bought.

        :raises NotFound: no such type.
        """
        self.board.ticket_type(ticket_type_id)
        order = Order(command=SetPaused(paused=paused, by=by), keep=keep)
        return accepted(await self._roster.ask(ticket_type_id, order))  # type: ignore[no-any-return]

    async def _ask(self, command: Any, keep: Keep | None) -> Any:
        future = LoopFuture()
        # Straight into the mailbox: after a defect the mail waits there for the next catalogue actor.
        self._catalogue.actor_inbox.put(Envelope(Order(command=command, keep=keep), reply_to=future))
        return accepted(await future.aio)

    def storage_failed(self) -> None:
        """Take back, in this very step, what the catalogue had decided on the strength of commits that failed."""
        if not self._stopped:
            self._replace()

    async def stop(self) -> None:
        """Stop the catalogue actor. Mail that is still there is answered with a 503."""
        self._stopped = True
        if self._replacing is not None:
            self._replacing.cancel()
            await asyncio.gather(self._replacing, return_exceptions=True)
        reply_to_all(self._catalogue.fence(), Draining())

    def _launch(self) -> CatalogueActor:
        return CatalogueActor.launch(self.board, self._journal, self._clock, self._broke)

    def _broke(self, error: BaseException, asked_by: Asker | None) -> None:
        log.error("catalogue_broke", error=told(error), exc_info=error, **request_of(asked_by))
        self._replacing = asyncio.create_task(self._replace_when_settled())

    async def _replace_when_settled(self) -> None:
        # What it had decided has to be on the board before another one starts from there.
        await self._journal.settled()
        if not self._catalogue.is_running:
            self._replace()

    def _replace(self) -> None:
        mail = self._catalogue.fence()
        self._catalogue = self._launch()
        for envelope in mail:
            self._catalogue.actor_inbox.put(envelope)

    def _new_id(self, prefix: str) -> str:
        return f"{prefix}_{new_id(self._clock.now(), self._entropy)}"
