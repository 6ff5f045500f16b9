"""How often somebody may do something: a rate, and what each has used up of it."""

import time
from collections.abc import Callable

import limits

KEYS_MAX = 50_000
"""Clients that one budget remembers. Beyond it the oldest windows are forgotten: memory matters more than they do."""

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
        self._windows: dict[str, list[float]] = {}

    def spend(self, key: str) -> tuple[int, int]:
        """Count one use; return what is left, negative when there was not enough, and in how many seconds (rounded up)
        all of it is there again.
        """
        windows, now = self._windows, self._now()
        window = windows.get(key)
        if window is None or window[_END] <= now:
            windows.pop(key, None)
            self._make_room(now)
            windows[key] = [1, now + self._seconds]
            return self._amount - 1, self._seconds
        window[_COUNT] += 1
        return int(self._amount - window[_COUNT]), -int((now - window[_END]) // 1)

    def _make_room(self, now: float) -> None:
        windows = self._windows
        # Two for each that comes, so that what is over goes faster than new ones arrive.
        for _ in range(2):
            oldest = next(iter(windows), None)
            if oldest is None or (windows[oldest][_END] > now and len(windows) < self._keys_max):
                return
            del windows[oldest]

    def is_left(self, key: str) -> bool:
        """Whether there is enough for one more use."""
        window = self._windows.get(key)
        return window is None or window[_COUNT] < self._amount or window[_END] <= self._now()

    def standing(self, key: str) -> tuple[int, int]:
        """What :meth:`spend` would leave of it, spending nothing."""
        window, now = self._windows.get(key), self._now()
        if window is None or window[_END] <= now:
            return self._amount - 1, self._seconds
        return int(self._amount - window[_COUNT]) - 1, -int((now - window[_END]) // 1)

    def clear(self, key: str) -> None:
        """Give a key all of it back."""
        self._windows.pop(key, None)

    def __len__(self) -> int:
        return len(self._windows)
