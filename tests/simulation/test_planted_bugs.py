"""A simulation that finds nothing may be blind. Each of these bugs has to be found."""

import pytest

from support.simulation.plants import PLANTS
from support.simulation.seeds import simulate

# However slow the machine is: it is the number of seeds that counts.
pytestmark = pytest.mark.timeout(900)

SEEDS = range(600)


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_bug_is_found(name: str) -> None:
    with PLANTS[name]():
        assert any(outcome.problem is not None for outcome in simulate(SEEDS)), "not in any of these seeds"
