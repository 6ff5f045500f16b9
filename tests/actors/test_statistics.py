import pytest
from hypothesis import given
from hypothesis import strategies as st

from actor_ticketing.actors.statistics import SAMPLES, TRIGGERS, ExpiryLag, Lag, Statistics, Sweeps, Trigger


def lag_of(*lags: int) -> Lag:
    collected = ExpiryLag()
    for lag in lags:
        collected.add(lag, "tt")
    return collected.summary()


def test_before_anything_has_expired_there_is_no_lag() -> None:
    assert lag_of() == Lag(p50=None, p99=None, max=None, count=0)


def test_the_lag_of_one_expiry_is_every_percentile() -> None:
    assert lag_of(7) == Lag(p50=7, p99=7, max=7, count=1)


def test_percentiles_are_by_the_nearest_rank_in_whatever_order_the_lags_came() -> None:
    assert lag_of(*range(100, 0, -1)) == Lag(p50=50, p99=99, max=100, count=100)


@pytest.mark.parametrize(("lags", "p50"), [((1, 2), 1), ((1, 2, 3), 2), ((1, 2, 3, 4), 2), ((5, 5, 9), 5)])
def test_the_median_is_a_lag_that_occurred(lags: tuple[int, ...], p50: int) -> None:
    assert lag_of(*lags).p50 == p50


def test_one_late_expiry_in_two_hundred_shows_in_the_maximum_only() -> None:
    assert lag_of(*[3] * 199, 5_000) == Lag(p50=3, p99=3, max=5_000, count=200)


def test_the_percentiles_forget_what_is_long_past_and_maximum_and_count_do_not() -> None:
    assert lag_of(9_000, *[2] * SAMPLES) == Lag(p50=2, p99=2, max=9_000, count=SAMPLES + 1)
    assert lag_of(*[9_000] * SAMPLES, *[2] * SAMPLES).p99 == 2


@given(lags=st.lists(st.integers(0, 1_000), min_size=1, max_size=300))
def test_a_percentile_is_the_smallest_lag_that_covers_its_share(lags: list[int]) -> None:
    summary = lag_of(*lags)
    for percent, value in ((50, summary.p50), (99, summary.p99)):
        assert value in lags
        assert sum(lag <= value for lag in lags) * 100 >= percent * len(lags)
        assert sum(lag < value for lag in lags) * 100 < percent * len(lags)
    assert (summary.max, summary.count) == (max(lags), len(lags))


def test_every_trigger_starts_without_sweeps() -> None:
    assert Statistics().sweeps == {trigger: Sweeps() for trigger in ("timer", "manual", "cron", "startup")}
    assert Sweeps() == Sweeps(runs=0, expired=0, last_at=None, last_duration_ms=None)


def test_a_sweep_is_counted_and_the_last_one_remembered() -> None:
    statistics = Statistics()
    statistics.note_sweep("cron", at=1_000, expired=3, duration_ms=12)
    statistics.note_sweep("cron", at=2_000, expired=0, duration_ms=1)
    assert statistics.sweeps["cron"] == Sweeps(runs=2, expired=3, last_at=2_000, last_duration_ms=1)


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a_sweep_counts_for_its_own_trigger_alone(trigger: Trigger) -> None:
    statistics = Statistics()
    statistics.note_sweep(trigger, at=1_000, expired=3, duration_ms=12)
    assert {each for each, sweeps in statistics.sweeps.items() if sweeps.runs} == {trigger}
