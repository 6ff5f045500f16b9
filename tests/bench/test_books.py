import itertools

import pytest

from bench.books import Books
from bench.errors import BenchError


class Counter:
    """A counter of the service."""

    def __init__(self) -> None:
        self.value = 100

    def __call__(self) -> int:
        return self.value


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.mark.parametrize("more", [10, 12, 14])
def test_what_was_acknowledged_is_there_and_what_was_under_way_may_be(counter: Counter, more: int) -> None:
    books = Books(counter, connections=4)
    counter.value += more
    books.check(10)
    assert f"10 reservations acknowledged, {more} counted by the service ({more - 10} under way" in books.sentence


@pytest.mark.parametrize("more", [0, 9, 15])
def test_a_lost_or_invented_reservation_fails_the_run(counter: Counter, more: int) -> None:
    books = Books(counter, connections=4)
    counter.value += more
    with pytest.raises(BenchError, match=f"it did by {more}"):
        books.check(10)


def test_each_run_is_judged_by_itself(counter: Counter) -> None:
    books = Books(counter, connections=4)
    counter.value += 14
    books.check(10)
    counter.value += 9
    with pytest.raises(BenchError, match="it did by 9"):
        books.check(10)


def test_a_request_may_move_the_counter_by_several(counter: Counter) -> None:
    books = Books(counter, connections=4)
    counter.value += 42
    books.check(10, each=3)
    counter.value += 43
    with pytest.raises(BenchError, match="30 to 42; it did by 43"):
        books.check(10, each=3)


def test_what_was_under_way_may_have_taken_the_counter_down(counter: Counter) -> None:
    books = Books(counter, connections=4, falls=True)
    counter.value += 6
    books.check(10)
    counter.value += 5
    with pytest.raises(BenchError, match="6 to 14; it did by 5"):
        books.check(10)


def test_a_counter_that_does_not_come_to_rest_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    now = itertools.count(step=1.0)
    monkeypatch.setattr("bench.books.time.monotonic", lambda: next(now))
    monkeypatch.setattr("bench.books.time.sleep", lambda _: None)
    values = itertools.count()
    with pytest.raises(BenchError, match="did not come to rest"):
        Books(lambda: next(values), connections=4)
