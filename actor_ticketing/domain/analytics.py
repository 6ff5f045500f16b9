"""What the ledger is asked about sales: how many, when, and what became of it."""

from collections.abc import Iterable, Mapping
from dataclasses import field, fields
from itertools import chain
from typing import Any, Protocol

from actor_ticketing.domain.archives import ArchiveQueries
from actor_ticketing.domain.values import value

Sums = Mapping[tuple[Any, ...], tuple[int, ...]]
"""Amounts, by what they are of."""

PORTION = 10_000
"""Ledger entries that are counted in one go, so that other reads have their turn in between."""


@value
class Span:
    """A stretch of time in points of equal length, the last of which may be cut off. All in ms.

    :ivar start: ms since the epoch, inclusive.
    :ivar end: exclusive.
    :ivar ticket_type_ids: only these count; None is all.
    """

    start: int
    end: int
    bucket: int
    ticket_type_ids: frozenset[str] | None = None

    @property
    def points(self) -> int:
        """How many points it has."""
        return -(-(self.end - self.start) // self.bucket)

    def takes(self, at: int, ticket_type_id: str) -> bool:
        """Whether what happened to a ticket type at an instant counts."""
        return self.start <= at < self.end and (self.ticket_type_ids is None or ticket_type_id in self.ticket_type_ids)

    def point_of(self, at: int) -> int:
        """The number of the point in which an instant lies, from 0."""
        return (at - self.start) // self.bucket


@value
class Tally:
    """What a portion of the ledger comes to. Amounts of money are in minor units.

    :ivar happened: reservations and tickets, by point and kind of ledger entry.
    :ivar revenue: amount, by point and currency.
    :ivar takings: reservations, tickets and amount of what was sold, by ticket type and currency.
    :ivar fates: reservations, tickets and extensions of the holds made in the span, by what has become of them by now,
        and whether (0 or 1) they have been extended.
    :ivar waits: how many purchases came so many seconds after their hold, rounded up.
    :ivar brought: reservations, tickets and amount, by currency, of purchases that came when the deadline would have
        passed, had it not been extended.
    :ivar lost: tickets times ms for which holds that expired had held them, by ticket type.
    :ivar rates: tickets reserved, by a length of time in ms and the number of that length since the epoch; only those
        that are :func:`~actor_ticketing.domain.rates.notable`.
    """

    happened: Sums = field(default_factory=dict)
    revenue: Sums = field(default_factory=dict)
    takings: Sums = field(default_factory=dict)
    fates: Sums = field(default_factory=dict)
    waits: Sums = field(default_factory=dict)
    brought: Sums = field(default_factory=dict)
    lost: Sums = field(default_factory=dict)
    rates: Sums = field(default_factory=dict)

    def __add__(self, other: "Tally") -> "Tally":
        """Two portions together."""
        return Tally(
            **{
                each.name: summed(chain(getattr(self, each.name).items(), getattr(other, each.name).items()))
                for each in fields(self)
            }
        )


def summed(pairs: Iterable[tuple[tuple[Any, ...], tuple[int, ...]]]) -> Sums:
    """Add up what is of the same."""
    found: dict[tuple[Any, ...], tuple[int, ...]] = {}
    for key, amounts in pairs:
        before = found.get(key)
        found[key] = amounts if before is None else tuple(a + b for a, b in zip(before, amounts, strict=True))
    return found


def folded(sums: Sums, *kept: int) -> Sums:
    """Add up what differs only in other parts of its key than those that are kept, which are named by position."""
    return summed((tuple(key[each] for each in kept), amounts) for key, amounts in sums.items())


class SalesQueries(ArchiveQueries, Protocol):
    """Reads of it. Every method raises :class:`StorageUnavailable` when the store cannot be read."""

    async def positions(self, start: int, end: int) -> tuple[int, int]:
        """Where all ledger entries of a stretch of time (ms since the epoch) stand: after one position, up to another.

        Others may stand there too.
        """

    async def tally(self, span: Span, *, after: int, until: int) -> Tally:
        """What lies in the span, of the ledger entries after one position and up to another."""
