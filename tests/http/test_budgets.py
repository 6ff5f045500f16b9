import pytest

from actor_ticketing.http.budgets import KEYS_MAX, Budget, OverBudget


class TimedBudget:
    """A budget with a clock that is set by hand.

    :ivar now: in seconds.
    """

    def __init__(self, rate: str, *, now: float = 1_000.0, keys_max: int = KEYS_MAX) -> None:
        self.budget = Budget("look", rate, keys_max=keys_max)
        self.now = now

    def spend(self, key: str = "a", units: int = 1) -> str | int:
        """What is said of the rest after a use, or how many seconds to wait for it."""
        try:
            return self._rest(self.budget.spend(key, self.now, units))
        except OverBudget as refusal:
            return refusal.seconds

    def rest(self, key: str = "a") -> str:
        """What is said of the rest to somebody who asks for all of it, and gives back what they got."""
        try:
            self.budget.spend(key, self.now, 1_000)
        except OverBudget as refusal:
            of, full_in = refusal.standing
            assert of is self.budget
            return self._rest(full_in)
        self.budget.give_back(key, 1_000)
        return self._rest(0.0)

    def require(self, key: str = "a") -> None:
        """Check that something is left."""
        self.budget.require(key, self.now)

    def charge(self, key: str = "a") -> None:
        """Count a use that has been made."""
        self.budget.charge(key, self.now)

    def _rest(self, full_in: float) -> str:
        return self.budget.head_lines(full_in).rpartition(";r=")[2].strip()


@pytest.fixture
def budget() -> TimedBudget:
    return TimedBudget("3/minute")


def test_a_rate_is_enough_for_so_many_and_not_for_one_more(budget: TimedBudget) -> None:
    assert [budget.spend() for _ in range(5)] == ["2;t=20", "1;t=40", "0;t=60", 20, 20]


def test_each_key_has_all_of_it(budget: TimedBudget) -> None:
    for _ in range(4):
        budget.spend()
    assert budget.spend("b") == "2;t=20"


def test_what_was_used_grows_back_evenly(budget: TimedBudget) -> None:
    for _ in range(3):
        budget.spend()
    budget.now += 19.5
    assert budget.spend() == 1
    budget.now += 0.5
    assert [budget.spend() for _ in range(2)] == ["0;t=60", 20]
    budget.now += 45
    assert budget.rest() == "2;t=15"


def test_there_is_never_more_of_it_than_the_rate(budget: TimedBudget) -> None:
    budget.spend()
    budget.now += 600
    assert budget.rest() == "3;t=0"
    assert [budget.spend() for _ in range(4)] == ["2;t=20", "1;t=40", "0;t=60", 20]


@pytest.mark.parametrize("rate", ["3/minute", "7/minute", "600/10 minutes", "3000/minute", "100/hour", "11/second"])
@pytest.mark.parametrize("start", [0.001, 1_000 / 3, 1.7e9])
def test_rounding_takes_no_use_away_and_adds_none(rate: str, start: float) -> None:
    budget = TimedBudget(rate, now=start)
    amount = int(rate.partition("/")[0])
    left = [int(str(budget.spend()).partition(";")[0]) for _ in range(amount)]
    assert left == list(reversed(range(amount)))
    wait = budget.spend()
    assert isinstance(wait, int)
    budget.now += wait
    assert isinstance(budget.spend(), str)


def test_several_at_once_are_all_counted_or_none(budget: TimedBudget) -> None:
    assert budget.spend(units=2) == "1;t=40"
    assert budget.spend(units=2) == 20
    assert budget.spend() == "0;t=60"


def test_asking_whether_anything_is_left_spends_nothing(budget: TimedBudget) -> None:
    for _ in range(3):
        for _ in range(10):
            budget.require()
        budget.spend()
    for _ in range(3):
        with pytest.raises(OverBudget) as raised:
            budget.require()
        assert raised.value.seconds == 20
    budget.now += 20
    budget.require()


def test_what_is_given_back_can_be_spent_again(budget: TimedBudget) -> None:
    for _ in range(3):
        budget.spend()
    budget.budget.give_back("a")
    budget.budget.give_back("never seen")
    assert budget.spend() == "0;t=60"
    assert budget.spend() == 20


def test_what_was_done_already_counts_though_there_was_not_enough_for_it(budget: TimedBudget) -> None:
    for _ in range(5):
        budget.charge()
    assert budget.rest() == "0;t=100"
    budget.now += 59
    assert budget.spend() == 1
    budget.now += 1
    assert budget.spend() == "0;t=60"


def test_nobody_owes_more_than_the_rate_once_over(budget: TimedBudget) -> None:
    for _ in range(1_000):
        budget.charge()
    assert budget.rest() == "0;t=120"
    budget.now += 80
    budget.require()


def test_its_policy_is_a_quota_in_a_time() -> None:
    lines = Budget("look", "10/15 minutes").head_lines(0.0)
    assert lines == 'RateLimit-Policy: "look";q=10;w=900\r\nRateLimit: "look";r=10;t=0\r\n'


def test_who_has_all_of_it_again_is_forgotten_as_others_come(budget: TimedBudget) -> None:
    for turn in range(3):
        for number in range(100 - turn):
            budget.spend(f"{turn} {number}")
        budget.now += 120
    budget.spend("new")
    assert len(budget.budget) == 99


def test_nobody_is_forgotten_who_has_not_all_of_it_again_while_others_come(budget: TimedBudget) -> None:
    budget.spend("first")
    budget.now += 60
    for _ in range(1_000):
        budget.charge("owes")
    for number in range(119):
        budget.spend(str(number))
        budget.now += 1
    assert budget.rest("owes") == "2;t=1"


def test_however_many_come_it_remembers_only_so_many() -> None:
    budget = TimedBudget("3/minute", keys_max=10)
    for number in range(1_000):
        budget.spend(str(number))
        budget.charge(f"other {number}")
    assert len(budget.budget) <= 10
    assert [budget.spend(str(number)) for number in (999, 998)] == ["1;t=40"] * 2


def test_who_is_refused_is_not_forgotten_for_it_when_there_are_too_many() -> None:
    budget = TimedBudget("3/hour", keys_max=4)
    for key in ("a", "a", "a", "b", "c", "d"):
        budget.spend(key)
    assert [budget.spend() for _ in range(2)] == [1199, 1199]
