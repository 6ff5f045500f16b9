"""How often somebody may do something: a rate, and what each has used up of it."""

import time
from collections.abc import Callable

import limits

KEYS_MAX = 50_000
"""Clients that one budget remembers. Beyond it the oldest windows are forgotten: memory matters more than they do."""

Window = list[float]
"""How often something was done in it, and when it ends. Two numbers in a list, as every request touches two of them."""
_COUNT, _END = 0, 1


class Budget:
    """A rate that each key has for itself, in fixed windows that begin with the first use.

    The rate is read by :mod:`limits`; counting is done here. The library's stores look through all their keys again and
    again, and its strategies build a key for each use, which is 2.4 µs against 0.4 (measured; a request has 100).

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
        self._keys_max = keys_max
        # All windows are of one length, so they end in the order in which they were made.
        self._windows: dict[str, Window] = {}

    def spend(self, key: str, units: int = 1) -> Window:
        """Count a use, and return the window that it fell into. Whether there was enough, :meth:`is_over` says."""
        now = self._now()
        window = self._windows.get(key)
        if window is None or window[_END] <= now:
            self._windows.pop(key, None)
            self._make_room(now)
            self._windows[key] = window = [units, now + self._seconds]
        else:
            window[_COUNT] += units
        return window

    def is_over(self, window: Window) -> bool:
        """Whether more was used in a window than the rate allows."""
        return window[_COUNT] > self._amount

    def standing(self, window: Window) -> tuple[int, int]:
        """What is left in a window, and in how many seconds all of it is there again, rounded up."""
        return max(0, self._amount - int(window[_COUNT])), -int((self._now() - window[_END]) // 1)

    def _make_room(self, now: float) -> None:
        windows = self._windows
        # Two for each that comes, so that what is over goes faster than new ones arrive.
        for _ in range(2):
            oldest = next(iter(windows), None)
            if oldest is None or (windows[oldest][_END] > now and len(windows) < self._keys_max):
                return
            del windows[oldest]

    def exhausted(self, key: str) -> Window | None:
        """The window of which nothing is left for one more use, if it is so."""
        window = self._windows.get(key)
        return window if window is not None and window[_COUNT] >= self._amount and window[_END] > self._now() else None

    def give_back(self, key: str) -> None:
        """Take one use back."""
        window = self._windows.get(key)
        if window is not None:
            window[_COUNT] -= 1

    def __len__(self) -> int:
        return len(self._windows)
