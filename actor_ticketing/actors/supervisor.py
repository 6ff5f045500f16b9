"""The supervisor: expires each hold when it is due, sweeps now and then, retires idle actors. It holds no counts."""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog

from actor_ticketing.actors.deadlines import Deadlines
from actor_ticketing.actors.journaling import Order
from actor_ticketing.actors.roster import Roster
from actor_ticketing.actors.runtime import LoopActor
from actor_ticketing.actors.sweep import Sweeper
from actor_ticketing.actors.ticket_type import Expired
from actor_ticketing.clock import Clock, Timer
from actor_ticketing.domain.asking import Asker
from actor_ticketing.domain.commands import ExpireDue
from actor_ticketing.domain.errors import Refusal
from actor_ticketing.domain.telling import told
from actor_ticketing.domain.values import value

log = structlog.get_logger(__name__)

RETIRE_SLICE = 100
"""Actors retired in one step at the most; Pykka unregisters in linear time."""

RELEASES_AT_ONCE = 80
EXPIRE_SLICE_MAX = 40
EXPIRING_MAX = 16
"""A great many holds due at once are worked off so many at a time, of one ticket type so many, and on so many ticket
types at a time. What one buyer has to wait for is a commit with that much in it. Few of many types are better than many
of few: what was reserved at the same time lies on the same pages of the file, whatever its type."""

CLAIMED_MS = 50
"""When to come back to an overdue hold that a purchase has claimed, which will be decided in a moment."""

BACK_OFF_MS = 250
BACK_OFF_MS_MAX = 30_000
"""An expiry that fails is tried again after 250 ms, then twice as long each time, up to half a minute."""


_EXPIRE = [
    Order(command=ExpireDue(limit=min(EXPIRE_SLICE_MAX, RELEASES_AT_ONCE // types)))
    for types in range(1, EXPIRING_MAX + 1)
]
"""What is asked of each, by how many ticket types are asked at a time; the first is for one."""

APART_MS = 25
"""What lies between the new tries of two ticket types that failed in the same batch."""

APART_MAX = 200
"""When more ticket types fail than this, it is the disk that fails, and not one of them."""


@value
class DeadlineMoved:
    """A commit changed when the ticket type's next hold ends (ms since the epoch; None: nothing is held)."""

    ticket_type_id: str
    deadline: int | None


@value
class ExpiryAnswered:
    """An actor, or what stood in its way, has answered an expiry."""

    ticket_type_id: str
    outcome: Expired | BaseException


@value
class _Pause:
    """Between two tries at releases that fail: ``length`` in ms, ``until`` in ms since the epoch."""

    length: int
    until: int


class TimerFired:
    """A deadline has come, or nearly so."""


class SweepDue:
    """The sweep interval is over."""


class RetireDue:
    """It is time to look for idle actors."""


class Supervisor(LoopActor):
    """One deadline heap, one timer. It learns deadlines from commits, so it never acts on what could still be lost.

    :param on_broken: called when it has a defect; it must end the process.
    """

    def __init__(
        self,
        *,
        roster: Roster,
        sweeper: Sweeper,
        clock: Clock,
        sweep_interval_ms: int,
        passivate_after_ms: int,
        on_broken: Callable[[BaseException], None],
    ) -> None:
        super().__init__()
        self._on_broken = on_broken
        self._roster = roster
        self._sweeper = sweeper
        self._clock = clock
        self._sweep_interval = sweep_interval_ms
        self._passivate_after = passivate_after_ms
        self._deadlines = Deadlines()
        self._pauses: dict[str, _Pause] = {}
        self._expiring = 0
        self._timer: Timer | None = None
        self._timer_at: int | None = None
        self._periodic: dict[str, Timer] = {}
        self._sweeping: asyncio.Task[None] | None = None

    @property
    def next_due_at(self) -> int | None:
        """The earliest deadline of all, ms since the epoch."""
        return self._deadlines.earliest()

    def on_start(self) -> None:
        """Begin the periodic work."""
        self._every("sweep", self._sweep_interval, SweepDue())
        self._every("retire", self._passivate_after, RetireDue())

    def on_stop(self) -> None:
        """Drop every timer, and what they have started."""
        for timer in (*self._periodic.values(), *filter(None, [self._timer])):
            timer.cancel()
        if self._sweeping is not None:
            self._sweeping.cancel()

    def doubt(self, error: BaseException, asked_by: Asker | None = None) -> None:
        """Without its supervisor the service would keep holds for ever, so it must not go on."""
        del asked_by  # No request asks it for anything.
        self._on_broken(error)

    def on_receive(self, message: Any) -> None:
        """Handle one of the messages above."""
        match message:
            case DeadlineMoved(ticket_type_id=ticket_type_id, deadline=deadline):
                self._deadlines.set(ticket_type_id, self._after_pause(ticket_type_id, deadline))
                self._arm()
            case TimerFired():
                if self._timer is not None:  # It need not be the one that fired: a deadline may have moved since.
                    self._timer.cancel()
                self._timer = self._timer_at = None
                self._expire_due()
            case ExpiryAnswered(ticket_type_id=ticket_type_id, outcome=outcome):
                self._expiring -= 1
                self._take_answer(ticket_type_id, outcome)
                self._expire_due()
            case SweepDue():
                self._every("sweep", self._sweep_interval, message)
                if self._sweeping is None or self._sweeping.done():
                    self._sweeping = asyncio.create_task(self._sweep())
            case RetireDue():
                self._retire(message)
            case _:
                raise TypeError(f"the supervisor does not handle {message!r}")

    def _arm(self) -> None:
        """Have the one timer stand at the earliest deadline, unless the next answer is what is waited for."""
        earliest = self._deadlines.earliest() if self._expiring < EXPIRING_MAX else None
        if earliest == self._timer_at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = earliest
        self._timer = None if earliest is None else self._clock.call_at(earliest, self._fire)

    def _fire(self) -> None:
        self.actor_ref.tell(TimerFired())

    def _expire_due(self) -> None:
        due = self._deadlines.pop_due(self._clock.now(), limit=EXPIRING_MAX - self._expiring)
        self._expiring += len(due)
        for ticket_type_id in due:
            self._ask_to_expire(ticket_type_id, _EXPIRE[self._expiring - 1])
        self._arm()

    def _ask_to_expire(self, ticket_type_id: str, order: Order) -> None:
        def answered(future: asyncio.Future[Any]) -> None:
            if not future.cancelled() and self.is_running:
                outcome = future.exception() or future.result()
                self.actor_ref.tell(ExpiryAnswered(ticket_type_id=ticket_type_id, outcome=outcome))

        self._roster.ask(ticket_type_id, order).add_done_callback(answered)

    def _take_answer(self, ticket_type_id: str, outcome: Expired | BaseException) -> None:
        if isinstance(outcome, Expired):
            self._pauses.pop(ticket_type_id, None)
            # After a release, the commit has told the next deadline. Without one it is still to be set, unless a commit
            # has told an earlier one since.
            if outcome.waits_for is not None:
                now = self._clock.now()
                next_try = outcome.waits_for if outcome.waits_for > now else now + CLAIMED_MS
                self._deadlines.bring_forward(ticket_type_id, next_try)
            return
        former = self._pauses.get(ticket_type_id)
        delay = BACK_OFF_MS if former is None else min(2 * former.length, BACK_OFF_MS_MAX)
        pause = self._pauses[ticket_type_id] = _Pause(length=delay, until=self._apart(self._clock.now() + delay))
        level = log.warning if isinstance(outcome, Refusal) else log.error
        level("expiry_failed", ticket_type_id=ticket_type_id, error=told(outcome), retry_in_ms=delay)
        self._deadlines.set(ticket_type_id, pause.until)

    def _after_pause(self, ticket_type_id: str, deadline: int | None) -> int | None:
        """A type whose releases fail keeps its pause, whatever else is committed on it, until nothing is overdue."""
        pause = self._pauses.get(ticket_type_id)
        if pause is None or deadline is None or deadline > self._clock.now():
            self._pauses.pop(ticket_type_id, None)
            return deadline
        return pause.until

    def _apart(self, instant: int) -> int:
        """Put tries that would come together apart, so that one that always fails does not fail the others with it."""
        taken = {pause.until for pause in self._pauses.values()} if len(self._pauses) < APART_MAX else ()
        instant += -instant % APART_MS
        while instant in taken:
            instant += APART_MS
        return instant

    async def _sweep(self) -> None:
        try:
            await self._sweeper.sweep("timer")
        except Refusal as refusal:
            log.warning("sweep_failed", error=str(refusal))
        except Exception:
            log.exception("sweep_failed")

    def _retire(self, message: RetireDue) -> None:
        idle_since = self._clock.now() - self._passivate_after
        retired = self._roster.retire_idle(idle_since=idle_since, limit=RETIRE_SLICE)
        # A full slice means that there may be more: come back soon, with the loop free in between.
        self._every("retire", 10 if retired == RETIRE_SLICE else self._passivate_after, message)

    def _every(self, name: str, delay_ms: int, message: object) -> None:
        self._tell_at(name, self._clock.now() + delay_ms, message)

    def _tell_at(self, name: str, instant: int, message: object) -> None:
        def fire() -> None:
            if self._clock.now() < instant:  # A clock may call early.
                self._tell_at(name, instant, message)
            elif self.is_running:
                self.actor_ref.tell(message)

        self._periodic[name] = self._clock.call_at(instant, fire)
