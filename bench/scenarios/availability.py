"""How many are left: the question that every open page asks all the time."""

from contextlib import ExitStack

from bench import catalogues, trials
from bench.asking import ask
from bench.books import Books, of_type
from bench.catalogues import Type
from bench.contenders.bare import bare_aiohttp
from bench.contenders.ours import actor_ticketing
from bench.errors import BenchError
from bench.generators import wrk
from bench.generators.wrk import Workload
from bench.plan import Plan, Watcher
from bench.results import Result
from bench.scenarios.common import RESERVATIONS, reserve_one
from bench.stage import set_up
from bench.trials import Trial

ASKED = Type(id="tt_asked")
OF_BARE = 0.80
# They send at a pace of their own; in a closed loop, the yardstick would have to take far more of them.
BUYERS, PACE_MS = 50, 100


def run(plan: Plan, watcher: Watcher) -> Result:
    """Measure it, while nothing is written and while a few buyers reserve."""
    wrk.require()
    path = f"/api/public/availability/{ASKED.id}"
    with set_up(plan, watcher) as stage, ExitStack() as stack:
        place = stage.place
        ours = stack.enter_context(actor_ticketing(place, catalogues.write([ASKED], place.directory)))
        made = reserve_one(ours, ASKED.id)
        status, answer = ask(ours.address + path)
        if status != 200:
            raise BenchError(f"{ours.name} answered {path} with {status}")
        answers = {("GET", path): (200, answer), ("POST", RESERVATIONS): (201, made)}
        bare = stack.enter_context(bare_aiohttp(place, answers))
        bodies = catalogues.write_bodies(
            (catalogues.reservation(ASKED.id) for _ in range(catalogues.BODIES)), place.directory
        )
        asking = Workload(script="get", path=path)
        buying = Workload(script="paced", path=RESERVATIONS, arguments=[str(bodies), str(PACE_MS)], connections=BUYERS)
        books = Books(of_type(ours, ASKED.id), BUYERS)
        entries = [
            Trial(name=ours.name, server=ours, workload=asking),
            Trial(name=bare.name, server=bare, workload=asking),
            Trial(
                name=f"{ours.name}, while buyers buy",
                server=ours,
                workload=asking,
                beside=buying,
                check_beside=lambda load: books.check(load.requests),
            ),
            Trial(name=f"{bare.name}, while buyers buy", server=bare, workload=asking, beside=buying),
        ]
        rounds = trials.measure(stage, entries)
        quiet, yardstick, busy, busy_yardstick = (each.name for each in entries)
        return stage.result(
            "availability",
            "ask what is left of one ticket type",
            conditions=[
                f"wrk with {plan.connections} connections",
                f"answers of {len(answer)} bytes",
                f"buyers: {BUYERS} connections, each with a request {PACE_MS} ms after the last answer",
            ],
            ratios=[
                trials.ratio(f"availability ÷ {bare.name} GET", rounds, quiet, yardstick, target=OF_BARE),
                trials.ratio("the same, while buyers reserve on both", rounds, busy, busy_yardstick),
            ],
            measured=trials.table(rounds, entries),
            checks=[books.sentence],
            complaints=list(trials.complaints(rounds)),
            raw=trials.raw(rounds),
        )
