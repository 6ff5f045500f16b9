"""How often somebody may do something: a rate, and what each has used up of it."""

import time
from collections.abc import Callable

import limits

KEYS_MAX = 100_000
"""Clients that one budget remembers at most; at least the half that came last. Memory matters more than old windows."""

# A window is one number: when it ends, in ns, and in the low bits how often something was done in it. Nearly everyone
# in a rush is new, so there are as many windows as buyers, and the garbage collector need not look at numbers.
_COUNT_BITS = 32
_COUNT = (1 << _COUNT_BITS) - 1
_SECOND = 1_000_000_000


class Budget:
    """A rate that each key has for itself, in fixed windows that begin with the first use.

    The rate is read by :mod:`limits`; counting is done here. The library's stores look through all their keys again and
    again, and its strategies build a key for each use, which is 2.4 µs against 0.4 (measured; a request has 100).

    Windows are kept in two generations. When the younger one is as old as a window lasts, or full, the elder is dropped
    whole: nobody looks for the oldest window, however many clients there are.

    :ivar head: the rate as lines of a head, so many units in a window of so many seconds, up to what is left of it
        (draft-ietf-httpapi-ratelimit-headers).

    :param name: what it is for, as clients see it: ``reserve-address``.
    :param rate: such as ``60/minute``.
    :param now: nanoseconds of a clock that does not go back.
    """

    def __init__(
        self, name: str, rate: str, *, now: Callable[[], int] = time.monotonic_ns, keys_max: int = KEYS_MAX
    ) -> None:
        item = limits.parse(rate)
        self.name = name
        self.head = f'RateLimit-Policy: "{name}";q={item.amount};w={item.get_expiry()}\r\nRateLimit: "{name}";r='
        self._amount = item.amount
        self._length = item.get_expiry() * _SECOND
        self._now = now
        self._generation_max = keys_max // 2
        self._young: dict[str, int] = {}
        self._old: dict[str, int] = {}
        self._young_ends = now() + self._length

    def spend(self, key: str, units: int = 1) -> int:
        """Count uses, and return the window that they fell into; :meth:`is_over` says whether there was enough."""
        young, now = self._young, self._now()
        window = young.get(key)
        if window is None:
            window = self._old.get(key, 0)
            if now >= self._young_ends or len(young) >= self._generation_max:
                self._old, self._young = young, (young := {})
                self._young_ends = now + self._length
        if window >> _COUNT_BITS <= now:
            window = now + self._length << _COUNT_BITS
        young[key] = window = window + units
        return window

    def is_over(self, window: int) -> bool:
        """Whether more was used in a window than the rate allows."""
        return window & _COUNT > self._amount

    def standing(self, window: int) -> tuple[int, int]:
        """What is left in a window, and in how many seconds all of it is there again, rounded up."""
        seconds, left = -((self._now() - (window >> _COUNT_BITS)) // _SECOND), self._amount - (window & _COUNT)
        if seconds <= 0:
            return self._amount, 0
        return (left, seconds) if left > 0 else (0, seconds)

    def exhausted(self, key: str) -> int | None:
        """The window of which nothing is left for one more use, if it is so."""
        window = self._young.get(key) or self._old.get(key)
        if window is None or window & _COUNT < self._amount or window >> _COUNT_BITS <= self._now():
            return None
        return window

    def give_back(self, key: str) -> None:
        """Take one use back that was counted before."""
        for windows in (self._young, self._old):
            if windows.get(key, 0) & _COUNT:
                windows[key] -= 1
                return

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
