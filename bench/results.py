"""What a scenario comes to: ratios that count, absolute figures beside them, and what was proved on the way."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A figure that counts, once for each round.

    :ivar name: what is divided by what.
    :ivar target: what the median should reach; None where nothing was promised.
    :ivar at_most: the target is an upper bound.
    :ivar unit: of the few figures that are no ratios: ``bytes``, ``ms``, ``s``.
    """

    name: str
    values: Sequence[float]
    target: float | None = None
    at_most: bool = False
    unit: str = ""

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError(f"{self.name}: a ratio needs the value of at least one round")

    @property
    def median(self) -> float:
        """The figure to quote."""
        return statistics.median(self.values)

    @property
    def least(self) -> float:
        """The smallest of the rounds."""
        return min(self.values)

    @property
    def most(self) -> float:
        """The largest of the rounds."""
        return max(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the median reaches the target; None when there is none."""
        if self.target is None:
            return None
        return self.median <= self.target if self.at_most else self.median >= self.target

    def share_of_target(self, value: float) -> float:
        """How much of the target a value reaches: 1 is just enough, and more is better, also of an upper bound.

        :raises ValueError: when there is no target, or none that anything could be a share of.
        """
        if not self.target:
            raise ValueError(f"{self.name} has no target")
        if self.at_most:
            return self.target / value if value > 0 else math.inf
        return value / self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A row of the table of absolute figures: one contender, or one variant.

    :ivar figures: by the title of the column, which has the unit: ``{"req/s": 18981, "p50 ms": 2.7}``.
    """

    name: str
    figures: Mapping[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The outcome of one scenario.

    :ivar conditions: sentences that say how it was measured.
    :ivar checks: sentences that say what was proved right; a proof that fails raises :class:`bench.errors.BenchError`.
    :ivar complaints: why the figures are to be taken with care; empty when the machine was quiet.
    :ivar raw: everything of every round, for the JSON file.
    :ivar skipped: what was left out, because something that it needs is missing.
    """

    scenario: str
    title: str
    started_at: datetime
    conditions: Sequence[str]
    ratios: Sequence[Ratio]
    measured: Sequence[Measured]
    checks: Sequence[str]
    complaints: Sequence[str]
    machine: Mapping[str, object]
    raw: Mapping[str, Any]
    skipped: Sequence[str] = ()
