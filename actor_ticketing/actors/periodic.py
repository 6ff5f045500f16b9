"""What is done again and again beside the sale, and takes its time."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from actor_ticketing.clock import Clock, Timer
from actor_ticketing.domain.errors import Refusal

log = structlog.get_logger(__name__)


class Periodic:
    """Does some work at start and then at every interval, never twice at once. What fails is tried again the next time.

    :param failure: how the log calls it when it fails.
    """

    def __init__(self, work: Callable[[], Awaitable[None]], clock: Clock, *, every_ms: int, failure: str) -> None:
        self._failure = failure
        self._work = work
        self._clock = clock
        self._every_ms = every_ms
        self._timer: Timer | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, beside whatever else is going on."""
        self._task = asyncio.create_task(self._run())
        self._wait_until(self._clock.now() + self._every_ms)

    async def stop(self) -> None:
        """End; what has been done stays done."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def _wait_until(self, instant: int) -> None:
        def fire() -> None:
            if self._clock.now() < instant:  # A clock may call early.
                self._wait_until(instant)
            elif self._task is None or self._task.done():
                self.start()
            else:  # It has not come to its end yet, and needs no other beside it.
                self._wait_until(instant + self._every_ms)

        self._timer = self._clock.call_at(instant, fire)

    async def _run(self) -> None:
        try:
            await self._work()
        except Refusal as refusal:
            log.warning(self._failure, error=refusal.message)
        except Exception:
            log.exception(self._failure)


async def pause(clock: Clock, milliseconds: int) -> None:
    """Let the sale go on for about so long."""
    over = asyncio.Event()
    timer = clock.call_at(clock.now() + milliseconds, over.set)
    try:
        await over.wait()
    finally:
        timer.cancel()
