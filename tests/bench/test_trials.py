import pytest

from bench import trials
from bench.generators.wrk import Load
from bench.trials import Run


def run_of(rate: float, cpu_seconds: float | None = None, generator_cpu: float = 0.1) -> Run:
    load = Load(
        requests=int(rate * 2),
        seconds=2.0,
        p50_ms=1.0,
        p99_ms=2.0,
        refused=0,
        broken=0,
        generator_cpu=generator_cpu,
    )
    return Run(load=load, count=load.requests, cpu_seconds=cpu_seconds)


def test_a_ratio_has_a_value_for_each_round_and_pairs_runs_of_one_round() -> None:
    rounds = [{"ours": run_of(100), "bare": run_of(200)}, {"ours": run_of(300), "bare": run_of(400)}]
    assert trials.ratio("", rounds, "ours", "bare").values == [0.5, 0.75]
    assert trials.ratio("", rounds, "ours", "bare", times=3).values == [1.5, 2.25]


def test_the_cost_of_a_request_is_compared_where_the_system_tells() -> None:
    told = [{"ours": run_of(100, 1.0), "bare": run_of(100, 0.5)}]
    [ratio] = trials.cpu_ratio("", told, "ours", "bare")
    assert ratio.values == [pytest.approx(2.0)]
    assert not list(trials.cpu_ratio("", [{"ours": run_of(100), "bare": run_of(100)}], "ours", "bare"))


def test_a_generator_that_needs_its_whole_core_is_complained_about() -> None:
    rounds = [{"ours": run_of(100), "bare": run_of(200, generator_cpu=0.97)}]
    [complaint] = trials.complaints(rounds)
    assert "97%" in complaint
    assert "bare" in complaint
