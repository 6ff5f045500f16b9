"""The hot ticket type with limits on frequency and without: what it costs to count everyone's requests."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench import catalogues, side_by_side, trials
from bench.books import Books, of_type
from bench.catalogues import Type
from bench.contenders.ours import actor_ticketing
from bench.generators import wrk
from bench.generators.wrk import Load, Workload
from bench.plan import Plan, Watcher
from bench.results import Measured, Result
from bench.scenarios.common import RESERVATIONS
from bench.stage import Stage, set_up
from bench.trials import Run, Trial

HOT = Type(id="tt_hot")
# A rush is of strangers: nearly everyone who asks has not been counted before.
SESSIONS = 100_000
# Two processes of one program differ by one or two per cent for as long as they live, by how they happen to lie in
# memory. So there are many of them, each measured once.
PAIRS = 8
OF_WITHOUT = 0.97

_WITH, _WITHOUT = "with limits", "without"
_SETTINGS: Mapping[str, Mapping[str, str]] = {_WITH: {}, _WITHOUT: {"ACTOR_TICKETING_RATE_LIMIT__ENABLED": "false"}}


def run(plan: Plan, watcher: Watcher) -> Result:
    """Measure it."""
    wrk.require()
    with set_up(plan, watcher) as stage:
        catalogue = catalogues.write([HOT], stage.place.directory)
        bodies = catalogues.write_bodies(
            (catalogues.reservation(HOT.id) for _ in range(SESSIONS)), stage.place.directory
        )
        workload = Workload(script="post", path=RESERVATIONS, arguments=[str(bodies)])
        number = PAIRS * plan.rounds
        load_seconds = plan.warm_up + plan.seconds
        stage.expect(load_seconds, times=number)
        rounds = [
            _one_pair(stage, catalogue, workload, f"pair {each + 1} of {number}", each * load_seconds)
            for each in range(number)
        ]
        return stage.result(
            "limits",
            "reserve one ticket of one hot type, every limit on frequency checked and none reached",
            conditions=[
                f"wrk with {plan.connections} connections to each, {SESSIONS:,} sessions in turn",
                f"{number} services with limits, each at once and on one core with one without, started anew",
            ],
            ratios=[
                side_by_side.cost(
                    "reservations by processor time, with limits ÷ without",
                    rounds,
                    _WITH,
                    _WITHOUT,
                    target=OF_WITHOUT,
                ),
                trials.ratio("reservations a second, with limits ÷ without", rounds, _WITH, _WITHOUT),
            ],
            measured=[
                Measured(name=name, figures=trials.figures([each[name] for each in rounds])) for name in _SETTINGS
            ],
            checks=[f"the books of all {2 * number} services were right after every run"],
            complaints=list(trials.complaints(rounds)),
            raw=trials.raw(rounds),
        )


def _one_pair(stage: Stage, catalogue: Path, workload: Workload, what: str, passed: float) -> Mapping[str, Run]:
    with ExitStack() as stack:
        limited, free = (_one(stage, stack, name, catalogue, workload, what.replace(" ", "-")) for name in _SETTINGS)
        return side_by_side.measure(stage, (limited, free), what, passed)


def _one(stage: Stage, stack: ExitStack, name: str, catalogue: Path, workload: Workload, of_pair: str) -> Trial:
    place = replace(stage.place, directory=stage.place.make(f"{of_pair}-{name.replace(' ', '-')}"))
    server = stack.enter_context(actor_ticketing(place, catalogue, settings=_SETTINGS[name]))
    books = Books(of_type(server, HOT.id), stage.plan.connections)

    def check(load: Load) -> None:
        books.check(load.requests)

    return Trial(name=name, server=server, workload=workload, check=check)
