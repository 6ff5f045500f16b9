"""An event loop that runs one callback at a time, and a clock that stands still in between."""

import asyncio
import heapq
import random
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from itertools import count
from typing import Any, cast

from actor_ticketing.clock import Timer
from support.simulation.sightings import Sightings

START = 1_800_000_000_000
"""When every simulation begins, ms since the epoch."""


class World:
    """What all lives of a process have in common.

    :ivar now: ms since the epoch, as the stars see it.
    :ivar rng: the one source of chance; everything follows from its seed.
    :ivar is_calm: set when the faults are over.
    :ivar problem: what went wrong first, if anything did.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = random.Random(seed)  # noqa: S311 - a simulation is to be repeated.
        self.now = START
        self.is_calm = False
        self.problem: str | None = None
        self.sightings = Sightings()
        self.trace: list[tuple[Any, ...]] = []

    def note(self, *what: Any) -> None:
        """Add a line to what a failing seed prints."""
        self.trace.append((self.now - START, *what))

    def blame(self, problem: str) -> None:
        """Something is wrong; the seed ends at the next step."""
        if self.problem is None:
            self.problem = problem

    def chance(self, probability: float) -> bool:
        """Whether something happens that happens this often."""
        return self.rng.random() < probability


class StepLoop(asyncio.AbstractEventLoop):
    """The loop of one life. Callbacks run in the order that asyncio promises; timers of one instant in any.

    It implements what tasks, futures and timers need, and knows neither sockets nor threads.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[int, float, int, asyncio.TimerHandle]] = []
        self._numbers = count()
        self.is_dead = False

    def step(self) -> bool:
        """Run one callback; return whether there was one."""
        while self._timers and self._timers[0][0] <= self._world.now:
            self._ready.append(heapq.heappop(self._timers)[3])
        if not self._ready:
            return False
        handle = self._ready.popleft()
        if not handle.cancelled():
            handle._run()
        return True

    def next_timer(self) -> int | None:
        """When the next timer is due (ms), though it may have been cancelled."""
        return self._timers[0][0] if self._timers else None

    def kill(self) -> None:
        """End the life: nothing that it still had to do is done."""
        self.is_dead = True
        for task in asyncio.all_tasks(self):
            cast("Any", task)._log_destroy_pending = False
            with suppress(Exception):  # It may go on to its next await, or fail; nobody is there to see it.
                cast("Any", task.get_coro()).close()
        self._ready.clear()
        self._timers.clear()

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        if self.is_dead:
            return handle
        # Who is first among those of one instant is nobody's promise.
        entry = (round(when * 1_000), self._world.rng.random(), next(self._numbers), handle)
        heapq.heappush(self._timers, entry)
        return handle

    def time(self) -> float:
        return self._world.now / 1_000

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: str | None = None, context: Context | None = None) -> Any:
        return asyncio.Task(coro, loop=self, name=name, context=context)

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return not self.is_dead

    def is_closed(self) -> bool:
        return self.is_dead

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if not self.is_dead:
            error = context.get("exception")
            self._world.blame(f"unhandled in the loop: {context.get('message')}: {error!r}")

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """What asyncio tells a loop when a timer is cancelled: it is passed over when its time comes."""


class SteppedClock:
    """The clock of one life. It may be behind the stars; its timers come late now and then, and early.

    :param behind: ms.
    """

    def __init__(self, world: World, loop: StepLoop, *, behind: int) -> None:
        self._world = world
        self._loop = loop
        self.behind = behind

    def now(self) -> int:
        return self._world.now - self.behind

    def offset_ms(self) -> int:
        return 0

    def call_at(self, instant: int, callback: Callable[[], None]) -> Timer:
        world = self._world
        at = max(instant, self.now()) + self.behind
        luck = 1.0 if world.is_calm or self._loop.is_dead else world.rng.random()
        if luck < 0.06:
            at += world.rng.choice((1, 5, 50, 400, 3_000))
            world.sightings.add("a timer came late")
        elif luck < 0.12 and at > world.now:
            at -= min(at - world.now, world.rng.choice((1, 3)))
            world.sightings.add("a timer came early")
        return self._loop.call_at(at / 1_000, callback)
