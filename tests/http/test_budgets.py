import pytest

from actor_ticketing.http.budgets import Budget, OverBudget


class Seconds:
    """A clock for budgets."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        """In seconds, as a budget wants it."""
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def budget(seconds: Seconds) -> Budget:
    return Budget("look", "3/minute", now=seconds)


def spend(budget: Budget, key: str = "a", units: int = 1) -> str | int:
    """What is said of the rest after a use, or how many seconds to wait for it."""
    try:
        return budget.head_lines(budget.spend(key, units)).rpartition(";r=")[2].strip()
    except OverBudget as refusal:
        return refusal.seconds


def rest(budget: Budget, key: str = "a") -> str:
    """What is said of the rest to somebody who is refused much more than there can be."""
    with pytest.raises(OverBudget) as raised:
        budget.spend(key, 1_000)
    of, full_at = raised.value.standing
    return of.head_lines(full_at).rpartition(";r=")[2].strip()


def test_a_rate_is_enough_for_so_many_and_not_for_one_more(budget: Budget) -> None:
    assert [spend(budget) for _ in range(5)] == ["2;t=20", "1;t=40", "0;t=60", 20, 20]


def test_each_key_has_all_of_it(budget: Budget) -> None:
    for _ in range(4):
        spend(budget)
    assert spend(budget, "b") == "2;t=20"


def test_what_was_used_grows_back_evenly(budget: Budget, seconds: Seconds) -> None:
    for _ in range(3):
        spend(budget)
    seconds.now += 19.5
    assert spend(budget) == 1
    seconds.now += 0.5
    assert [spend(budget) for _ in range(2)] == ["0;t=60", 20]
    seconds.now += 45
    assert rest(budget) == "2;t=15"


def test_there_is_never_more_of_it_than_the_rate(budget: Budget, seconds: Seconds) -> None:
    spend(budget)
    seconds.now += 600
    assert rest(budget) == "3;t=0"
    assert [spend(budget) for _ in range(4)] == ["2;t=20", "1;t=40", "0;t=60", 20]


@pytest.mark.parametrize("rate", ["3/minute", "7/minute", "600/10 minutes", "3000/minute", "100/hour", "11/second"])
@pytest.mark.parametrize("start", [0.001, 1_000 / 3, 1.7e9])
def test_rounding_takes_no_use_away_and_adds_none(rate: str, start: float, seconds: Seconds) -> None:
    seconds.now = start
    budget = Budget("look", rate, now=seconds)
    amount = int(rate.partition("/")[0])
    left = [int(str(spend(budget)).partition(";")[0]) for _ in range(amount)]
    assert left == list(reversed(range(amount)))
    wait = spend(budget)
    assert isinstance(wait, int)
    seconds.now += wait
    assert isinstance(spend(budget), str)


def test_several_at_once_are_all_counted_or_none(budget: Budget) -> None:
    assert spend(budget, units=2) == "1;t=40"
    assert spend(budget, units=2) == 20
    assert spend(budget) == "0;t=60"


def test_asking_whether_anything_is_left_spends_nothing(budget: Budget, seconds: Seconds) -> None:
    for _ in range(3):
        for _ in range(10):
            budget.require("a")
        spend(budget)
    for _ in range(3):
        with pytest.raises(OverBudget) as raised:
            budget.require("a")
        assert raised.value.seconds == 20
    seconds.now += 20
    budget.require("a")


def test_what_is_given_back_can_be_spent_again(budget: Budget) -> None:
    for _ in range(3):
        spend(budget)
    budget.give_back("a")
    budget.give_back("never seen")
    assert spend(budget) == "0;t=60"
    assert spend(budget) == 20


def test_what_was_done_already_counts_though_there_was_not_enough_for_it(budget: Budget, seconds: Seconds) -> None:
    for _ in range(5):
        budget.charge("a")
    assert rest(budget) == "0;t=100"
    seconds.now += 59
    assert spend(budget) == 1
    seconds.now += 1
    assert spend(budget) == "0;t=60"


def test_nobody_owes_more_than_the_rate_once_over(budget: Budget, seconds: Seconds) -> None:
    for _ in range(1_000):
        budget.charge("a")
    assert rest(budget) == "0;t=120"
    seconds.now += 80
    budget.require("a")


def test_its_policy_is_a_quota_in_a_time(budget: Budget) -> None:
    assert budget.head == 'RateLimit-Policy: "look";q=3;w=60\r\nRateLimit: "look";r='
    assert Budget("x", "10/15 minutes").head.startswith('RateLimit-Policy: "x";q=10;w=900\r\n')


def test_who_has_all_of_it_again_is_forgotten_as_others_come(budget: Budget, seconds: Seconds) -> None:
    for turn in range(3):
        for number in range(100 - turn):
            spend(budget, f"{turn} {number}")
        seconds.now += 120
    spend(budget, "new")
    assert len(budget) == 99


def test_nobody_is_forgotten_who_has_not_all_of_it_again_while_others_come(budget: Budget, seconds: Seconds) -> None:
    spend(budget, "first")
    seconds.now += 60
    for _ in range(1_000):
        budget.charge("owes")
    for number in range(119):
        spend(budget, str(number))
        seconds.now += 1
    assert rest(budget, "owes") == "2;t=1"


def test_however_many_come_it_remembers_only_so_many(seconds: Seconds) -> None:
    budget = Budget("look", "3/minute", now=seconds, keys_max=10)
    for number in range(1_000):
        spend(budget, str(number))
        budget.charge(f"other {number}")
    assert len(budget) <= 10
    assert [spend(budget, str(number)) for number in (999, 998)] == ["1;t=40"] * 2


def test_who_is_refused_is_not_forgotten_for_it_when_there_are_too_many(seconds: Seconds) -> None:
    budget = Budget("look", "3/hour", now=seconds, keys_max=4)
    for key in ("a", "a", "a", "b", "c", "d"):
        spend(budget, key)
    assert [spend(budget) for _ in range(2)] == [1199, 1199]
