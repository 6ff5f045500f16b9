"""What is measured of the work itself, for whoever watches it. Since the process started."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

LAG_BOUNDS_MS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 60_000)
COMMIT_BOUNDS_MS = (0.5, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000)
BATCH_BOUNDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000)


class Histogram:
    """How values are spread.

    :ivar bounds: upper bounds of the buckets, rising; each value belongs to the first that is not below it, and what is
        beyond the last to a bucket of its own.
    :ivar counts: how many values are in each bucket, the last one included.
    :ivar total: the sum of all values.
    """

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total: float = 0

    def add(self, value: float) -> None:
        """Note one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


@dataclass(slots=True)
class Commits:
    """What the journal's transactions were like.

    :ivar duration_ms: from handing a batch to the store until it is durable, of those that were committed.
    :ivar entries: how many decisions went into each.
    :ivar failed: batches of which nothing was written.
    """

    duration_ms: Histogram = field(default_factory=lambda: Histogram(COMMIT_BOUNDS_MS))
    entries: Histogram = field(default_factory=lambda: Histogram(BATCH_BOUNDS))
    failed: int = 0
