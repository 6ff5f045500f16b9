"""Tentative claims: how several actors change in one step, or none of them does."""

from collections.abc import Sequence
from typing import Protocol

from actor_ticketing.domain.asking import Asker
from actor_ticketing.domain.catalogue import Counters
from actor_ticketing.domain.commands import Convert, Reserve
from actor_ticketing.domain.events import LedgerEvent, ReservationConverted
from actor_ticketing.domain.inventory import Inventory
from actor_ticketing.domain.outcomes import converted, created
from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.domain.values import value


class Claimed(Protocol):
    """The actor that gives a claim, as far as the claim has to know it."""

    ticket_type_id: str
    inventory: Inventory

    @property
    def is_running(self) -> bool:
        """Whether it still decides; a claim on one that does not is void."""

    def unpark(self) -> None:
        """Ask again what hung on a claim."""

    def commit_begins(self) -> None:
        """Count an entry that somebody has journaled for it."""

    def commit_ends(self) -> None:
        """The journal has settled that entry."""

    def doubt(self, error: BaseException, asked_by: Asker | None = None) -> None:
        """Have it rebuilt."""


@value
class ClaimStock:
    """Claim what a reserve asks for, without writing anything; the reply is a :class:`StockClaim`."""

    reserve: Reserve


@value
class ClaimHolds:
    """Claim holds for conversion, without writing anything; the reply is a :class:`HoldsClaim`."""

    conversions: Sequence[Convert]


class Claim:
    """A tentative claim on one actor. Exactly one of :meth:`confirm` and :meth:`let_go` ends it.

    The box office calls these from outside the actor's mailbox. That is sound because both run on the one loop, and it
    is needed because several actors must change in one synchronous step.
    """

    def __init__(self, actor: Claimed) -> None:
        self._actor = actor

    @property
    def ticket_type_id(self) -> str:
        """Whose stock it is."""
        return self._actor.ticket_type_id

    @property
    def is_valid(self) -> bool:
        """Whether the actor is still the one that gave it."""
        return self._actor.is_running

    def confirm(self, now: int) -> Sequence[LedgerEvent]:
        """Make it real in memory; return the events, which the caller journals in the same step."""
        events = self._events(now)
        self._end()
        for event in events:
            self._actor.inventory.apply(event)
        self._actor.commit_begins()
        return events

    def settled(self) -> None:
        """The journal has settled what :meth:`confirm` returned."""
        self._actor.commit_ends()

    def let_go(self) -> None:
        """Drop it."""
        if self.is_valid:
            self._end()

    def doubt(self, error: BaseException, asked_by: Asker | None = None) -> None:
        """Have the actor rebuilt: a confirmation went wrong half-way."""
        self._actor.doubt(error, asked_by)

    def counters(self) -> Counters:
        """The actor's stock as it stands."""
        return self._actor.inventory.counters()

    def _end(self) -> None:
        self._release()
        self._actor.unpark()

    def _events(self, now: int) -> Sequence[LedgerEvent]:
        raise NotImplementedError

    def _release(self) -> None:
        raise NotImplementedError


class StockClaim(Claim):
    """A claim on stock, to become reservations."""

    def __init__(self, actor: Claimed, reserve: Reserve, quantity: int) -> None:
        super().__init__(actor)
        self._reserve = reserve
        self._quantity = quantity

    def _events(self, now: int) -> Sequence[LedgerEvent]:
        # The hold begins now: its buyer has waited for the other ticket types, and gets the whole time all the same.
        return created(self._actor.inventory.ticket_type, self._reserve, now)

    def _release(self) -> None:
        self._actor.inventory.let_go_stock(self._quantity)


class HoldsClaim(Claim):
    """A claim on holds, to become tickets."""

    def __init__(self, actor: Claimed, conversions: Sequence[Convert], now: int) -> None:
        super().__init__(actor)
        self._conversions = conversions
        self._now = now
        self._holds: list[Reservation] = actor.inventory.claim_holds(conversions, now)

    def _events(self, now: int) -> Sequence[ReservationConverted]:
        # As of the claim, when the holds were live.
        del now
        return [
            converted(hold, command, self._now) for hold, command in zip(self._holds, self._conversions, strict=True)
        ]

    def _release(self) -> None:
        self._actor.inventory.let_go_holds(self._holds)
