"""What work that has failed needs to be tried again: pauses that grow, and to be woken when there is something new."""

import asyncio

from actor_ticketing.clock import Clock
from actor_ticketing.domain.ids import Entropy


class Pauses:
    """Pauses that double up to the longest, each up to a quarter shorter by chance, so that not all come at once."""

    def __init__(self, *, first_seconds: float, longest_seconds: float, entropy: Entropy) -> None:
        self.longest_ms = longest_seconds * 1_000
        self._first_ms = first_seconds * 1_000
        self._entropy = entropy

    def after(self, tries: int) -> int:
        """How long to wait after so many tries in vain, at least one, in ms."""
        full: float = min(self.longest_ms, self._first_ms * 2 ** min(tries - 1, 32))
        return round(full * (1 - self._entropy(1)[0] / 255 / 4))


class Wake:
    """Lets one task wait until there is something new, or until it is time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._event = asyncio.Event()

    def set(self) -> None:
        """There is something new."""
        self._event.set()

    def clear(self) -> None:
        """What is new up to now is going to be looked at."""
        self._event.clear()

    async def wait_until(self, instant: int | None) -> None:
        """Wait until then, or until there is something new. None: however long that takes."""
        if instant is not None and instant <= self._clock.now():
            return
        timer = None if instant is None else self._clock.call_at(instant, self._event.set)
        try:
            await self._event.wait()
        finally:
            if timer is not None:
                timer.cancel()
