"""Plans of arrivals: when each request of an open-loop run is to start, in seconds from the run's beginning.

A plan is a sorted list. It depends on nothing but its arguments, so that every round, and every run, sends the same.
"""

import random
from collections.abc import Iterable

EMF_2026 = (38, 97, 134, 121, 106, 92, 79, 67, 57, 48, 40, 30, 22, 15, 10, 7, 4)
"""Tickets reserved in each second of the on-sale of EMF 2026, as we replay it.

Two things are known of it: 134 tickets were reserved in its busiest second, and 967 in its 17 seconds. The shape in
between is ours: up within three seconds, as after a countdown, then a decay.
"""


def by_second(counts: Iterable[int], *, seed: int = 0) -> list[float]:
    """So many arrivals in each second, at random instants inside it: a Poisson process whose counts are given."""
    randomness = random.Random(seed)  # noqa: S311 - load, not secrets.
    return [
        instant
        for second, count in enumerate(counts)
        for instant in sorted(second + randomness.random() for _ in range(count))
    ]


def steady(rate: int, seconds: int, *, seed: int = 0) -> list[float]:
    """``rate`` arrivals in every second."""
    return by_second([rate] * seconds, seed=seed)


def emf(factor: int, *, seed: int = 0) -> list[float]:
    """The on-sale of :data:`EMF_2026` with ``factor`` times as many buyers, each of whom takes one ticket."""
    return by_second([factor * count for count in EMF_2026], seed=seed)
