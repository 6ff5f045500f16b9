"""One hot ticket type with a million reservations, while somebody asks for reports over all of them."""

import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from actor_ticketing.persistence.connections import DATABASE
from bench import catalogues, trials
from bench.books import Books, of_type
from bench.contenders import Place, Server
from bench.contenders.ours import actor_ticketing
from bench.generators import wrk
from bench.generators.asker import Asker
from bench.generators.wrk import Load, Workload
from bench.plan import Plan, Watcher
from bench.results import Measured, Ratio, Result
from bench.scenarios.common import RESERVATIONS
from bench.seeding import Seed, seed, type_id
from bench.stage import Stage, set_up
from bench.trials import Rounds, Trial

HOLDS = 1_000_000
AS_FAST = 0.9

REPORTS = {
    # Of the last day, in which all of them were made.
    "analytics": "/api/admin/analytics",
    "report.csv": "/api/admin/analytics/report.csv?of=reservations",
}
_SPARE, _ONE_CORE = "a core to spare", "one core"
_MEGABYTE = 1 << 20


def run(plan: Plan, watcher: Watcher) -> Result:
    """Measure it where the service may use all cores, and where it has one for everything."""
    wrk.require()
    with set_up(plan, watcher) as stage, ExitStack() as stack:
        bodies = catalogues.write_bodies(
            (catalogues.reservation(type_id(0)) for _ in range(catalogues.BODIES)), stage.place.directory
        )
        workload = Workload(script="post", path=RESERVATIONS, arguments=[str(bodies)])
        readings = {
            where: _readings(stage, stack, where, core, workload)
            for where, core in ((_SPARE, None), (_ONE_CORE, stage.cores.server))
        }
        every = [reading for there in readings.values() for reading in there]
        rounds = trials.measure(stage, [reading.trial for reading in every])
        return stage.result(
            "report",
            f"reserve one ticket of one hot type with {HOLDS:,} reservations, while somebody asks for reports",
            conditions=[
                f"wrk with {plan.connections} connections",
                "the same report over all reservations is asked for again when the last one has come",
                f"{_SPARE}: the service may use all cores, of which the generator needs one in part",
                f"{_ONE_CORE}: sale and report share the core to which the service is pinned",
            ],
            ratios=[ratio for there in readings.values() for ratio in _ratios(rounds, there)],
            measured=[
                *trials.table(rounds, [reading.trial for reading in every]),
                *(reading.measured() for reading in every if reading.path),
            ],
            checks=["after every run, the counter had grown by what was acknowledged and was under way at its end"],
            complaints=list(trials.complaints(rounds)),
            raw={**trials.raw(rounds), "reports": {each.trial.name: each.seconds for each in every if each.path}},
        )


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One way to load a service: with a report beside the sale, or without (no path).

    :ivar seconds: how long each report took that was whole before the end of a run.
    :ivar log_bytes: the size of the write-ahead log after each run.
    """

    name: str
    server: Server
    workload: Workload
    stage: Stage
    books: Books
    data: Path
    path: str | None = None
    seconds: list[float] = field(default_factory=list)
    log_bytes: list[int] = field(default_factory=list)
    trial: Trial = field(init=False)
    _asking: list[Asker] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.trial = Trial(
            name=self.name, server=self.server, workload=self.workload, prepare=self._begin, check=self._end
        )

    def measured(self) -> Measured:
        """What the reports were like."""
        figures = {
            "seconds each": statistics.median(self.seconds) if self.seconds else None,
            "log MB": max(self.log_bytes) / _MEGABYTE,
        }
        return Measured(name=f"the reports: {self.name}", figures=figures)

    def _begin(self) -> None:
        if self.path is not None:
            self._asking.append(Asker(self.server.address, self.path, self.stage.cores.generator).__enter__())

    def _end(self, load: Load) -> None:
        self.log_bytes.append((self.data / f"{DATABASE}-wal").stat().st_size)
        while self._asking:
            self.seconds += self._asking.pop().finish()
        self.books.check(load.requests)


def _readings(stage: Stage, stack: ExitStack, where: str, core: int | None, workload: Workload) -> Sequence[_Reading]:
    """Start a service on a database of its own; the first way is without a report."""
    stage.watcher.at(f"making {HOLDS:,} reservations", 0)
    directory = stage.place.make(where.replace(" ", "-"))
    data = directory / "data"
    seed(data, Seed.lasting(HOLDS))
    server = stack.enter_context(actor_ticketing(Place(directory, core, stage.place.uvloop), None, data=data))
    books = Books(of_type(server, type_id(0)), stage.plan.connections)
    ways: Sequence[tuple[str, str | None]] = [("no report", None), *REPORTS.items()]
    return [
        _Reading(
            name=f"{name}, {where}",
            server=server,
            workload=workload,
            stage=stage,
            books=books,
            data=data,
            path=path,
        )
        for name, path in ways
    ]


def _ratios(rounds: Rounds, readings: Sequence[_Reading]) -> list[Ratio]:
    alone, *reporting = [reading.trial.name for reading in readings]
    target = AS_FAST if alone.endswith(_SPARE) else None
    return [
        ratio
        for name in reporting
        for ratio in (
            trials.ratio(f"{name} ÷ none", rounds, name, alone, target=target),
            Ratio(
                name=f"p99, {name} ÷ none",
                values=[each[name].load.p99_ms / each[alone].load.p99_ms for each in rounds],
            ),
        )
    ]
