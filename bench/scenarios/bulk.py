"""Three types at once, all or nothing: what coordination between actors costs."""

from contextlib import ExitStack

from bench import catalogues, trials
from bench.books import Books, of_all
from bench.contenders.bare import bare_aiohttp
from bench.contenders.ours import actor_ticketing
from bench.generators import wrk
from bench.generators.wrk import Workload
from bench.plan import Plan, Watcher
from bench.results import Result
from bench.scenarios.common import RESERVATIONS, post_one
from bench.stage import set_up
from bench.trials import Trial

LINES = 3


def run(plan: Plan, watcher: Watcher) -> Result:
    """Measure it."""
    wrk.require()
    types = catalogues.numbered("bulk", LINES)
    ids = [each.id for each in types]
    with set_up(plan, watcher) as stage, ExitStack() as stack:
        place = stage.place
        ours = stack.enter_context(actor_ticketing(place, catalogues.write(types, place.directory)))
        answer = post_one(ours, catalogues.encoded(catalogues.bulk(ids)), 201)
        bare = stack.enter_context(bare_aiohttp(place, {("POST", RESERVATIONS): (201, answer)}))
        three = catalogues.write_bodies(
            (catalogues.bulk(ids) for _ in range(catalogues.BODIES)), place.directory, "three"
        )
        one = catalogues.write_bodies(
            (catalogues.reservation(ids[0]) for _ in range(catalogues.BODIES)), place.directory, "one"
        )
        workload = Workload(script="post", path=RESERVATIONS, arguments=[str(three)])
        single = Workload(script="post", path=RESERVATIONS, arguments=[str(one)])
        books = Books(of_all(ours), plan.connections)
        entries = [
            Trial(name=ours.name, server=ours, workload=workload, check=lambda load: books.check(load.requests, LINES)),
            Trial(
                name="the same, one type", server=ours, workload=single, check=lambda load: books.check(load.requests)
            ),
            Trial(name=bare.name, server=bare, workload=workload),
        ]
        rounds = trials.measure(stage, entries)
        return stage.result(
            "bulk",
            f"reserve one ticket of each of {LINES} types in one request",
            conditions=[f"wrk with {plan.connections} connections", f"answers of {len(answer)} bytes"],
            ratios=[
                trials.ratio(f"bulk ÷ {bare.name} POST of the same size", rounds, ours.name, bare.name),
                trials.ratio(
                    "lines in bulk ÷ reservations one by one", rounds, ours.name, entries[1].name, times=LINES
                ),
            ],
            measured=trials.table(rounds, entries),
            checks=[books.sentence],
            complaints=list(trials.complaints(rounds)),
            raw=trials.raw(rounds),
        )
