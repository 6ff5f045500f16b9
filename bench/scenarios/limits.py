"""The hot ticket type with limits on frequency and without: what it costs to count everyone's requests."""

from contextlib import ExitStack
from dataclasses import replace

from bench import catalogues, trials
from bench.books import Books, of_type
from bench.catalogues import Type
from bench.contenders.ours import actor_ticketing
from bench.generators import wrk
from bench.generators.wrk import Workload
from bench.plan import Plan, Watcher
from bench.results import Result
from bench.scenarios.common import RESERVATIONS
from bench.stage import set_up
from bench.trials import Trial

HOT = Type(id="tt_hot")
# A rush is of strangers: nearly everyone who asks has not been counted before.
SESSIONS = 100_000
WITHOUT = "without limits"
OF_WITHOUT = 0.97

_OFF = {"ACTOR_TICKETING_RATE_LIMIT__ENABLED": "false"}


def run(plan: Plan, watcher: Watcher) -> Result:
    """Measure it."""
    wrk.require()
    with set_up(plan, watcher) as stage, ExitStack() as stack:
        place = stage.place
        catalogue = catalogues.write([HOT], place.directory)
        limited = stack.enter_context(actor_ticketing(place, catalogue))
        elsewhere = replace(place, directory=place.make("without-limits"))
        free = stack.enter_context(actor_ticketing(elsewhere, catalogue, settings=_OFF))
        bodies = catalogues.write_bodies((catalogues.reservation(HOT.id) for _ in range(SESSIONS)), place.directory)
        workload = Workload(script="post", path=RESERVATIONS, arguments=[str(bodies)])
        books = [Books(of_type(server, HOT.id), plan.connections) for server in (limited, free)]
        entries = [
            Trial(
                name=limited.name, server=limited, workload=workload, check=lambda load: books[0].check(load.requests)
            ),
            Trial(name=WITHOUT, server=free, workload=workload, check=lambda load: books[1].check(load.requests)),
        ]
        rounds = trials.measure(stage, entries)
        return stage.result(
            "limits",
            "reserve one ticket of one hot type, every limit on frequency checked and none reached",
            conditions=[f"wrk with {plan.connections} connections, {SESSIONS:,} sessions in turn"],
            ratios=[
                trials.ratio("hot type with limits ÷ without", rounds, limited.name, WITHOUT, target=OF_WITHOUT),
                *trials.cpu_ratio("processor time ÷ without limits", rounds, limited.name, WITHOUT),
            ],
            measured=trials.table(rounds, entries),
            checks=[each.sentence for each in books],
            complaints=list(trials.complaints(rounds)),
            raw=trials.raw(rounds),
        )
