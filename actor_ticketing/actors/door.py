"""The door: lets each ticket in once."""

from collections.abc import Collection
from dataclasses import replace

from actor_ticketing.actors.board import Board
from actor_ticketing.actors.journaling import Keep, write_entry
from actor_ticketing.clock import Clock
from actor_ticketing.domain.errors import NotFound, TicketAlreadyUsed, TicketForAnotherEvent
from actor_ticketing.domain.events import TicketCheckedIn
from actor_ticketing.domain.ports import Entry, Journal, Queries
from actor_ticketing.domain.purchase import CheckIn, Ticket
from actor_ticketing.turns import Turns


class Door:
    """Decides from the store, one at a time for each ticket, from the look at it to the commit.

    So it remembers no tickets, and a commit that fails leaves nothing to take back: the ticket may be scanned again.
    """

    def __init__(self, *, board: Board, journal: Journal, queries: Queries, clock: Clock) -> None:
        self.board = board
        self._journal = journal
        self._queries = queries
        self._clock = clock
        self._turns = Turns()

    async def check_in(
        self, code: str, *, ticket_type_ids: Collection[str] = (), by: str, keep: Keep | None = None
    ) -> Ticket:
        """Mark a ticket as used and return it, once that is durable.

        :param ticket_type_ids: what is let in here; nothing is everything.
        :param by: who lets it in.
        :raises NotFound: when there is no such ticket, or one of the ticket types does not exist.
        :raises TicketForAnotherEvent, TicketAlreadyUsed: when it is not to be let in.
        :raises Unavailable: when it could not be read or stored. It is not used then.
        """
        for ticket_type_id in ticket_type_ids:
            self.board.ticket_type(ticket_type_id)
        return await self._turns.take(code, self._check_in(code, ticket_type_ids, by, keep))

    async def stop(self) -> None:
        """Wait for those who stand in the door."""
        await self._turns.settled()

    async def _check_in(self, code: str, ticket_type_ids: Collection[str], by: str, keep: Keep | None) -> Ticket:
        ticket = await self._queries.ticket(code)
        if ticket is None:
            raise NotFound("ticket")
        if ticket_type_ids and ticket.ticket_type_id not in ticket_type_ids:
            raise TicketForAnotherEvent(ticket_type_id=ticket.ticket_type_id)
        if ticket.checked_in is not None:
            raise TicketAlreadyUsed(at=ticket.checked_in.at, by=ticket.checked_in.by)
        now = self._clock.now()
        admitted = replace(ticket, checked_in=CheckIn(at=now, by=by))
        answer = None if keep is None else keep(admitted)
        event = TicketCheckedIn(at=now, ticket=admitted, by=by)
        entry = Entry(events=[event], answer=answer, asked_by=None if keep is None else keep.asked_by)
        await write_entry(self._journal, entry)
        if keep is not None:
            keep.seq = entry.last_seq
        return admitted
