"""The safety net: looks for overdue holds in the store itself, and has them released."""

import structlog

from actor_ticketing.actors.expiry import expire_all_due
from actor_ticketing.actors.roster import Roster
from actor_ticketing.actors.statistics import Statistics, Trigger
from actor_ticketing.clock import Clock
from actor_ticketing.domain.ports import Entry, Journal, Queries

log = structlog.get_logger(__name__)

TOLERANCE_MS = 1_000
"""A periodic sweep that finds a hold overdue by more has found a bug: its timer should have fired."""

ANSWERS_KEPT_MS = 24 * 60 * 60 * 1_000
"""How long the answer to an Idempotency-Key is kept."""


class Sweeper:
    """Sweeps on demand. It trusts the store, not the actors' memory: an actor that has lost a hold is rebuilt."""

    def __init__(
        self, *, roster: Roster, queries: Queries, journal: Journal, clock: Clock, statistics: Statistics
    ) -> None:
        self._roster = roster
        self._queries = queries
        self._journal = journal
        self._clock = clock
        self._statistics = statistics

    async def sweep(self, trigger: Trigger) -> tuple[int, int]:
        """Release every overdue hold; return how many went, and how long it took in ms.

        :raises Unavailable: when the store cannot be read or written.
        """
        started = self._clock.now()
        if trigger == "timer":
            await self._report_late(started)
        expired = 0
        for ticket_type_id in await self._queries.overdue(started):
            expired += (await expire_all_due(self._roster, ticket_type_id)).count
        expired += await self._release_lost(started)
        self._journal.append(Entry(forget_answers_before=started - ANSWERS_KEPT_MS))
        duration = self._clock.now() - started
        self._statistics.note_sweep(trigger, at=started, expired=expired, duration_ms=duration)
        return expired, duration

    async def _report_late(self, now: int) -> None:
        """Say in the log what a periodic sweep should never find."""
        offset = self._clock.offset_ms()
        if abs(offset) > TOLERANCE_MS:
            log.warning("system_clock_differs", offset_ms=offset)
        late = await self._queries.overdue(now - TOLERANCE_MS)
        if late:
            log.error("sweep_found_overdue_holds", ticket_types=dict(late), tolerance_ms=TOLERANCE_MS)

    async def _release_lost(self, started: int) -> int:
        """Rebuild the actors that do not know a hold the store says is overdue, and expire again."""
        expired = 0
        for ticket_type_id in await self._queries.overdue(started):
            waits_for = (await expire_all_due(self._roster, ticket_type_id)).waits_for
            if waits_for is not None and waits_for <= started:
                continue  # It knows the hold, and leaves it to the purchase that has claimed it.
            log.error("actor_lost_holds", ticket_type_id=ticket_type_id)
            self._roster.rebuild([ticket_type_id])
            expired += (await expire_all_due(self._roster, ticket_type_id)).count
        return expired
