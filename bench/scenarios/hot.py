"""One ticket type that everyone wants, and stock that does not run out: the price of a committed reservation."""

from contextlib import ExitStack

from bench import catalogues, trials
from bench.books import Books, of_type
from bench.catalogues import Type
from bench.contenders.bare import bare_aiohttp
from bench.contenders.fastapi import POSTGRES, SQLITE, fastapi_postgres, fastapi_sqlite
from bench.contenders.ours import actor_ticketing, database_of
from bench.generators import wrk
from bench.generators.witness import OWN
from bench.generators.wrk import Workload
from bench.plan import Plan, Watcher
from bench.results import Result
from bench.scenarios.common import RESERVATIONS, reserve_one, witness
from bench.stage import set_up
from bench.trials import Trial

HOT = Type(id="tt_hot")
OF_BARE, OF_POSTGRES = 0.70, 9.0


def run(plan: Plan, watcher: Watcher) -> Result:
    """Measure it."""
    wrk.require()
    with set_up(plan, watcher) as stage, ExitStack() as stack:
        place = stage.place
        catalogue = catalogues.write([HOT, OWN], place.directory)
        ours = stack.enter_context(actor_ticketing(place, catalogue))
        answer = reserve_one(ours, HOT.id)
        bare = stack.enter_context(bare_aiohttp(place, {("POST", RESERVATIONS): (201, answer)}))
        others = [
            stage.enter(stack, POSTGRES, fastapi_postgres(place, catalogue)),
            stage.enter(stack, SQLITE, fastapi_sqlite(place, catalogue)),
        ]
        books = [Books(of_type(ours, HOT.id), plan.connections)]
        bodies = catalogues.write_bodies(
            (catalogues.reservation(HOT.id) for _ in range(catalogues.BODIES)), place.directory
        )
        workload = Workload(script="post", path=RESERVATIONS, arguments=[str(bodies)])
        entries = [
            Trial(name=ours.name, server=ours, workload=workload, check=lambda load: books[0].check(load.requests)),
            Trial(name=bare.name, server=bare, workload=workload),
        ]
        sizes = [f"{ours.name} {len(answer)}"]
        for other in others:
            if other is not None:
                sizes.append(f"{other.name} {len(reserve_one(other, HOT.id))}")
                entries.append(Trial(name=other.name, server=other, workload=workload))
        with witness(stage, ours, HOT.id) as seen:
            rounds = trials.measure(stage, entries)
        targets = {bare.name: OF_BARE, POSTGRES: OF_POSTGRES}
        return stage.result(
            "hot",
            "reserve one ticket of one hot type; every answer waits for the disk",
            conditions=[f"wrk with {plan.connections} connections", f"answers in bytes: {', '.join(sizes)}"],
            ratios=[
                trials.ratio(
                    f"hot type ÷ {_against(each)}", rounds, ours.name, each.name, target=targets.get(each.name)
                )
                for each in entries[1:]
            ]
            + list(trials.cpu_ratio(f"processor time ÷ {bare.name} POST", rounds, ours.name, bare.name)),
            measured=trials.table(rounds, entries),
            checks=[books[0].sentence, seen.prove(database_of(ours))],
            complaints=list(trials.complaints(rounds)),
            raw=trials.raw(rounds),
        )


def _against(trial: Trial) -> str:
    notes = {POSTGRES: ", one statement", SQLITE: " behind a lock"}
    return trial.name + notes.get(trial.name, " POST")
