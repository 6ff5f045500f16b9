import pytest

from bench.percentiles import Percentiles


def test_they_are_by_the_nearest_rank() -> None:
    found = Percentiles.of(range(1000, 0, -1))
    assert (found.p50, found.p90, found.p99, found.p999, found.max) == (500, 900, 990, 999, 1000)
    assert found.count == 1000


def test_of_few_samples_the_high_ones_are_the_greatest() -> None:
    found = Percentiles.of([3.0, 1.0, 2.0])
    assert (found.p50, found.p99, found.p999, found.max) == (2.0, 3.0, 3.0, 3.0)


def test_there_are_none_of_nothing() -> None:
    with pytest.raises(ValueError, match="nothing"):
        Percentiles.of([])


def test_the_table_names_the_unit() -> None:
    assert Percentiles.of([0.5]).figures("ms")["p99.9 ms"] == 0.5
