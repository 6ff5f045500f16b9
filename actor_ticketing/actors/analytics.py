"""How sales go, counted from the ledger beside the sale."""

import asyncio
from collections.abc import Hashable, Mapping
from typing import TypeVar

from actor_ticketing.actors.board import Board
from actor_ticketing.domain.analytics import Amount, Span, Tally
from actor_ticketing.domain.errors import Invalid
from actor_ticketing.domain.ports import Queries

K = TypeVar("K", bound=Hashable)

PORTION = 10_000
"""Ledger entries that are counted in one go, so that other reads have their turn in between."""


class Analytics:
    """Counts one question after another: however many ask, one read connection is busy at the most."""

    def __init__(self, *, board: Board, queries: Queries) -> None:
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
            after, until = await self._queries.positions(span.start, span.end)
            while after < until:
                upto = min(after + PORTION, until)
                whole = _together(whole, await self._queries.tally(span, after=after, until=upto))
                after = upto
        return whole


def _together(one: Tally, other: Tally) -> Tally:
    return Tally(
        happened=_summed(one.happened, other.happened),
        revenue={
            key: one.revenue.get(key, 0) + other.revenue.get(key, 0)
            for key in one.revenue.keys() | other.revenue.keys()
        },
        fates=_summed(one.fates, other.fates),
    )


def _summed(one: Mapping[K, Amount], other: Mapping[K, Amount]) -> dict[K, Amount]:
    summed = dict(one)
    for key, (reservations, tickets) in other.items():
        before = summed.get(key, (0, 0))
        summed[key] = (before[0] + reservations, before[1] + tickets)
    return summed
