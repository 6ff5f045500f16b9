"""What is on sale: events and their ticket types."""

from actor_ticketing.domain.errors import Invalid
from actor_ticketing.domain.extensions import ExtensionPolicy
from actor_ticketing.domain.values import value


@value
class Event:
    """One show. ``start_date``: ms since the epoch."""

    id: str
    title: str
    venue: str
    start_date: int


@value
class SalesWindow:
    """When reserve is accepted: from ``start`` (inclusive) to ``end`` (exclusive), ms since the epoch, None is open."""

    start: int | None = None
    end: int | None = None

    def require_order(self) -> None:
        """Check that it does not end before it starts.

        :raises Invalid: when it does.
        """
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise Invalid.field("salesEnd", "must be after salesStart")

    def has_opened(self, now: int) -> bool:
        """Whether ``now`` is not before the window."""
        return self.start is None or self.start <= now

    def has_closed(self, now: int) -> bool:
        """Whether ``now`` is past the window."""
        return self.end is not None and self.end <= now


ALWAYS = SalesWindow()
"""The window of what is always on sale."""


@value
class TicketType:
    """The terms on which one kind of ticket is sold. Its stock is in :class:`Counters`.

    ``price`` is in the minor unit of ``currency`` (ISO 4217). ``max_per_reservation``: None leaves only the service's
    own bound. ``extension_policy``: None follows the service's own. ``paused``: an operator has stopped its sale for a
    while.
    """

    id: str
    event_id: str
    name: str
    price: int
    currency: str
    max_per_reservation: int | None = None
    window: SalesWindow = ALWAYS
    extension_policy: ExtensionPolicy | None = None
    paused: bool = False

    def is_on_sale(self, now: int) -> bool:
        """Whether reserve is accepted now, if there is stock."""
        return self.window.has_opened(now) and not self.window.has_closed(now) and not self.paused


@value
class Counters:
    """The stock of one ticket type at one point of the ledger.

    ``next_deadline``: when the next hold ends, ms since the epoch; None when nothing is held.
    """

    ticket_type_id: str
    total: int
    sold: int
    reserved: int
    next_deadline: int | None = None

    @property
    def available(self) -> int:
        """What can be reserved: ``total == sold + reserved + available``, always."""
        return self.total - self.sold - self.reserved
