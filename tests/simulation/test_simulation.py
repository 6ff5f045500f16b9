"""The service under simulated faults. ``docs/simulation.md`` says what is simulated and what is checked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.simulation.plants import PLANTS
from support.simulation.seeds import simulate
from support.simulation.sightings import added_up

# However slow the machine is: it is the number of seeds that counts.
pytestmark = pytest.mark.timeout(900)

SEEDS = range(300)
TESTS = Path(__file__).parents[1]


def test_no_seed_breaks_a_rule_and_together_they_see_every_rare_state() -> None:
    outcomes = list(simulate(SEEDS))
    failed = [outcome.told() for outcome in outcomes if outcome.problem is not None]
    assert not failed, "\n\n".join(failed[:3])
    assert added_up(outcome.sightings for outcome in outcomes).missing() == []


def test_the_same_seed_takes_the_same_steps() -> None:
    first, again = ([outcome.digest for outcome in simulate(range(20))] for _ in range(2))
    assert first == again
    assert len(set(first)) == 20


def test_a_seed_takes_the_same_steps_alone_and_in_another_process() -> None:
    [*_, here] = simulate(range(8))
    program = "from support.simulation.seeds import simulate; print(next(simulate([7])).digest)"
    done = subprocess.run(  # noqa: S603 - our own program.
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(TESTS), "PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    assert done.stdout.strip() == here.digest


def test_a_failing_seed_says_what_broke_and_how_to_see_it_again() -> None:
    with PLANTS["replies before the commit"]():
        told = next(each.told() for each in simulate(SEEDS) if each.problem is not None)
    assert told.startswith("seed ")
    assert "make simulate SEED=" in told
