"""The safety net: looks for overdue holds in the store itself, and has them released."""

from collections import Counter
from collections.abc import Mapping

import structlog

from actor_ticketing.actors.expiry import due, expire_all_due
from actor_ticketing.actors.journaling import Keep, Order
from actor_ticketing.actors.roster import Roster
from actor_ticketing.actors.statistics import Statistics, Trigger
from actor_ticketing.clock import Clock
from actor_ticketing.domain.asking import request_of
from actor_ticketing.domain.errors import Refusal, StorageUnavailable
from actor_ticketing.domain.ports import Queries
from actor_ticketing.domain.reservation import ReservationStatus
from actor_ticketing.domain.telling import told

log = structlog.get_logger(__name__)

TOLERANCE_MS = 1_000
"""A periodic sweep that finds a hold overdue by more has found a bug: its timer should have fired."""


class Sweeper:
    """Sweeps on demand. It trusts the store, not the actors' memory: an actor that has lost a hold is rebuilt."""

    def __init__(self, *, roster: Roster, queries: Queries, clock: Clock, statistics: Statistics) -> None:
        self._roster = roster
        self._queries = queries
        self._clock = clock
        self._statistics = statistics

    async def sweep(self, trigger: Trigger, *, by: str | None = None, seen: Keep | None = None) -> tuple[int, int]:
        """Release every overdue hold; return how many went, and how long it took in ms.

        A ticket type that cannot be released does not keep the others from it.

        :param by: who has asked for it, if anybody has; the ledger says so of each hold that went.
        :param seen: learns where the last release stands; it stores no answer.
        :raises Unavailable: when the store cannot be read, or a release could not be written.
        """
        started = self._clock.now()
        order = due(by=by, seen=seen)
        if trigger == "timer":
            await self._report_late(started)
        tally: Counter[str] = Counter()
        problem: Exception | None = None
        for release in (self._release_due, self._release_lost):
            overdue = await self._queries.overdue(started)
            if not overdue:
                break
            for ticket_type_id in overdue:
                try:
                    await release(ticket_type_id, started, tally, order)
                except Exception as error:  # noqa: BLE001 - whatever it is, it concerns this ticket type.
                    about = request_of(order.asked_by)
                    log.error("release_failed", ticket_type_id=ticket_type_id, error=told(error), **about)  # noqa: TRY400
                    problem = problem or error
        duration = self._clock.now() - started
        self._statistics.note_sweep(trigger, at=started, expired=tally["expired"], duration_ms=duration)
        if problem is not None:
            raise problem if isinstance(problem, Refusal) else StorageUnavailable from problem
        return tally["expired"], duration

    async def overview(self) -> tuple[Mapping[ReservationStatus, int], int]:
        """How many reservations there are in each state, and how many ACTIVE ones are overdue.

        :raises Unavailable: when the store cannot be read.
        """
        counts = await self._queries.status_counts()
        return counts, sum((await self._queries.overdue(self._clock.now())).values())

    async def _release_due(self, ticket_type_id: str, _: int, tally: Counter[str], order: Order) -> None:
        await expire_all_due(self._roster, ticket_type_id, tally, order)

    async def _release_lost(self, ticket_type_id: str, started: int, tally: Counter[str], order: Order) -> None:
        """Rebuild an actor that does not know a hold which the store still says is overdue, and expire again."""
        waits_for = await expire_all_due(self._roster, ticket_type_id, tally, order)
        if waits_for is not None and waits_for <= started:
            return  # It knows the hold, and leaves it to the purchase that has claimed it.
        if ticket_type_id in await self._queries.overdue(started):
            log.error("actor_lost_holds", ticket_type_id=ticket_type_id, **request_of(order.asked_by))
            self._roster.rebuild([ticket_type_id])
            await expire_all_due(self._roster, ticket_type_id, tally, order)

    async def _report_late(self, now: int) -> None:
        """Say in the log what a periodic sweep should never find."""
        offset = self._clock.offset_ms()
        if abs(offset) > TOLERANCE_MS:
            log.warning("system_clock_differs", offset_ms=offset)
        late = await self._queries.overdue(now - TOLERANCE_MS)
        if late:
            self._statistics.found_late += sum(late.values())
            log.error("sweep_found_overdue_holds", ticket_types=dict(late), tolerance_ms=TOLERANCE_MS)
