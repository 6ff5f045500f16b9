import pytest

from bench import side_by_side
from bench.errors import BenchError
from bench.generators.wrk import Load
from bench.trials import Run


def run_of(requests: int, cpu_seconds: float | None) -> Run:
    load = Load(requests=requests, seconds=2.0, p50_ms=1.0, p99_ms=2.0, refused=0, broken=0, generator_cpu=0.1)
    return Run(load=load, count=requests, cpu_seconds=cpu_seconds)


def test_the_cost_is_by_processor_time_whoever_got_more_of_the_core() -> None:
    rounds = [{"ours": run_of(1_000, 0.5), "theirs": run_of(3_000, 1.2)}]
    assert side_by_side.cost("", rounds, "ours", "theirs").values == [pytest.approx(0.8)]


def test_there_is_no_cost_where_the_system_does_not_tell() -> None:
    rounds = [{"ours": run_of(1_000, None), "theirs": run_of(1_000, 1.0)}]
    with pytest.raises(BenchError, match="does not tell"):
        side_by_side.cost("", rounds, "ours", "theirs")
