"""Five hundred tickets and twenty thousand tries: exactly five hundred are sold, and saying no is cheap."""

from collections.abc import Iterator
from contextlib import ExitStack

from bench import catalogues, trials
from bench.books import of_type
from bench.catalogues import Type
from bench.contenders import Server
from bench.contenders.bare import bare_aiohttp
from bench.contenders.ours import actor_ticketing, database_of
from bench.errors import BenchError
from bench.generators import wrk
from bench.generators.witness import OWN
from bench.generators.wrk import Workload, Wrk
from bench.plan import Plan, Watcher
from bench.results import Result
from bench.scenarios.common import RESERVATIONS, post_one, witness
from bench.stage import Stage, set_up
from bench.trials import Trial

TICKETS, TRIES = 500, 20_000
SECONDS_MAX = 60
OF_BARE = 0.75
# With the first answer there is nothing left, so it shows what a refusal looks like.
FIRST = Type(id="tt_first", total=1)


class Sellout:
    """Sells a new ticket type out before every run, and proves that each was sold right.

    :ivar seconds: how long each of them took.
    """

    def __init__(self, stage: Stage, server: Server, types: list[Type]) -> None:
        self._stage = stage
        self._server = server
        self._left: Iterator[Type] = iter(types)
        self.bodies = stage.place.directory / "sellout-bodies"
        self.seconds: list[float] = []
        self._write_bodies(types[0])

    def sell(self) -> None:
        """Let everyone try at once.

        :raises BenchError: when other than all tickets are sold, or anyone is told anything else but that they are.
        """
        wanted = next(self._left)
        self._write_bodies(wanted)
        workload = Workload(script="sellout", path=RESERVATIONS, arguments=[str(self.bodies), str(TRIES)])
        plan = self._stage.plan
        with Wrk(workload, self._server.address, SECONDS_MAX, plan.connections, self._stage.cores.generator) as running:
            load = running.finish()
        sold, short, others = (load.counts[name] for name in ("sold", "short", "others"))
        reserved = of_type(self._server, wanted.id)()
        if (sold, reserved, others, load.broken) != (TICKETS, TICKETS, 0, 0) or sold + short < TRIES:
            raise BenchError(
                f"of {TICKETS} tickets {reserved} are reserved; in {TRIES} tries {sold} were acknowledged, {short} "
                f"refused because none are left, {others} answered otherwise, and {load.broken} broken"
            )
        self.seconds.append(load.seconds)

    def _write_bodies(self, wanted: Type) -> None:
        bodies = (catalogues.reservation(wanted.id) for _ in range(catalogues.BODIES))
        catalogues.write_bodies(bodies, self.bodies.parent, self.bodies.name)

    @property
    def sentence(self) -> str:
        """What was found."""
        return (
            f"{len(self.seconds)} times {TICKETS} tickets in {TRIES:,} tries: each time exactly {TICKETS} reserved, "
            "every other try refused with 409 not_enough_tickets"
        )


def run(plan: Plan, watcher: Watcher) -> Result:
    """Measure it."""
    wrk.require()
    types = catalogues.numbered("sellout", plan.rounds + 1, TICKETS)
    with set_up(plan, watcher) as stage, ExitStack() as stack:
        place = stage.place
        ours = stack.enter_context(actor_ticketing(place, catalogues.write([FIRST, OWN, *types], place.directory)))
        wish = catalogues.encoded(catalogues.reservation(FIRST.id))
        post_one(ours, wish, 201)
        refusal = post_one(ours, wish, 409)
        bare = stack.enter_context(bare_aiohttp(place, {("POST", RESERVATIONS): (409, refusal)}))
        sellout = Sellout(stage, ours, types)
        workload = Workload(script="post", path=RESERVATIONS, arguments=[str(sellout.bodies)])
        entries = [
            Trial(name=ours.name, server=ours, workload=workload, refused=True, prepare=sellout.sell),
            Trial(name=bare.name, server=bare, workload=workload, refused=True),
        ]
        with witness(stage, ours, *(each.id for each in types)) as seen:
            rounds = trials.measure(stage, entries)
        for each in types:
            _still_sold_out(ours, each)
        return stage.result(
            "sellout",
            f"{TICKETS} tickets, {TRIES:,} tries, then refusals only",
            conditions=[f"wrk with {plan.connections} connections", f"refusals of {len(refusal)} bytes"],
            ratios=[trials.ratio(f"refusals ÷ {bare.name} POST", rounds, ours.name, bare.name, target=OF_BARE)],
            measured=trials.table(rounds, entries, "refusals"),
            checks=[
                sellout.sentence,
                "after all refusals the counters were still the same",
                seen.prove(database_of(ours)),
            ],
            complaints=list(trials.complaints(rounds)),
            raw={**trials.raw(rounds), "selloutSeconds": sellout.seconds},
        )


def _still_sold_out(server: Server, each: Type) -> None:
    reserved = of_type(server, each.id)()
    if reserved != TICKETS:
        raise BenchError(f"after refusals {reserved} tickets of {each.id} are reserved, and not {TICKETS}")
