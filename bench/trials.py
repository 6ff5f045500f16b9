"""Closed-loop trials side by side: every one measured in every round, and what comes of it."""

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from time import perf_counter
from typing import Any

from bench import machine
from bench.contenders import Server
from bench.errors import BenchError
from bench.generators.wrk import Load, Tick, Workload, Wrk
from bench.results import Measured, Ratio
from bench.stage import GENERATOR_SHARE_MAX, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One server under one workload.

    :ivar counted: what the figure counts: ``requests``, or the name of something that the script counts.
    :ivar refused: every request is to be refused; otherwise none is.
    :ivar prepare: done before each run, and not measured.
    :ivar check: told the outcome after each run, to prove it right.
    :ivar beside: what else goes on meanwhile, and is not in the figure; ``check_beside`` is told its outcome.
    """

    name: str
    server: Server
    workload: Workload
    counted: str = "requests"
    refused: bool = False
    prepare: Callable[[], None] | None = None
    check: Callable[[Load], None] | None = None
    beside: Workload | None = None
    check_beside: Callable[[Load], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of one trial.

    :ivar count: how many of what the trial counts.
    :ivar cpu_seconds: what the server used; None where the system does not tell.
    """

    load: Load
    count: int
    cpu_seconds: float | None
    beside: Load | None = None

    @property
    def rate(self) -> float:
        """How many a second."""
        return self.count / self.load.seconds

    @property
    def cpu_us(self) -> float | None:
        """Processor time for each, in microseconds: what it costs, however busy the machine is."""
        return None if self.cpu_seconds is None else self.cpu_seconds / self.count * 1e6


Rounds = Sequence[Mapping[str, Run]]


def measure(stage: Stage, trials: Sequence[Trial]) -> Rounds:
    """Warm every trial up, then measure them in turn; the order turns round with each round, against drift.

    :returns: for each round, the run of every trial by its name.
    """
    plan = stage.plan
    stage.expect(len(trials) * (plan.warm_up + plan.rounds * plan.seconds))
    for trial in trials:
        trial.server.pause()
    rounds: list[dict[str, Run]] = []
    passed = 0.0
    for number in range(plan.rounds + 1):
        seconds = plan.seconds if number else plan.warm_up
        phase = f"round {number} of {plan.rounds}" if number else "warm-up"
        runs = {}
        for trial in trials if number % 2 else reversed(trials):
            tick = partial(tell, stage, f"{phase}: {trial.name}", passed)
            runs[trial.name] = _awake(stage, trial, seconds, tick, counts=number > 0)
            passed += seconds
        if number:
            rounds.append(runs)
    for trial in trials:
        trial.server.resume()
    return rounds


def ratio(name: str, rounds: Rounds, ours: str, theirs: str, *, target: float | None = None, times: int = 1) -> Ratio:
    """The rate of one trial as a multiple of another's.

    :param times: what one of ours counts for.
    """
    return Ratio(name=name, values=[times * each[ours].rate / each[theirs].rate for each in rounds], target=target)


def cpu_ratio(name: str, rounds: Rounds, ours: str, theirs: str) -> Iterator[Ratio]:
    """The processor time of one trial as a multiple of another's; nothing where the system does not tell."""
    pairs = [(each[ours].cpu_us, each[theirs].cpu_us) for each in rounds]
    values = [mine / other for mine, other in pairs if mine is not None and other]
    if values:
        yield Ratio(name=name, values=values)


def figures(runs: Sequence[Run], unit: str = "requests") -> dict[str, float | None]:
    """Medians of one contender's runs, by the titles of their columns."""
    busy = [run.cpu_seconds / run.load.seconds * 100 for run in runs if run.cpu_seconds is not None]
    return {
        f"{unit}/s": _median(run.rate for run in runs),
        "p50 ms": _median(run.load.p50_ms for run in runs),
        "p99 ms": _median(run.load.p99_ms for run in runs),
        "busy %": _median(busy),
        "cpu µs each": _median(run.cpu_us for run in runs if run.cpu_us is not None),
    }


def table(rounds: Rounds, trials: Sequence[Trial], unit: str = "requests") -> list[Measured]:
    """The absolute figures of every trial, medians of the rounds.

    :param unit: what is counted, for the titles of the columns.
    """
    rows = []
    for trial in trials:
        found = figures([each[trial.name] for each in rounds], unit)
        rows.append(Measured(name=trial.name, figures={**found, "memory MB": trial.server.memory_mb()}))
    return rows


def judge(trial: Trial, load: Load) -> None:
    """Check the outcome of a run.

    :raises BenchError: when something else was refused than should have been, or a connection broke.
    """
    right = load.refused == load.requests if trial.refused else not load.refused
    if right and not load.broken and load.requests:
        return
    due = "all" if trial.refused else "none"
    raise BenchError(
        f"{trial.name}: of {load.requests} requests {load.refused} were refused where {due} should have been, and "
        f"there were {load.broken} socket errors"
    )


def tell(stage: Stage, what: str, begun: float, elapsed: float) -> None:
    """Tell a watcher what goes on, so many seconds after the load began that long after the first."""
    stage.watcher.at(what, begun + elapsed)


def complaints(rounds: Rounds) -> Iterator[str]:
    """What speaks against the generator."""
    for name in rounds[0]:
        runs = [each[name] for each in rounds]
        used = statistics.median(
            run.load.generator_cpu + (run.beside.generator_cpu if run.beside else 0) for run in runs
        )
        if used > GENERATOR_SHARE_MAX:
            yield f"the generator needed {used:.0%} of its core under {name}, so it may be what was measured"


def raw(rounds: Rounds) -> dict[str, Any]:
    """Everything of every round, for the JSON file."""
    return {"rounds": [{name: _document(run) for name, run in each.items()} for each in rounds]}


def _document(run: Run) -> dict[str, Any]:
    document = {"rate": run.rate, "count": run.count, "cpuSeconds": run.cpu_seconds, "load": asdict(run.load)}
    return {**document, "beside": asdict(run.beside)} if run.beside else document


def _awake(stage: Stage, trial: Trial, seconds: int, tick: Tick, *, counts: bool) -> Run:
    trial.server.resume()
    try:
        if trial.prepare is not None:
            trial.prepare()
        run = _run(stage, trial, seconds, tick, counts=counts)
        if trial.check is not None:
            trial.check(run.load)
        if trial.check_beside is not None and run.beside is not None:
            trial.check_beside(run.beside)
        return run
    finally:
        trial.server.pause()


def _run(stage: Stage, trial: Trial, seconds: int, tick: Tick, *, counts: bool) -> Run:
    def wrk(workload: Workload) -> Wrk:
        return Wrk(workload, trial.server.address, seconds, stage.plan.connections, stage.cores.generator)

    times, used, start = machine.SystemTimes.now(), trial.server.cpu_seconds(), perf_counter()
    tick(0)
    with ExitStack() as stack:
        beside = stack.enter_context(wrk(trial.beside)) if trial.beside else None
        load = stack.enter_context(wrk(trial.workload)).finish(tick)
        load_beside = beside.finish() if beside else None
    elapsed, used_after = perf_counter() - start, trial.server.cpu_seconds()
    cpu = None if used is None or used_after is None else used_after - used
    for each in (load, load_beside):
        if each is not None:
            judge(trial, each)
    if counts:
        generators = [load.generator_cpu, load_beside.generator_cpu if load_beside else 0]
        stage.noise.add(times, elapsed, None if cpu is None else cpu + sum(generators) * load.seconds)
    count = load.requests if trial.counted == "requests" else load.counts.get(trial.counted, 0)
    if not count:
        raise BenchError(f"{trial.name}: there were no {trial.counted} in {load.requests} requests")
    return Run(load=load, count=count, cpu_seconds=cpu, beside=load_beside)


def _median(values: Any) -> float | None:
    found = list(values)
    return statistics.median(found) if found else None
