"""A thousand ticket types, each wanted as much as any other: what it costs that there are many."""

from contextlib import ExitStack

from bench import catalogues, trials
from bench.books import Books, of_all
from bench.contenders.bare import bare_aiohttp
from bench.contenders.fastapi import POSTGRES, fastapi_postgres
from bench.contenders.ours import actor_ticketing
from bench.generators import wrk
from bench.generators.wrk import Workload
from bench.plan import Plan, Watcher
from bench.results import Result
from bench.scenarios.common import RESERVATIONS, reserve_one
from bench.stage import set_up
from bench.trials import Trial

TYPES = 1000
BODIES = 20_000


def run(plan: Plan, watcher: Watcher) -> Result:
    """Measure it."""
    wrk.require()
    types = catalogues.numbered("many", TYPES)
    with set_up(plan, watcher) as stage, ExitStack() as stack:
        place = stage.place
        catalogue = catalogues.write(types, place.directory)
        ours = stack.enter_context(actor_ticketing(place, catalogue))
        answer = reserve_one(ours, types[0].id)
        bare = stack.enter_context(bare_aiohttp(place, {("POST", RESERVATIONS): (201, answer)}))
        postgres = stage.enter(stack, POSTGRES, fastapi_postgres(place, catalogue))
        many = catalogues.write_bodies(catalogues.uniform(types, BODIES, seed=1), place.directory, "many")
        one = catalogues.write_bodies(catalogues.uniform(types[:1], BODIES, seed=1), place.directory, "one")
        workload = Workload(script="post", path=RESERVATIONS, arguments=[str(many)])
        hot = Workload(script="post", path=RESERVATIONS, arguments=[str(one)])
        books = Books(of_all(ours), plan.connections)
        entries = [
            Trial(name=ours.name, server=ours, workload=workload, check=lambda load: books.check(load.requests)),
            Trial(name="the same, one type", server=ours, workload=hot, check=lambda load: books.check(load.requests)),
            Trial(name=bare.name, server=bare, workload=workload),
        ]
        if postgres is not None:
            entries.append(Trial(name=postgres.name, server=postgres, workload=workload))
        against = ("our own hot type", f"{bare.name} POST", f"{POSTGRES}, one statement")
        rounds = trials.measure(stage, entries)
        return stage.result(
            "types",
            f"reserve one ticket of one of {TYPES:,} types, each as likely",
            conditions=[f"wrk with {plan.connections} connections", f"answers of {len(answer)} bytes"],
            ratios=[
                trials.ratio(f"{TYPES:,} types ÷ {other}", rounds, ours.name, each.name)
                for each, other in zip(entries[1:], against, strict=False)
            ],
            measured=trials.table(rounds, entries),
            checks=[books.sentence],
            complaints=list(trials.complaints(rounds)),
            raw=trials.raw(rounds),
        )
