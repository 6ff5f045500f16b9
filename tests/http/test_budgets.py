import pytest

from actor_ticketing.http.budgets import Budget


class Seconds:
    """A clock for budgets."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def budget(seconds: Seconds) -> Budget:
    return Budget("look", "3/minute", now=seconds)


def test_a_rate_is_enough_for_so_many_and_not_for_one_more(budget: Budget) -> None:
    assert [budget.spend("a")[0] for _ in range(5)] == [2, 1, 0, -1, -2]


def test_each_key_has_all_of_it(budget: Budget) -> None:
    for _ in range(4):
        budget.spend("a")
    assert budget.spend("b") == (2, 60)


def test_it_is_all_there_again_when_the_window_that_began_with_the_first_use_is_over(
    budget: Budget, seconds: Seconds
) -> None:
    assert budget.spend("a") == (2, 60)
    seconds.now += 58.5
    assert [budget.spend("a") for _ in range(3)] == [(1, 2), (0, 2), (-1, 2)]
    seconds.now += 1.5
    assert budget.spend("a") == (2, 60)


def test_asking_whether_something_is_left_spends_nothing(budget: Budget, seconds: Seconds) -> None:
    assert all(budget.is_left("a") for _ in range(10))
    assert [budget.standing("a") for _ in range(10)] == [(2, 60)] * 10
    for _ in range(3):
        budget.spend("a")
    assert not budget.is_left("a")
    assert budget.standing("a") == (-1, 60)
    seconds.now += 60
    assert budget.is_left("a")
    assert budget.standing("a") == (2, 60)


def test_what_is_cleared_is_whole_again(budget: Budget) -> None:
    for _ in range(3):
        budget.spend("a")
    budget.clear("a")
    budget.clear("never seen")
    assert budget.spend("a") == (2, 60)


def test_its_policy_is_a_quota_in_a_window(budget: Budget) -> None:
    assert budget.policy == '"look";q=3;w=60'
    assert Budget("x", "10/15 minutes").policy == '"x";q=10;w=900'


def test_windows_that_are_over_are_forgotten_as_new_ones_come(budget: Budget, seconds: Seconds) -> None:
    for number in range(100):
        budget.spend(f"old {number}")
    seconds.now += 60
    for number in range(60):
        budget.spend(f"new {number}")
    assert len(budget) == 60


def test_however_many_come_it_remembers_only_so_many(seconds: Seconds) -> None:
    budget = Budget("look", "3/minute", now=seconds, keys_max=10)
    for number in range(1_000):
        budget.spend(str(number))
    assert len(budget) <= 10
    assert budget.spend("999") == (1, 60)
