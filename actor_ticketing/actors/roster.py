"""Which ticket-type actors are running: starts one on its first message, rebuilds a failed one, retires an idle one."""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from pykka._envelope import Envelope

from actor_ticketing.actors.doing import Doing
from actor_ticketing.actors.journaling import Order
from actor_ticketing.actors.runtime import LoopFuture, reply_to_all
from actor_ticketing.actors.ticket_type import TicketTypeActor
from actor_ticketing.clock import Clock
from actor_ticketing.domain.asking import Asker, request_of, requests_of
from actor_ticketing.domain.errors import Draining, NotFound, Overloaded, Refusal, StorageUnavailable
from actor_ticketing.domain.inventory import Inventory
from actor_ticketing.domain.policies import Policies
from actor_ticketing.domain.ports import Journal, Queries, StockRecord
from actor_ticketing.domain.reservation import Reservation
from actor_ticketing.domain.telling import told

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Slot:
    """The place of one ticket type's actor. The actor is owned here, since Pykka's reference alone would not keep it.

    :ivar waiting: mail for an actor that is being built; None while one is running or none is needed.
    """

    actor: TicketTypeActor | None = None
    waiting: deque[Envelope[Any]] | None = None
    building: asyncio.Task[None] | None = field(default=None, repr=False)


class Roster:
    """All ticket-type actors.

    An actor is built from the store when its first message comes. Building never starts before everything the former
    actor decided is settled: a load that missed a late commit would oversell.

    :param mailbox_limit: messages that may wait for one actor, and entries that may wait for the journal.
    :param live: the committed live holds by id, with what is not stored of them.
    :param actor: what the actors are.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        queries: Queries,
        clock: Clock,
        policies: Policies,
        mailbox_limit: int,
        live: Mapping[str, Reservation],
        actor: type[TicketTypeActor] = TicketTypeActor,
    ) -> None:
        self._journal = journal
        self._queries = queries
        self._clock = clock
        self._policies = policies
        self._mailbox_limit = mailbox_limit
        self._live = live
        self._actor = actor
        self._slots: dict[str, _Slot] = {}
        self._stopped = False

    def ask(self, ticket_type_id: str, order: Order) -> asyncio.Future[Any]:
        """Send a command to its actor and return the future of the outcome.

        The outcome may be a :class:`Refusal`. The future raises only when the actor broke on this very command.
        """
        slot = self._slots.get(ticket_type_id)
        if slot is None:
            slot = self._slots[ticket_type_id] = _Slot()
        if slot.actor is not None:
            future: LoopFuture = slot.actor.actor_ref.ask(order, block=False)  # type: ignore[assignment]
            return future.aio
        reply_to = LoopFuture()
        envelope: Envelope[Any] = Envelope(order, reply_to=reply_to)
        if self._stopped:
            reply_to.set(Draining())
            return reply_to.aio
        if slot.waiting is None:
            self._build(ticket_type_id, slot, [envelope])
        else:
            slot.waiting.append(envelope)
        return reply_to.aio

    def admit(self, ticket_type_id: str) -> None:
        """Check the admission limit before a buyer's command is sent. Expiry is always let in.

        :raises Overloaded: when too much is waiting.
        """
        slot = self._slots.get(ticket_type_id)
        waiting = 0 if slot is None else _waiting(slot)
        if waiting >= self._mailbox_limit or self._journal.pending >= self._mailbox_limit:
            raise Overloaded

    def install(self, stock: StockRecord) -> Inventory:
        """Start an actor on a state that recovery has loaded; return its inventory."""
        slot = self._slots.setdefault(stock.ticket_type.id, _Slot())
        return self._start(slot, stock, stock.holds).inventory

    def rebuild(self, ticket_type_ids: Iterable[str]) -> None:
        """Discard actors, in this very step, and build them anew. Their mail waits meanwhile."""
        for ticket_type_id in ticket_type_ids:
            slot = self._slots.get(ticket_type_id)
            if slot is not None and slot.actor is not None:  # A stopped roster has no actors.
                mail = slot.actor.fence()
                slot.actor = None
                self._build(ticket_type_id, slot, mail)

    def retire_idle(self, *, idle_since: int, limit: int) -> int:
        """Stop actors unused since then (ms since the epoch), at most ``limit``; return how many.

        An actor with live holds is not idle. The limit is there because Pykka unregisters in linear time.
        """
        retired = 0
        for slot in self._slots.values():
            if retired >= limit:
                break
            actor = slot.actor
            if actor is not None and actor.last_used <= idle_since and actor.is_idle:
                actor.fence()
                slot.actor = None
                retired += 1
        return retired

    @property
    def running(self) -> int:
        """How many actors are running."""
        return sum(slot.actor is not None for slot in self._slots.values())

    def waiting(self) -> list[int]:
        """How many messages wait for each ticket type's actor, for those that were ever asked for."""
        return [_waiting(slot) for slot in self._slots.values()]

    def doings(self) -> Iterator[Doing]:
        """What each actor is doing that is running or being built."""
        now = self._clock.now()
        for ticket_type_id, slot in self._slots.items():
            if slot.actor is not None:
                yield slot.actor.doing(now)
            elif slot.waiting is not None:
                yield Doing(ticket_type_id=ticket_type_id, is_being_built=True, mail=len(slot.waiting))

    async def stop(self) -> None:
        """Stop all actors, and what is being built. Whoever still asks is answered with a 503."""
        self._stopped = True
        for slot in self._slots.values():
            if slot.building is not None:
                slot.building.cancel()
            mail = list(slot.waiting or ())
            if slot.actor is not None:
                mail += slot.actor.fence()
            slot.actor = slot.waiting = None
            reply_to_all(mail, Draining())
        building = [slot.building for slot in self._slots.values() if slot.building is not None]
        await asyncio.gather(*building, return_exceptions=True)

    def _build(self, ticket_type_id: str, slot: _Slot, mail: Iterable[Envelope[Any]]) -> None:
        slot.waiting = deque(mail)
        slot.building = asyncio.create_task(self._load(ticket_type_id, slot), name=f"load {ticket_type_id}")

    async def _load(self, ticket_type_id: str, slot: _Slot) -> None:
        outcome: Refusal
        try:
            await self._journal.settled()
            stock = await self._queries.stock(ticket_type_id)
            if stock is not None:
                self._start(slot, stock, [self._as_committed(hold) for hold in stock.holds])
                return
            outcome = NotFound("ticket_type")
        except Refusal as refusal:
            outcome = refusal
        except Exception:
            waiting = [envelope.message for envelope in slot.waiting or ()]
            log.exception("actor_not_built", ticket_type_id=ticket_type_id, request_ids=requests_of(waiting))
            outcome = StorageUnavailable()
        mail, slot.waiting, slot.building = slot.waiting, None, None
        reply_to_all(mail or (), outcome)

    def _as_committed(self, stored: Reservation) -> Reservation:
        """The same hold with the address that the store does not keep."""
        live = self._live.get(stored.id)
        return live if live == stored else stored

    def _start(self, slot: _Slot, stock: StockRecord, holds: Iterable[Reservation]) -> TicketTypeActor:
        inventory = Inventory(stock.ticket_type, self._policies, total=stock.total, sold=stock.sold, holds=holds)
        slot.actor = actor = self._actor.launch(inventory, self._journal, self._clock, self._on_broken)
        mail, slot.waiting, slot.building = slot.waiting, None, None
        for envelope in mail or ():
            actor.actor_inbox.put(envelope)
        return actor

    def _on_broken(self, ticket_type_id: str, error: BaseException, asked_by: Asker | None) -> None:
        log.error(
            "actor_broke", ticket_type_id=ticket_type_id, error=told(error), exc_info=error, **request_of(asked_by)
        )
        self.rebuild([ticket_type_id])


def _waiting(slot: _Slot) -> int:
    return len(slot.waiting or ()) + (slot.actor.waiting if slot.actor is not None else 0)
