"""How often somebody may do something: a rate, and what each has used up of it."""

import math
import time
from collections.abc import Callable

import limits

from actor_ticketing.domain.errors import TooManyRequests

KEYS_MAX = 100_000
"""Clients that one budget remembers at most; at least the half that came last. Memory matters more than who is idle."""


class OverBudget(TooManyRequests):
    """There is not enough left of a budget.

    :ivar standing: the budget, and when all of it is there again.
    """

    def __init__(self, budget: "Budget", full_at: float, *, seconds: int) -> None:
        super().__init__(budget=budget.name, seconds=seconds)
        self.standing = (budget, full_at)


class Budget:
    """A rate that each key has for itself: all of it at once, and what was used grows back evenly.

    Of a key, one number is kept: the instant at which all of its rate is there again, which every use puts off by the
    time in which one use grows back. (This is the generic cell rate algorithm of ITU-T I.371, where it is called the
    theoretical arrival time.) There is no window, so nobody waits for its end, nor has two of them at once around it.

    The rate is read by :mod:`limits`; counting is done here. The library's stores look through all their keys again and
    again, and its strategies build a key for each use, which is 2.4 µs against 0.4 (measured; a request has 100).

    Keys are kept in two generations. When the younger one is so old that whoever is in the elder has all of the rate
    again, or full, the elder is dropped whole: nobody looks for the one that came first, however many there are.

    :ivar amount: how many uses the rate allows at once.
    :ivar head: the rate as lines of a head, so many units in so many seconds, up to what is left of it
        (draft-ietf-httpapi-ratelimit-headers).

    :param name: what it is for, as clients see it: ``reserve-address``.
    :param rate: such as ``60/minute``.
    :param now: seconds of a clock that does not go back.
    """

    def __init__(
        self, name: str, rate: str, *, now: Callable[[], float] = time.monotonic, keys_max: int = KEYS_MAX
    ) -> None:
        item = limits.parse(rate)
        self.name = name
        self.head = f'RateLimit-Policy: "{name}";q={item.amount};w={item.get_expiry()}\r\nRateLimit: "{name}";r='
        self.amount = item.amount
        self._length = item.get_expiry()
        self._each = self._length / item.amount
        # The thousandth part of a use is for what rounding makes of a sum.
        self._most = self._length + self._each / 1_000
        self._now = now
        self._generation_max = keys_max // 2
        # Numbers by text: the garbage collector need not look at them, and in a rush nearly everyone is new.
        self._young: dict[str, float] = {}
        self._old: dict[str, float] = {}
        self._young_ends = now() + 2 * self._length

    def spend(self, key: str, units: int = 1) -> float:
        """Count uses, and return when all of the rate is there again.

        :raises OverBudget: when there is not enough left for all of them; then none is counted.
        """
        young, now = self._young, self._now()
        full_at = young.get(key)
        if full_at is None:
            full_at = self._old.get(key, now)
            if now >= self._young_ends or len(young) >= self._generation_max:
                young = self._begin_generation(now)
        if full_at < now:  # noqa: PLR1730 - max() costs more.
            full_at = now
        spent = full_at + units * self._each
        if spent - now > self._most:
            young[key] = full_at
            raise OverBudget(self, full_at, seconds=math.ceil(spent - now - self._most))
        young[key] = spent
        return spent

    def charge(self, key: str) -> None:
        """Count a use that has been made already, whether or not there was enough for it.

        What is owed grows back as evenly, and is never more than the rate once over.
        """
        now = self._now()
        full_at = self._young.get(key) or self._old.get(key, 0.0)
        if now >= self._young_ends or len(self._young) >= self._generation_max:
            self._begin_generation(now)
        self._young[key] = min(max(full_at, now) + self._each, now + 2 * self._length)

    def _begin_generation(self, now: float) -> dict[str, float]:
        self._old, self._young = self._young, {}
        self._young_ends = now + 2 * self._length
        return self._young

    def require(self, key: str) -> None:
        """Check that there is something left, without counting a use.

        :raises OverBudget: when there is not.
        """
        full_at = self._young.get(key) or self._old.get(key)
        if full_at is not None and (wait := full_at + self._each - self._most - self._now()) > 0:
            raise OverBudget(self, full_at, seconds=math.ceil(wait))

    def give_back(self, key: str, units: int = 1) -> None:
        """Take uses back that were counted before."""
        for keys in (self._young, self._old):
            if key in keys:
                keys[key] -= units * self._each
                return

    def head_lines(self, full_at: float) -> str:
        """How a client is told of this budget: what is left, and in how many seconds all of it is there, rounded up."""
        ahead = full_at - self._now()
        if ahead <= 0:
            return f"{self.head}{self.amount};t=0\r\n"
        return f"{self.head}{max(0, int((self._most - ahead) / self._each))};t={math.ceil(ahead)}\r\n"

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
