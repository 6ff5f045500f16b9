"""Extension policies: how often a hold may be extended, and how long it may last in all.

A policy is a pure function: from what the operator has set and how great the demand is, to :class:`Bounds`. What it
grants is looked up anew at every extension, so a policy never takes back time that was granted.
"""

from collections.abc import Callable
from enum import StrEnum

from actor_ticketing.domain.errors import ExtensionLimitReached
from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.domain.values import value

ACCESSIBLE_COUNT = 10
"""WCAG 2.2, success criterion 2.2.1: a time limit can be extended at least so often."""


class ExtensionPolicy(StrEnum):
    """The policies, by the names that an operator chooses them by."""

    STANDARD = "standard"
    ACCESSIBLE = "accessible"
    STRICT = "strict"
    DEMAND_AWARE = "demand_aware"


class Limit(StrEnum):
    """The rule by which a hold gets no more time, or not as much as was asked."""

    COUNT = "count"
    """It was extended as often as it may be."""
    TOTAL = "total"
    """It would last longer than it may in all."""
    NOT_OFFERED = "not_offered"
    """No hold of this type is extended."""
    STOCK_IS_LOW = "stock_is_low"
    """As long as little is left, extensions are fewer and holds shorter."""
    OTHERS_WAIT = "others_wait"
    """Nothing is left, and somebody was turned away for it."""


@value
class Demand:
    """What is left of a ticket type, and who waits for it.

    :ivar turned_away_at: when somebody was last refused for lack of stock, ms since the epoch; None: nobody was.
    """

    total: int
    available: int
    turned_away_at: int | None
    now: int

    def others_wait(self, wait_ms: int) -> bool:
        """Whether somebody was turned away within the last ``wait_ms``."""
        return self.turned_away_at is not None and self.now - self.turned_away_at < wait_ms


@value
class Room:
    """How far one hold can still be extended.

    :ivar left: how many more extensions the count allows.
    :ivar max_expires_at: the latest deadline that the total allows, whatever is left; never before the present one.
    :ivar limit: why there is no room at all; None while there is some.
    """

    left: int
    max_expires_at: int
    limit: Limit | None


@value
class Bounds:
    """What a policy grants a hold: extensions in all, and ms from ``reserved_at`` in all.

    :ivar because: why they are tighter than usual; None where they are not.
    :ivar usual: what they would be otherwise, if they are tighter.
    """

    count: int
    total_ms: int
    because: Limit | None = None
    usual: "Bounds | None" = None

    def room(self, hold: Reservation) -> Room:
        """How far they let a hold be extended."""
        return Room(
            left=max(0, self.count - hold.extensions),
            max_expires_at=self._latest(hold),
            limit=self.limit(hold, hold.expires_at + 1),
        )

    def extend(self, hold: Reservation, additional_ms: int) -> Reservation:
        """Return it with ``additional_ms``, at least 1, counted from its present deadline.

        :raises ExtensionLimitReached: past the count or the total; it is never shortened to fit.
        """
        expires_at = hold.expires_at + additional_ms
        if (limit := self.limit(hold, expires_at)) is not None:
            room = self.room(hold)
            raise ExtensionLimitReached(extensions_left=room.left, max_expires_at=room.max_expires_at, limit=limit)
        return hold.moved_to(expires_at, extensions=hold.extensions + 1)

    def _latest(self, hold: Reservation) -> int:
        return max(hold.expires_at, hold.reserved_at + self.total_ms)

    def limit(self, hold: Reservation, expires_at: int) -> Limit | None:
        """Why a hold is not extended until then, if it is not. What calm would refuse as well is not laid to demand."""
        if hold.extensions >= self.count:
            limit = Limit.COUNT if self.count else Limit.NOT_OFFERED
        elif expires_at > self._latest(hold):
            limit = Limit.TOTAL
        else:
            return None
        if self.because is None:
            return limit
        return (self.usual and self.usual.limit(hold, expires_at)) or self.because


@value
class ExtensionRules:
    """What an operator has set. Durations in ms.

    :ivar policy: that of ticket types without one of their own.
    :ivar max_count: extensions of one hold.
    :ivar max_total_ms: the longest a hold may last with all its extensions.
    :ivar hold_ms: the length of a hold for which none was asked.
    :ivar hold_ms_max: the longest that may be asked.
    :ivar wait_ms: how long somebody who was turned away counts as waiting.
    """

    policy: ExtensionPolicy = ExtensionPolicy.STANDARD
    max_count: int
    max_total_ms: int
    hold_ms: int
    hold_ms_max: int
    wait_ms: int

    def bounds(self, own: ExtensionPolicy | None, demand: Demand) -> Bounds:
        """What is granted at present. ``own``: the ticket type's policy; None follows :attr:`policy`."""
        return _POLICIES[own or self.policy](self, demand)


def standard(rules: ExtensionRules, _: Demand) -> Bounds:
    """As often and as long as the operator has set."""
    return Bounds(count=rules.max_count, total_ms=rules.max_total_ms)


def accessible(rules: ExtensionRules, _: Demand) -> Bounds:
    """At least ten times; ten extensions as long as a usual hold fit into the total, however long the hold was made."""
    return Bounds(
        count=max(rules.max_count, ACCESSIBLE_COUNT),
        total_ms=max(rules.max_total_ms, rules.hold_ms_max + ACCESSIBLE_COUNT * rules.hold_ms),
    )


def strict(_: ExtensionRules, __: Demand) -> Bounds:
    """Never."""
    return Bounds(count=0, total_ms=0)


def demand_aware(rules: ExtensionRules, demand: Demand) -> Bounds:
    """As :func:`standard` while half of the stock is there; then half of that; and nothing while others wait for it."""
    usual = standard(rules, demand)
    if not usual.count or 2 * demand.available >= demand.total:
        return usual
    if demand.available <= 0 and demand.others_wait(rules.wait_ms):
        return Bounds(count=0, total_ms=0, because=Limit.OTHERS_WAIT, usual=usual)
    return Bounds(count=(usual.count + 1) // 2, total_ms=usual.total_ms // 2, because=Limit.STOCK_IS_LOW, usual=usual)


_POLICIES: dict[ExtensionPolicy, Callable[[ExtensionRules, Demand], Bounds]] = {
    ExtensionPolicy.STANDARD: standard,
    ExtensionPolicy.ACCESSIBLE: accessible,
    ExtensionPolicy.STRICT: strict,
    ExtensionPolicy.DEMAND_AWARE: demand_aware,
}
