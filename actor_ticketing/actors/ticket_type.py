"""The actor of one ticket type: it handles commands one at a time, so there is nothing to lock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from pykka._envelope import Envelope

from actor_ticketing.actors.claims import Claim, ClaimHolds, ClaimStock, HoldsClaim, StockClaim
from actor_ticketing.actors.doing import Doing
from actor_ticketing.actors.journaling import JournalingActor, Keep, Order
from actor_ticketing.actors.runtime import Pending
from actor_ticketing.clock import Clock
from actor_ticketing.domain.asking import Asker
from actor_ticketing.domain.catalogue import Counters, TicketType
from actor_ticketing.domain.commands import (
    Adopt,
    Cancel,
    ChangeTicketType,
    Convert,
    ExpireDue,
    Extend,
    Release,
    Reserve,
    SetPaused,
)
from actor_ticketing.domain.errors import Refusal
from actor_ticketing.domain.events import LedgerEvent, TicketTypeChanged
from actor_ticketing.domain.inventory import Contended, Inventory
from actor_ticketing.domain.ports import Journal
from actor_ticketing.domain.values import value

OnBroken = Callable[[str, BaseException, Asker | None], None]


@value
class Reschedule:
    """Recovery's first command: give holds "from the future" their own length from now."""


@value
class Expired:
    """The outcome of :class:`ExpireDue`: how many holds went and, when none did, the deadline to come back at."""

    count: int
    waits_for: int | None


class TicketTypeActor(JournalingActor):
    """Owns one :class:`Inventory`.

    :param on_broken: told when an unexpected exception has left the state in doubt, and at whose request; the actor is
        stopped by then.
    """

    def __init__(self, inventory: Inventory, journal: Journal, clock: Clock, on_broken: OnBroken) -> None:
        super().__init__(journal)
        self.inventory = inventory
        self.ticket_type_id = inventory.ticket_type.id
        self._clock = clock
        self._on_broken = on_broken
        self._parked: list[tuple[Order, Pending]] = []
        self.last_used = clock.now()

    @property
    def waiting(self) -> int:
        """How many messages are not decided, those that hang on a tentative claim included."""
        return len(self.actor_inbox) + len(self._parked)

    @property
    def is_idle(self) -> bool:
        """Whether it could be stopped and nobody would notice."""
        inventory = self.inventory
        return not (inventory.holds or self.uncommitted or self.waiting) and inventory.is_settled

    def doing(self, now: int) -> Doing:
        """What it is doing."""
        return Doing(
            ticket_type_id=self.ticket_type_id,
            mail=len(self.actor_inbox),
            parked=len(self._parked),
            uncommitted=self.uncommitted,
            holds=len(self.inventory.holds),
            idle_ms=now - self.last_used,
        )

    def on_receive(self, message: Order) -> Any:
        """Decide one command; reply when it is durable."""
        now = self.last_used = self._clock.now()
        try:
            decided = self._decide(message, now)
        except Refusal as refusal:
            return self.after_commits(refusal, message.asked_by)
        except Contended:
            pending = Pending()
            self._parked.append((message, pending))
            return pending
        if isinstance(decided, Claim):
            return decided
        events, outcome = decided
        if not events:
            return self.after_commits(outcome, message.asked_by)
        return self._record(events, outcome, message.keep)

    def _record(self, events: Sequence[LedgerEvent], outcome: Any, keep: Keep | None = None) -> Pending:
        for event in events:
            self.inventory.apply(event)
        return self.commit(
            events,
            outcome,
            keep=keep,
            counters=(self.inventory.counters(),),
            ticket_type_ids=(self.ticket_type_id,),
        )

    def _decide(  # noqa: C901, PLR0911, PLR0912 - a table.
        self, order: Order, now: int
    ) -> tuple[Sequence[LedgerEvent], Any] | Claim:
        """Return the events and the outcome of a command, or the claim it makes."""
        command, inventory = order.command, self.inventory
        match command:
            case Reserve():
                self._free_overdue(command, now)
                events = inventory.reserve(command, now)
                return events, [event.reservation for event in events]  # type: ignore[union-attr]
            case Convert():
                events = inventory.convert(command, now)
                return events, [event.purchase for event in events]  # type: ignore[union-attr]
            case Extend():
                events = inventory.extend(command, now)
                return events, events[0].reservation  # type: ignore[union-attr]
            case Release():
                events = inventory.release(command, now)
                return events, events[0].reservation  # type: ignore[union-attr]
            case Cancel():
                events = inventory.cancel(command, now)
                return events, events[0].reservation  # type: ignore[union-attr]
            case Adopt():
                events = inventory.adopt(command, now)
                return events, len(events)
            case ExpireDue(limit=limit, by=by):
                events = inventory.expire_due(now, limit=limit, by=by)
                return events, Expired(count=len(events), waits_for=None if events else inventory.next_deadline())
            case ClaimStock(reserve=reserve):
                self._free_overdue(reserve, now)
                return StockClaim(self, reserve, inventory.claim_stock(reserve, now))
            case ClaimHolds(conversions=conversions):
                return HoldsClaim(self, conversions, now)
            case ChangeTicketType():
                events = inventory.change(command, now)
                return events, _listing(events[0], inventory)
            case SetPaused():
                events = inventory.set_paused(command, now)
                terms = events[0].ticket_type if events else inventory.ticket_type  # type: ignore[union-attr]
                return events, (terms, inventory.counters())
            case Reschedule():
                return inventory.reschedule_from_future(now), None
            case _:
                raise TypeError(f"no actor decides {command!r}")

    def _free_overdue(self, reserve: Reserve, now: int) -> None:
        """Let a reserve have what an overdue hold still occupies, however late the timer is."""
        inventory = self.inventory
        short = reserve.quantity - (inventory.available - inventory.tentative)
        if short <= 0:
            return
        # What may be asked bounds the work; and as each hold has at least one ticket, as many as are short will do.
        inventory.policies.hold.check_quantity(inventory.ticket_type, reserve.quantity)
        if events := inventory.expire_due(now, limit=short, freeing=short):
            self._record(events, None)

    def unpark(self) -> None:
        """Ask everything again that hung on a tentative claim, in its old order and before newer mail."""
        parked, self._parked = self._parked, []
        inbox = self.actor_inbox
        inbox.envelopes.extendleft(Envelope(order, pending.reply_to) for order, pending in reversed(parked))
        inbox.schedule()

    def fence(self) -> list[Envelope[Any]]:
        """Stop at once. What hung on a tentative claim is part of the mail that is returned."""
        self.unpark()
        return super().fence()

    def doubt(self, error: BaseException, asked_by: Asker | None = None) -> None:
        """Have it rebuilt from what is durable."""
        self._on_broken(self.ticket_type_id, error, asked_by)


def _listing(changed: LedgerEvent, inventory: Inventory) -> tuple[TicketType, Counters]:
    assert isinstance(changed, TicketTypeChanged)  # noqa: S101 - that is all Inventory.change returns.
    return changed.ticket_type, replace(inventory.counters(), total=changed.total)
