"""The one clock. Everything that needs the time is handed it, so a test can step it."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable
from itertools import count
from typing import Protocol

SLEW_MAX = 0.0005
"""How much faster or slower than real time the clock may run to meet the system clock (0.5 ms a second)."""


class Timer(Protocol):
    """A pending call."""

    def cancel(self) -> None:
        """Never make the call. Calling it again, or after the call was made, does nothing."""


class Clock(Protocol):
    """Instants are ms since the epoch, and never go back within one run."""

    def now(self) -> int:
        """The present instant."""

    def offset_ms(self) -> int:
        """How far the system clock is ahead of this one."""

    def call_at(self, instant: int, callback: Callable[[], None]) -> Timer:
        """Call back at ``instant``, or soon when it has passed. It may come early: look at :meth:`now`."""


def _boot_time_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class SystemClock:
    """Wall time taken once, carried on by the boot-time clock and slewed towards the system clock.

    A step of the system clock therefore expires nothing early and keeps nothing late: the difference is worked off at
    :data:`SLEW_MAX`. Boot time counts while a machine is suspended, which plain monotonic time does not.

    :param wall_ns: ns since the epoch, steppable.
    :param monotonic_ns: ns from any origin, never going back.
    """

    def __init__(
        self, wall_ns: Callable[[], int] = time.time_ns, monotonic_ns: Callable[[], int] = _boot_time_ns
    ) -> None:
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._slewed_at = monotonic_ns()
        self._offset = wall_ns() - self._slewed_at
        self._latest = 0

    def now(self) -> int:
        """The present instant, ms since the epoch."""
        monotonic = self._monotonic_ns()
        if monotonic - self._slewed_at >= 1_000_000_000:
            self._slew(monotonic)
        now = (monotonic + self._offset) // 1_000_000
        if now < self._latest:
            # Slewing backwards can take back a fraction of a millisecond that was told already.
            return self._latest
        self._latest = now
        return now

    def _slew(self, monotonic: int) -> None:
        allowed = int((monotonic - self._slewed_at) * SLEW_MAX)
        self._offset += min(max(self._wall_ns() - monotonic - self._offset, -allowed), allowed)
        self._slewed_at = monotonic

    def offset_ms(self) -> int:
        """How far the system clock is ahead of this one, in ms."""
        return self._wall_ns() // 1_000_000 - self.now()

    def call_at(self, instant: int, callback: Callable[[], None]) -> Timer:
        """Call back on the running event loop, in a minute at the latest: its timers do not count a suspension."""
        delay = max(0.0, (instant - self.now()) / 1000)
        return asyncio.get_running_loop().call_later(min(delay, 60.0), callback)


class ManualClock:
    """A clock that stands still until it is stepped."""

    def __init__(self, now: int = 1_800_000_000_000) -> None:
        self._now = now
        self._order = count()
        self._timers: list[tuple[int, int, _ManualTimer]] = []

    def now(self) -> int:
        """The present instant, ms since the epoch."""
        return self._now

    def offset_ms(self) -> int:
        """None: there is no system clock behind it."""
        return 0

    def call_at(self, instant: int, callback: Callable[[], None]) -> Timer:
        """Call back during the :meth:`advance` that reaches ``instant``."""
        timer = _ManualTimer(callback)
        heapq.heappush(self._timers, (instant, next(self._order), timer))
        return timer

    def advance(self, milliseconds: int) -> None:
        """Step on, making the calls that fall due in their order, each at its own instant."""
        target = self._now + milliseconds
        while self._timers and self._timers[0][0] <= target:
            instant, _, timer = heapq.heappop(self._timers)
            self._now = max(self._now, instant)
            timer.fire()
        self._now = target


class _ManualTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self._callback = None

    def fire(self) -> None:
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()
