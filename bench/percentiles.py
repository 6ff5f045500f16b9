"""Percentiles of what was measured, by the nearest rank: each is a value that really occurred."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from math import ceil


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """In the unit of the samples, of which there were ``count``."""

    count: int
    p50: float
    p90: float
    p99: float
    p999: float
    max: float

    @classmethod
    def of(cls, samples: Iterable[float]) -> "Percentiles":
        """Take them.

        :raises ValueError: when there are no samples.
        """
        ordered = sorted(samples)
        if not ordered:
            raise ValueError("there are no percentiles of nothing")

        def rank(share: float) -> float:
            # Rounded first: 0.999 of a thousand must not become the thousandth by the last bit of a product.
            return ordered[max(0, ceil(round(share * len(ordered), 6)) - 1)]

        return cls(count=len(ordered), p50=rank(0.5), p90=rank(0.9), p99=rank(0.99), p999=rank(0.999), max=ordered[-1])

    def figures(self, unit: str) -> Mapping[str, float]:
        """Columns of a table, titled with the unit."""
        titles = {"p50": "p50", "p90": "p90", "p99": "p99", "p999": "p99.9", "max": "max"}
        values = asdict(self)
        return {f"{title} {unit}": round(values[name], 3) for name, title in titles.items()}
