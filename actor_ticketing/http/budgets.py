"""How often somebody may do something: a rate, and what each has used up of it."""

import time
from collections.abc import Callable

import limits

KEYS_MAX = 100_000
"""Clients that one budget remembers at most; at least the half that came last. Memory matters more than old windows."""

Window = list[float]
"""How often something was done in it, and when it ends. Two numbers in a list, as every request touches two of them."""
_COUNT, _END = 0, 1


class Budget:
    """A rate that each key has for itself, in fixed windows that begin with the first use.

    The rate is read by :mod:`limits`; counting is done here. The library's stores look through all their keys again and
    again, and its strategies build a key for each use, which is 2.4 µs against 0.4 (measured; a request has 100).

    Windows are kept in two generations. When the younger one is as old as a window lasts, or full, the elder is dropped
    whole: nobody looks for the oldest window, however many clients there are.

    :ivar policy: the rate as in draft-ietf-httpapi-ratelimit-headers: so many units in a window of so many seconds.

    :param name: what it is for, as clients see it: ``reserve-address``.
    :param rate: such as ``60/minute``.
    :param now: seconds of a clock that does not go back.
    """

    def __init__(
        self, name: str, rate: str, *, now: Callable[[], float] = time.monotonic, keys_max: int = KEYS_MAX
    ) -> None:
        item = limits.parse(rate)
        self.name = name
        self.policy = f'"{name}";q={item.amount};w={item.get_expiry()}'
        self._amount = item.amount
        self._seconds = item.get_expiry()
        self._now = now
        self._generation_max = keys_max // 2
        self._young: dict[str, Window] = {}
        self._old: dict[str, Window] = {}
        self._young_ends = now() + self._seconds

    def spend(self, key: str, units: int = 1) -> Window:
        """Count uses, and return the window that they fell into; :meth:`is_over` says whether there was enough."""
        now = self._now()
        window = self._young.get(key) or self._old.get(key)
        if window is not None and window[_END] > now:
            window[_COUNT] += units
            return window
        if now >= self._young_ends or len(self._young) >= self._generation_max:
            self._old, self._young = self._young, {}
            self._young_ends = now + self._seconds
        self._young[key] = window = [units, now + self._seconds]
        return window

    def is_over(self, window: Window) -> bool:
        """Whether more was used in a window than the rate allows."""
        return window[_COUNT] > self._amount

    def standing(self, window: Window) -> tuple[int, int]:
        """What is left in a window, and in how many seconds all of it is there again, rounded up."""
        seconds = -int((self._now() - window[_END]) // 1)
        return (max(0, self._amount - int(window[_COUNT])), seconds) if seconds > 0 else (self._amount, 0)

    def exhausted(self, key: str) -> Window | None:
        """The window of which nothing is left for one more use, if it is so."""
        window = self._young.get(key) or self._old.get(key)
        return window if window is not None and window[_COUNT] >= self._amount and window[_END] > self._now() else None

    def give_back(self, key: str) -> None:
        """Take one use back."""
        window = self._young.get(key) or self._old.get(key)
        if window is not None:
            window[_COUNT] -= 1

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
