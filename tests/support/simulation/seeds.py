"""Seeds, run one after the other, and what came of each."""

import gc
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from structlog.testing import capture_logs

from support.simulation.run import Run
from support.simulation.sightings import Sightings
from support.simulation.stepping import World

COLLECT_AFTER = 25
"""Seeds after which the garbage of their processes is collected; in between, nothing is."""

NEVER_LOGGED = {"actor_lost_holds", "catalogue_broke", "actor_not_built"}
RARELY_LOGGED = {
    "expiry_failed": "an expiry failed and was tried again",
    "clock_went_back": "the clock had gone back at a restart",
}


@dataclass(slots=True)
class Outcome:
    """What came of a seed. ``digest`` is of every step it took, so two equal ones took the same."""

    seed: int
    problem: str | None
    sightings: Sightings
    trace: list[tuple[Any, ...]]
    digest: str

    def told(self, *, last: int = 60) -> str:
        """What a failing seed prints."""
        lines = "\n".join(f"{at:>8} ms  {' '.join(map(str, what))}" for at, *what in self.trace[-last:])
        return f"seed {self.seed}: {self.problem}\n{lines}\nAgain: make simulate SEED={self.seed}"


def simulate(seeds: Iterable[int]) -> Iterator[Outcome]:
    """Run one seed after the other. The same seed is the same run."""
    with _no_last_words():
        for number, seed in enumerate(seeds, 1):
            yield _simulate(seed)
            if not number % COLLECT_AFTER:
                gc.collect()


def _simulate(seed: int) -> Outcome:
    world = World(seed)
    with capture_logs() as logs:
        Run(world).to_the_end()
    for line in logs:
        if line["event"] in NEVER_LOGGED or line.get("is_bug"):
            world.blame(f"the log says {line}")
        elif line["event"] in RARELY_LOGGED:
            world.sightings.add(RARELY_LOGGED[line["event"]])
    digest = sha256(repr(world.trace).encode()).hexdigest()
    return Outcome(seed, world.problem, world.sightings, world.trace, digest)


@contextmanager
def _no_last_words() -> Iterator[None]:
    """A process that is killed closes nothing; coroutines and generators that are thrown away would, or complain."""
    hooks, unraisable = sys.get_asyncgen_hooks(), sys.unraisablehook
    sys.set_asyncgen_hooks(finalizer=lambda _: None)
    sys.unraisablehook = lambda _: None
    gc.disable()
    gc.freeze()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            yield
            gc.collect()
    finally:
        gc.unfreeze()
        gc.enable()
        sys.unraisablehook = unraisable
        sys.set_asyncgen_hooks(*hooks)
