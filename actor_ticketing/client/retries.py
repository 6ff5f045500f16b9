"""When to try again."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often and how long a call is tried.

    :ivar attempts: at the most, the first one included.
    :ivar first_seconds: the longest first pause; each may be twice as long as the one before.
    :ivar longest_seconds: no pause is longer. A service that asks for more is not waited for.
    :ivar sleep: waits so many seconds.
    """

    attempts: int = 8
    first_seconds: float = 0.2
    longest_seconds: float = 10.0
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    def pause(self, attempt: int) -> float:
        """How long to wait after so many attempts, at random: those who failed together do not come back together."""
        longest = min(self.longest_seconds, self.first_seconds * 2 ** (attempt - 1))
        return random.uniform(longest / 2, longest)  # noqa: S311 - nobody gains by guessing it.

    def pause_asked(self, attempt: int, seconds: float | None) -> float | None:
        """The same when the service has asked for a pause; None when that is longer than anybody waits here."""
        if seconds is None:
            return self.pause(attempt)
        return None if seconds > self.longest_seconds else seconds + self.pause(1)
