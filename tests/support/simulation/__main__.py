"""``make simulate`` and ``make test-long``: seeds by the thousand, or one of them again."""

import argparse
import os
import sys
import time

from support.simulation.many import simulate_many
from support.simulation.seeds import simulate
from support.simulation.sightings import RARE, Sightings


def main() -> int:
    """Run what is asked for; return 0 if nothing broke a rule and every rare state was seen."""
    parser = argparse.ArgumentParser(prog="support.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this seed alone, and print all that happens in it")
    parser.add_argument("--first", type=int, default=0, help="the first of several seeds")
    parser.add_argument("--seeds", type=int, default=1_000, help="how many")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes beside each other")
    options = parser.parse_args()
    if options.seed is not None:
        return _one(options.seed)
    return _many(range(options.first, options.first + options.seeds), options.jobs)


def _one(seed: int) -> int:
    [outcome] = simulate([seed])
    _say(outcome.told(last=len(outcome.trace)))
    return 0 if outcome.problem is None else 1


def _many(seeds: range, jobs: int) -> int:
    began, failed, total = time.monotonic(), 0, Sightings()
    for problem, sightings in simulate_many(seeds, jobs):
        total.update(sightings)
        if problem is not None:
            failed += 1
            _say(problem)
    for name in RARE:
        _say(f"{total[name]:>8}  {name}")
    _say(f"{len(seeds)} seeds from {seeds.start}, {failed} failed, {time.monotonic() - began:.0f} s")
    if missing := total.missing():
        _say(f"never seen: {', '.join(missing)}")
    return 1 if failed or missing else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
