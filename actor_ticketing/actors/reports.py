"""Everything that was reserved, bought or made, for a file: a portion at a time, so that no sale waits for it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from typing import Protocol, TypeVar

from actor_ticketing.actors.board import Board
from actor_ticketing.actors.courtesy import Courtesy
from actor_ticketing.domain.ports import Queries, SaleRecord
from actor_ticketing.domain.purchase import Ticket
from actor_ticketing.domain.reservation import Reservation


class _Row(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def ticket_type_id(self) -> str: ...


R = TypeVar("R", bound=_Row)

_REST_SECONDS = 0.25
"""Some thirty times what a portion takes to be read and written."""


class Reports:
    """Each portion is as of the moment it is read. Iterating raises :class:`StorageUnavailable` when it cannot be.

    ``types`` are the ticket types that count; None is all.
    """

    def __init__(self, *, board: Board, queries: Queries) -> None:
        self._board = board
        self._queries = queries

    def reservations(self, types: Collection[str] | None) -> AsyncIterator[Sequence[Reservation]]:
        """All reservations, in whatever state, oldest first."""
        return self._portions(self._queries.reservations_after, types)

    def transactions(self, types: Collection[str] | None) -> AsyncIterator[Sequence[SaleRecord]]:
        """All transactions, oldest first."""
        return self._portions(self._queries.transactions_after, types)

    def tickets(self, types: Collection[str] | None) -> AsyncIterator[Sequence[Ticket]]:
        """All tickets, oldest first."""
        return self._portions(self._queries.tickets_after, types)

    async def _portions(
        self, look: Callable[[str], Awaitable[Sequence[R]]], types: Collection[str] | None
    ) -> AsyncIterator[Sequence[R]]:
        courtesy = Courtesy(self._board, at_most=_REST_SECONDS)
        portion = await look("")
        while portion:
            yield [row for row in portion if types is None or row.ticket_type_id in types]
            await courtesy.rest()
            portion = await look(portion[-1].id)
