"""Everything that was reserved, bought or made, for a file: a portion at a time, so that no sale waits for it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from typing import Protocol, TypeVar

from actor_ticketing.domain.ports import Queries, SaleRecord
from actor_ticketing.domain.purchase import Ticket
from actor_ticketing.domain.reservation import Reservation


class _Row(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def ticket_type_id(self) -> str: ...


R = TypeVar("R", bound=_Row)


class Reports:
    """Each portion is as of the moment it is read. Iterating raises :class:`StorageUnavailable` when it cannot be.

    ``types`` are the ticket types that count; None is all.
    """

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def reservations(self, types: Collection[str] | None) -> AsyncIterator[Sequence[Reservation]]:
        """All reservations, in whatever state, oldest first."""
        return _portions(self._queries.reservations_after, types)

    def transactions(self, types: Collection[str] | None) -> AsyncIterator[Sequence[SaleRecord]]:
        """All transactions, oldest first."""
        return _portions(self._queries.transactions_after, types)

    def tickets(self, types: Collection[str] | None) -> AsyncIterator[Sequence[Ticket]]:
        """All tickets, oldest first."""
        return _portions(self._queries.tickets_after, types)


async def _portions(
    look: Callable[[str], Awaitable[Sequence[R]]], types: Collection[str] | None
) -> AsyncIterator[Sequence[R]]:
    portion = await look("")
    while portion:
        yield [row for row in portion if types is None or row.ticket_type_id in types]
        portion = await look(portion[-1].id)
