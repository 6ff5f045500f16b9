"""Two thousand pages that show what is left, while one hot ticket type is sold: they must not slow the sale."""

import statistics
from contextlib import ExitStack

from bench import catalogues, trials
from bench.books import Books, of_type
from bench.catalogues import Type
from bench.contenders.ours import actor_ticketing
from bench.generators import wrk
from bench.generators.watchers import Watchers
from bench.generators.wrk import Load, Workload
from bench.plan import Plan, Watcher
from bench.results import Measured, Ratio, Result
from bench.scenarios.common import RESERVATIONS
from bench.stage import set_up
from bench.trials import Trial

HOT = Type(id="tt_watched")
WATCHERS = 2_000
OF_UNWATCHED = 0.9
MESSAGES_A_SECOND_MAX = 10.0


def run(plan: Plan, watcher: Watcher) -> Result:
    """Measure it: the same sale on the same service, watched and not."""
    wrk.require()
    with set_up(plan, watcher) as stage, ExitStack() as stack:
        place = stage.place
        catalogue = catalogues.write([HOT], place.directory)
        settings = {"ACTOR_TICKETING_WEBSOCKET__MAX_PER_ADDRESS": str(WATCHERS)}
        ours = stack.enter_context(actor_ticketing(place, catalogue, settings=settings))
        reserved = of_type(ours, HOT.id)
        books = Books(reserved, plan.connections)
        bodies = catalogues.write_bodies(
            (catalogues.reservation(HOT.id) for _ in range(catalogues.BODIES)), place.directory
        )
        workload = Workload(script="post", path=RESERVATIONS, arguments=[str(bodies)])
        rates: list[float] = []
        watching: list[tuple[ExitStack, Watchers]] = []

        def begin() -> None:
            held = stack.enter_context(ExitStack())
            watchers = Watchers(ours.address, HOT.id, WATCHERS, stage.cores.generator)
            watching.append((held, held.enter_context(watchers)))

        def end(load: Load) -> None:
            held, watchers = watching.pop()
            with held:
                rates.append(watchers.finish(reserved))
            books.check(load.requests)

        watched = Trial(name=f"{WATCHERS:,} watch", server=ours, workload=workload, prepare=begin, check=end)
        alone = Trial(
            name="nobody watches", server=ours, workload=workload, check=lambda load: books.check(load.requests)
        )
        rounds = trials.measure(stage, [watched, alone])
        rates = rates[-len(rounds) :]
        return stage.result(
            "watchers",
            f"reserve one ticket of one hot type, while {WATCHERS:,} WebSockets watch it",
            conditions=[f"wrk with {plan.connections} connections", "the watchers are read on its core, every 50 ms"],
            ratios=[
                trials.ratio("watched ÷ not watched", rounds, watched.name, alone.name, target=OF_UNWATCHED),
                *trials.cpu_ratio("processor time of a reservation: watched ÷ not", rounds, watched.name, alone.name),
                Ratio(
                    name="messages a second to each who watches",
                    values=rates,
                    target=MESSAGES_A_SECOND_MAX,
                    at_most=True,
                    unit="1/s",
                ),
            ],
            measured=[
                *trials.table(rounds, [watched, alone]),
                Measured(name="each who watches", figures={"messages/s": statistics.median(rates)}),
            ],
            checks=[books.sentence, "after each run, every watcher had been told the last state"],
            complaints=list(trials.complaints(rounds)),
            raw={**trials.raw(rounds), "messagesPerSecond": rates},
        )
