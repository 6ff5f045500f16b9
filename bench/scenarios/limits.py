"""The hot ticket type with limits on frequency and without: what it costs to count everyone's requests."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench import catalogues, trials
from bench.books import Books, of_type
from bench.catalogues import Type
from bench.contenders.ours import actor_ticketing
from bench.generators import wrk
from bench.generators.wrk import Load, Workload
from bench.plan import Plan, Watcher
from bench.results import Ratio, Result
from bench.scenarios.common import RESERVATIONS
from bench.stage import Stage, set_up
from bench.trials import Rounds, Run, Trial

HOT = Type(id="tt_hot")
# A rush is of strangers: nearly everyone who asks has not been counted before.
SESSIONS = 100_000
# Two processes of one program differ for as long as they live, by how they happen to lie in memory: by as much as is to
# be measured here.
PAIRS = 4
OF_WITHOUT = 0.97

_WITH, _WITHOUT = "with limits", "without"
_SETTINGS: Mapping[str, Mapping[str, str]] = {_WITH: {}, _WITHOUT: {"ACTOR_TICKETING_RATE_LIMIT__ENABLED": "false"}}


def run(plan: Plan, watcher: Watcher) -> Result:
    """Measure it."""
    wrk.require()
    with set_up(plan, watcher) as stage, ExitStack() as stack:
        catalogue = catalogues.write([HOT], stage.place.directory)
        bodies = catalogues.write_bodies(
            (catalogues.reservation(HOT.id) for _ in range(SESSIONS)), stage.place.directory
        )
        workload = Workload(script="post", path=RESERVATIONS, arguments=[str(bodies)])
        entries, books = [], []
        for pair in range(PAIRS):
            for kind in _SETTINGS:
                trial, book = _one(stage, stack, _name(kind, pair), _SETTINGS[kind], catalogue, workload)
                entries.append(trial)
                books.append(book)
        rounds = trials.measure(stage, entries)
        return stage.result(
            "limits",
            "reserve one ticket of one hot type, every limit on frequency checked and none reached",
            conditions=[
                f"wrk with {plan.connections} connections, {SESSIONS:,} sessions in turn",
                f"{PAIRS} services with limits and as many without, each compared with its neighbour",
            ],
            ratios=[
                Ratio(
                    name="hot type with limits ÷ without",
                    values=[limited.rate / free.rate for limited, free in _pairs(rounds)],
                    target=OF_WITHOUT,
                ),
                *_costs(rounds),
            ],
            measured=trials.table(rounds, entries),
            checks=[each.sentence for each in books],
            complaints=list(trials.complaints(rounds)),
            raw=trials.raw(rounds),
        )


def _name(kind: str, pair: int) -> str:
    return f"{kind}, {pair + 1}"


def _one(
    stage: Stage, stack: ExitStack, name: str, settings: Mapping[str, str], catalogue: Path, workload: Workload
) -> tuple[Trial, Books]:
    place = replace(stage.place, directory=stage.place.make(name.replace(", ", "-").replace(" ", "-")))
    server = stack.enter_context(actor_ticketing(place, catalogue, settings=settings))
    books = Books(of_type(server, HOT.id), stage.plan.connections)

    def check(load: Load) -> None:
        books.check(load.requests)

    return Trial(name=name, server=server, workload=workload, check=check), books


def _pairs(rounds: Rounds) -> list[tuple[Run, Run]]:
    """Each run with limits, and its neighbour without."""
    return [(each[_name(_WITH, pair)], each[_name(_WITHOUT, pair)]) for each in rounds for pair in range(PAIRS)]


def _costs(rounds: Rounds) -> list[Ratio]:
    costs = [(limited.cpu_us, free.cpu_us) for limited, free in _pairs(rounds)]
    values = [mine / other for mine, other in costs if mine and other]
    return [Ratio(name="processor time ÷ without limits", values=values)] if values else []
