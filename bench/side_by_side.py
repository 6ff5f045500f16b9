"""Two servers under load at the same time, on one core: what a difference between them costs, to the per cent.

Taking turns compares a second of the machine with the next one, and on a shared machine those differ by a tenth and
more. Here the kernel hands the core to and fro every few milliseconds, so both have the same machine, and what each
request took of it can be compared.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from time import perf_counter

from bench import machine
from bench.errors import BenchError
from bench.generators.wrk import Tick, Wrk
from bench.results import Ratio
from bench.stage import Stage
from bench.trials import Rounds, Run, Trial, cpu_ratio, judge, tell


def measure(stage: Stage, pair: tuple[Trial, Trial], what: str, passed: float) -> Mapping[str, Run]:
    """Warm two servers up, then measure them at once, by the requests of each.

    :param what: what a watcher is told that it is.
    :param passed: seconds of load before this.
    :returns: the run of each by its name.
    :raises BenchError: when a server refuses or breaks what it should not, or proves wrong.
    """
    plan = stage.plan
    _run(stage, pair, plan.warm_up, partial(tell, stage, f"warm-up: {what}", passed), counts=False)
    return _run(stage, pair, plan.seconds, partial(tell, stage, what, passed + plan.warm_up), counts=True)


def cost(name: str, rounds: Rounds, ours: str, theirs: str, *, target: float | None = None) -> Ratio:
    """How many requests one trial serves by the processor time in which the other serves one.

    :raises BenchError: where the system does not tell what a process has used.
    """
    for ratio in cpu_ratio(name, rounds, theirs, ours):
        return replace(ratio, target=target)
    raise BenchError("this system does not tell what a process has used")


def _run(stage: Stage, pair: tuple[Trial, Trial], seconds: int, tick: Tick, *, counts: bool) -> Mapping[str, Run]:
    times, start = machine.SystemTimes.now(), perf_counter()
    used = [trial.server.cpu_seconds() for trial in pair]
    with ExitStack() as stack:
        generators = [
            stack.enter_context(
                Wrk(trial.workload, trial.server.address, seconds, stage.plan.connections, stage.cores.generator)
            )
            for trial in pair
        ]
        loads = [generator.finish(tick) for generator in generators]
    elapsed = perf_counter() - start
    runs = {}
    for trial, load, before in zip(pair, loads, used, strict=True):
        judge(trial, load)
        after = trial.server.cpu_seconds()
        cpu = None if before is None or after is None else after - before
        runs[trial.name] = Run(load=load, count=load.requests, cpu_seconds=cpu)
        if trial.check is not None:
            trial.check(load)
    if counts:
        own = [run.cpu_seconds for run in runs.values() if run.cpu_seconds is not None]
        generated = sum(load.generator_cpu * load.seconds for load in loads)
        stage.noise.add(times, elapsed, sum(own) + generated if len(own) == len(pair) else None)
    return runs
