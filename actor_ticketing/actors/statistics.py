"""What operators are told: what happened, the lag of expiry, and what sweeps did. Since the process started."""

from collections import Counter, deque
from dataclasses import dataclass
from typing import Literal

from actor_ticketing.domain.measures import LAG_BOUNDS_MS, Histogram
from actor_ticketing.domain.values import value

Trigger = Literal["timer", "manual", "cron", "startup"]
TRIGGERS: tuple[Trigger, ...] = ("timer", "manual", "cron", "startup")

SAMPLES = 10_000
"""The percentiles are of this many latest expiries; maximum and count are of all."""


@dataclass(slots=True, kw_only=True)
class Sweeps:
    """The sweeps of one trigger. ``last_at``: ms since the epoch."""

    runs: int = 0
    expired: int = 0
    last_at: int | None = None
    last_duration_ms: int | None = None


@value
class Lag:
    """Expiry lag in ms: from the deadline to the durable release. None where nothing has expired yet."""

    p50: int | None
    p99: int | None
    max: int | None
    count: int


class ExpiryLag:
    """Collects the lag of each expiry.

    :ivar spread: of all of them, in ms.
    :ivar by_type: of each ticket type that had any: the longest lag in ms, and how many expiries there were.
    """

    def __init__(self) -> None:
        self.spread = Histogram(LAG_BOUNDS_MS)
        self.by_type: dict[str, tuple[int, int]] = {}
        self._latest: deque[int] = deque(maxlen=SAMPLES)
        self._max: int | None = None
        self._count = 0

    def add(self, lag_ms: int, ticket_type_id: str) -> None:
        """Note one expiry."""
        self.spread.add(lag_ms)
        longest, count = self.by_type.get(ticket_type_id, (lag_ms, 0))
        self.by_type[ticket_type_id] = (max(longest, lag_ms), count + 1)
        self._latest.append(lag_ms)
        self._max = lag_ms if self._max is None else max(self._max, lag_ms)
        self._count += 1

    def summary(self) -> Lag:
        """Percentiles by the nearest rank."""
        ordered = sorted(self._latest)
        return Lag(p50=_rank(ordered, 50), p99=_rank(ordered, 99), max=self._max, count=self._count)


def _rank(ordered: list[int], percent: int) -> int | None:
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else None


class Statistics:
    """All of it.

    :ivar outcomes: committed events, by kind.
    :ivar found_late: holds that periodic sweeps found overdue by more than a second. Each is a bug, or a failing disk.
    """

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.expiry_lag = ExpiryLag()
        self.found_late = 0
        self.sweeps: dict[Trigger, Sweeps] = {trigger: Sweeps() for trigger in TRIGGERS}

    def note_sweep(self, trigger: Trigger, *, at: int, expired: int, duration_ms: int) -> None:
        """Count one sweep that has ended."""
        sweeps = self.sweeps[trigger]
        sweeps.runs += 1
        sweeps.expired += expired
        sweeps.last_at = at
        sweeps.last_duration_ms = duration_ms
