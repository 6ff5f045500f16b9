"""How sales go, counted from the ledger beside the sale."""

import asyncio

from actor_ticketing.actors.board import Board
from actor_ticketing.actors.courtesy import Courtesy
from actor_ticketing.domain.analytics import PORTION, SalesQueries, Span, Tally
from actor_ticketing.domain.errors import Invalid

_REST_SECONDS = 0.1
"""Some three times what a portion takes. SQLite adds it up without Python's lock, and somebody waits for the answer."""


class Analytics:
    """Counts one question after another: however many ask, one read connection is busy at the most."""

    def __init__(self, *, board: Board, queries: SalesQueries) -> None:
        self._board = board
        self._queries = queries
        self._turn = asyncio.Lock()

    def types_of(self, event_id: str | None, ticket_type_id: str | None) -> frozenset[str] | None:
        """The ticket types of an event, or one of them; None when neither is named, which is all.

        :raises NotFound, Invalid: when there is no such event or ticket type; when it is another event's.
        """
        if ticket_type_id is not None:
            terms = self._board.ticket_type(ticket_type_id)
            if event_id is not None and terms.event_id != self._board.event(event_id).id:
                raise Invalid.field("ticketTypeId", "is a ticket type of another event")
            return frozenset([ticket_type_id])
        if event_id is not None:
            return frozenset(terms.id for terms in self._board.ticket_types_of(self._board.event(event_id).id))
        return None

    async def complete_from(self) -> int | None:
        """From when on the ledger has everything, ms since the epoch; None: from its beginning.

        :raises StorageUnavailable: when it cannot be read.
        """
        until = await self._queries.archived_until()
        return None if until is None else until + 1

    async def sales(self, span: Span) -> Tally:
        """What the ledger tells of a span.

        :raises StorageUnavailable: when it cannot be read.
        """
        whole = Tally()
        async with self._turn:
            courtesy = Courtesy(self._board, at_most=_REST_SECONDS)
            after, until = await self._queries.positions(span.start, span.end)
            while after < until:
                upto = min(after + PORTION, until)
                whole += await self._queries.tally(span, after=after, until=upto)
                await courtesy.rest()
                after = upto
        return whole
