"""A simulation that finds nothing may be blind. Each of these bugs has to be found."""

import pytest

from support.simulation.plants import PLANTS
from support.simulation.seeds import simulate

# However slow the machine is: it is the number of seeds that counts.
# A process that is killed leaves coroutines half-way, and Python complains of some when it frees them.
_OF_KILLS = "ignore::pytest.PytestUnraisableExceptionWarning"
pytestmark = [pytest.mark.timeout(900), pytest.mark.filterwarnings(_OF_KILLS)]

SEEDS = range(600)
RARE = "expires what a purchase has claimed"
SEEDS_OF_THE_RARE = range(5_000)


def is_found(name: str, seeds: range) -> bool:
    with PLANTS[name]():
        return any(outcome.problem is not None for outcome in simulate(seeds))


@pytest.mark.parametrize("name", sorted(PLANTS.keys() - {RARE}))
def test_a_planted_bug_is_found(name: str) -> None:
    assert is_found(name, SEEDS)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_bug_that_takes_a_rare_coincidence_is_found_among_many_seeds() -> None:
    assert is_found(RARE, SEEDS_OF_THE_RARE)
