import pytest

from actor_ticketing.http.budgets import Budget


class Seconds:
    """A clock for budgets."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> int:
        """In ns, as a budget wants it."""
        return round(self.now * 1e9)


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def budget(seconds: Seconds) -> Budget:
    return Budget("look", "3/minute", now=seconds)


def spend(budget: Budget, key: str = "a") -> tuple[bool, int, int]:
    """Spend once: whether there was enough, what is left, and in how many seconds all of it is there again."""
    window = budget.spend(key)
    return not budget.is_over(window), *budget.standing(window)


def test_a_rate_is_enough_for_so_many_and_not_for_one_more(budget: Budget) -> None:
    assert [spend(budget)[:2] for _ in range(5)] == [(True, 2), (True, 1), (True, 0), (False, 0), (False, 0)]


def test_each_key_has_all_of_it(budget: Budget) -> None:
    for _ in range(4):
        spend(budget)
    assert spend(budget, "b") == (True, 2, 60)


def test_it_is_all_there_again_when_the_window_that_began_with_the_first_use_is_over(
    budget: Budget, seconds: Seconds
) -> None:
    assert spend(budget) == (True, 2, 60)
    seconds.now += 58.5
    assert [spend(budget) for _ in range(3)] == [(True, 1, 2), (True, 0, 2), (False, 0, 2)]
    seconds.now += 1.5
    assert spend(budget) == (True, 2, 60)


def test_asking_whether_it_is_exhausted_spends_nothing(budget: Budget, seconds: Seconds) -> None:
    assert [budget.exhausted("a") for _ in range(10)] == [None] * 10
    for _ in range(3):
        assert budget.exhausted("a") is None
        spend(budget)
    for _ in range(3):
        window = budget.exhausted("a")
        assert window is not None
        assert budget.standing(window) == (0, 60)
    seconds.now += 60
    assert budget.exhausted("a") is None


def test_what_is_given_back_can_be_spent_again(budget: Budget) -> None:
    for _ in range(3):
        spend(budget)
    budget.give_back("a")
    budget.give_back("never seen")
    assert spend(budget) == (True, 0, 60)
    assert spend(budget) == (False, 0, 60)


def test_its_policy_is_a_quota_in_a_window(budget: Budget) -> None:
    assert budget.head == 'RateLimit-Policy: "look";q=3;w=60\r\nRateLimit: "look";r='
    assert Budget("x", "10/15 minutes").head.startswith('RateLimit-Policy: "x";q=10;w=900\r\n')


def test_windows_that_are_over_are_forgotten_as_new_ones_come(budget: Budget, seconds: Seconds) -> None:
    for minute in range(3):
        for number in range(100 - minute):
            spend(budget, f"{minute} {number}")
        seconds.now += 60
    spend(budget, "new")
    assert len(budget) == 99


def test_a_window_is_kept_for_as_long_as_it_lasts_while_others_come(budget: Budget, seconds: Seconds) -> None:
    spend(budget, "first")
    seconds.now += 30
    for _ in range(3):
        spend(budget, "exhausted")
    for number in range(59):
        spend(budget, str(number))
        seconds.now += 1
    assert spend(budget, "exhausted") == (False, 0, 1)


def test_however_many_come_it_remembers_only_so_many(seconds: Seconds) -> None:
    budget = Budget("look", "3/minute", now=seconds, keys_max=10)
    for number in range(1_000):
        spend(budget, str(number))
    assert len(budget) <= 10
    assert [spend(budget, str(number)) for number in (999, 995)] == [(True, 1, 60)] * 2
