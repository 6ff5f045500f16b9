"""When to warn that a hold is about to end."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from actor_ticketing.actors.deadlines import Deadlines
from actor_ticketing.clock import Clock, Timer
from actor_ticketing.domain.reservation import Reservation

SLICE = 100
"""Warnings that are given in one go, so that many at once do not hold the loop up."""

AT_ONCE = 10
"""Warnings that a new listener gets before anything else happens: more than a buyer has holds."""


class Warnings:
    """The next warning of each hold that somebody listens for, and one timer for all of them.

    :param lead_times: how long before its end each hold is warned of, ms.
    :param due: told the id of a reservation when a warning is due; it must arm the next.
    """

    def __init__(self, clock: Clock, lead_times: Iterable[int], due: Callable[[str], None]) -> None:
        self._clock = clock
        self._lead_times = sorted(set(lead_times), reverse=True)
        self._due = due
        self._next = Deadlines()
        self._timer: Timer | None = None
        self._timer_at = 0
        self._owed: deque[Iterator[None]] = deque()

    def arm(self, hold: Reservation, now: int) -> bool:
        """Note when a hold's next warning is due; return whether a warning time has come already."""
        if not self._lead_times:
            return False
        left = hold.expires_at - now
        self._next.set(hold.id, next((hold.expires_at - lead for lead in self._lead_times if lead < left), None))
        self._set_timer()
        return 0 < left <= self._lead_times[0]

    def disarm(self, reservation_id: str) -> None:
        """Give no more warnings of a hold."""
        self._next.set(reservation_id, None)

    def stop(self) -> None:
        """Give none any more."""
        self._next = Deadlines()
        self._owed.clear()
        if self._timer is not None:
            self._timer.cancel()

    def owe(self, warnings: Iterator[None]) -> None:
        """Give warnings whose time had come before: a few at once, the others in slices.

        :param warnings: each step gives one; nothing that it does may raise.
        """
        if _give(warnings, AT_ONCE) == AT_ONCE:
            self._owed.append(warnings)
            self._set_timer()

    def _set_timer(self) -> None:
        earliest = self._clock.now() if self._owed else self._next.earliest()
        if earliest is None or (self._timer is not None and self._timer_at <= earliest):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = earliest
        self._timer = self._clock.call_at(earliest, self._wake)

    def _wake(self) -> None:
        self._timer = None
        now = self._clock.now()
        try:
            self._give_owed()
            for _ in range(SLICE):
                due = self._next.pop_due(now, limit=1)
                if not due:
                    break
                self._due(due[0])
        finally:
            self._set_timer()

    def _give_owed(self) -> None:
        left = SLICE
        while self._owed and left > 0:
            left -= _give(self._owed[0], left)
            if left > 0:
                self._owed.popleft()


def _give(warnings: Iterator[None], number: int) -> int:
    """Give so many if there are, and return how many there were."""
    return sum(1 for _ in islice(warnings, number))
