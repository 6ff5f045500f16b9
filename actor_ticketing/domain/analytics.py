"""What the ledger is asked about sales: how many, when, and what became of it."""

from collections.abc import Mapping
from dataclasses import field

from actor_ticketing.domain.reservation import ReservationStatus
from actor_ticketing.domain.values import value

Amount = tuple[int, int]
"""How many reservations, and how many tickets in them."""


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
    """What a portion of the ledger comes to.

    :ivar happened: by point and kind of ledger entry.
    :ivar revenue: in minor units, by point and currency.
    :ivar fates: what has become, by now, of the holds made in the span.
    """

    happened: Mapping[tuple[int, str], Amount] = field(default_factory=dict)
    revenue: Mapping[tuple[int, str], int] = field(default_factory=dict)
    fates: Mapping[ReservationStatus, Amount] = field(default_factory=dict)
