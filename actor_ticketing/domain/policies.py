"""The rules an operator can set: how many, how long, how often."""

from actor_ticketing.domain.catalogue import ALWAYS, TicketType
from actor_ticketing.domain.errors import Invalid, SalesClosed, SalesNotOpen, SalesPaused
from actor_ticketing.domain.extensions import ExtensionRules
from actor_ticketing.domain.values import value


@value
class HoldPolicy:
    """Bounds of a hold: durations in ms, both inclusive; ``max_quantity`` tickets in one reservation."""

    default_ms: int
    min_ms: int
    max_ms: int
    max_quantity: int

    def duration(self, asked_ms: int | None) -> int:
        """Return the hold duration in ms for what the client asked, None being the default.

        :raises Invalid: outside the bounds.
        """
        if asked_ms is None:
            return self.default_ms
        if not self.min_ms <= asked_ms <= self.max_ms:
            raise Invalid.field(
                "expirationMinutes", f"must be {self.min_ms / 1_000:g} s to {self.max_ms / 60_000:g} min"
            )
        return asked_ms

    def check_quantity(self, ticket_type: TicketType, quantity: int) -> None:
        """Check what one request asks of one type, its lines summed.

        :raises Invalid: above the type's maximum or the service's.
        """
        limit = self.max_quantity
        if ticket_type.max_per_reservation is not None:
            limit = min(limit, ticket_type.max_per_reservation)
        if quantity > limit:
            raise Invalid.field("quantity", f"at most {limit} tickets of this type can be reserved at once")


def check_on_sale(ticket_type: TicketType, now: int) -> None:
    """Check the on-sale window, and that nobody has stopped the sale inside it.

    :raises SalesNotOpen, SalesClosed, SalesPaused: in this order.
    """
    window = ticket_type.window
    if window is not ALWAYS:
        if not window.has_opened(now):
            raise SalesNotOpen
        if window.has_closed(now):
            raise SalesClosed
    if ticket_type.paused:
        raise SalesPaused


@value
class Policies:
    """All rules a ticket type is sold by."""

    hold: HoldPolicy
    extension: ExtensionRules
