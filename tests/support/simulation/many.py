"""Seeds by the thousand, on all processors."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from support.simulation.seeds import simulate
from support.simulation.sightings import Sightings

PORTION = 50
"""Seeds that a worker takes at a time."""

Result = tuple[str | None, Sightings]
"""What a failing seed prints, and what was seen in it."""


def simulate_many(seeds: range, jobs: int) -> Iterator[Result]:
    """Run all seeds in so many processes."""
    portions = [seeds[at : at + PORTION] for at in range(0, len(seeds), PORTION)]
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as workers:
        for results in workers.map(_portion, portions):
            yield from results


def _portion(seeds: range) -> list[Result]:
    return [(None if each.problem is None else each.told(), each.sightings) for each in simulate(seeds)]
