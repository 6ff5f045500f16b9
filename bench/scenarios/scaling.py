"""What the hot ticket type costs when it has many live holds already, and when there are many other ticket types."""

from contextlib import ExitStack
from pathlib import Path

from bench import catalogues, proofs, trials
from bench.books import Books, of_type
from bench.contenders import Place, Server
from bench.contenders.ours import actor_ticketing
from bench.generators import wrk
from bench.generators.wrk import Load, Workload
from bench.plan import Plan, Watcher
from bench.results import Result
from bench.scenarios.common import RESERVATIONS
from bench.seeding import Seed, seed, type_id
from bench.stage import Stage, set_up
from bench.trials import Trial

AS_FAST = 0.95
NONE, SOME, MANY = "no holds", "100,000 holds", "1,000,000 holds"
FEW_TYPES, MANY_TYPES = "10 ticket types", "10,000 ticket types"

_HOLDS = {NONE: 0, SOME: 100_000, MANY: 1_000_000}
_TYPES = {FEW_TYPES: 10, MANY_TYPES: 10_000}
# A reservation outlasts the run in which it is made by this much, so that the books can be checked.
_LEAST_SECONDS = 10


def run(plan: Plan, watcher: Watcher) -> Result:
    """Start a service for each variant, and load them in turn; those whose turn it is not stand still."""
    wrk.require()
    with set_up(plan, watcher) as stage, ExitStack() as stack:
        minutes = (max(plan.seconds, plan.warm_up) + _LEAST_SECONDS) / 60
        bodies = catalogues.write_bodies(
            ({**catalogues.reservation(type_id(0)), "expirationMinutes": minutes} for _ in range(catalogues.BODIES)),
            stage.place.directory,
        )
        variants = {name: Seed.lasting(holds) for name, holds in _HOLDS.items()}
        variants |= {name: Seed(types=types) for name, types in _TYPES.items()}
        entries = [_trial(stage, stack, name, wanted, bodies) for name, wanted in variants.items()]
        rounds = trials.measure(stage, entries)
        return stage.result(
            "scaling",
            "one hot ticket type beside many live holds, or many other types",
            conditions=[
                f"{plan.connections} connections (wrk), one ticket each, synchronous=FULL, all on one ticket type",
                "the live holds are on that same type; the other ticket types are idle",
                (
                    f"the reservations of a run last {minutes * 60:.0f} s and have expired before the next one, which "
                    "therefore begins with the holds it is named for"
                ),
            ],
            ratios=[
                ratio
                for more, less in ((MANY, NONE), (SOME, NONE), (MANY_TYPES, FEW_TYPES))
                for ratio in (
                    trials.ratio(f"{more} ÷ {less}", rounds, more, less, target=AS_FAST),
                    *trials.cpu_ratio(f"processor time, {more} ÷ {less}", rounds, more, less),
                )
            ],
            measured=trials.table(rounds, entries),
            checks=["after every run, the counter had grown by what was acknowledged and was under way at its end"],
            complaints=list(trials.complaints(rounds)),
            raw=trials.raw(rounds),
        )


def _trial(stage: Stage, stack: ExitStack, name: str, wanted: Seed, bodies: Path) -> Trial:
    stage.watcher.at(f"making {name}", 0)
    directory = stage.place.make(name.replace(" ", "-"))
    data = directory / "data"
    seed(data, wanted)
    place = Place(directory, stage.place.core, stage.place.uvloop)
    server = stack.enter_context(actor_ticketing(place, None, data=data))
    books = _Books(server, name, wanted.holds, stage.plan.connections)
    return Trial(
        name=name,
        server=server,
        workload=Workload(script="post", path=RESERVATIONS, arguments=[str(bodies)]),
        prepare=books.begin,
        check=books.check,
    )


class _Books:
    """Checks each run on its own, since what it reserves is gone before the next one.

    :param holds: how many there are between runs.
    """

    def __init__(self, server: Server, name: str, holds: int, connections: int) -> None:
        self._reading = of_type(server, type_id(0))
        self._name = name
        self._holds = holds
        self._connections = connections
        self._books: Books

    def begin(self) -> None:
        """Wait until there are no other holds than there should be."""
        proofs.wait_until(
            f"under {self._name}, the reservations of the last run have expired", lambda: self._reading() == self._holds
        )
        self._books = Books(self._reading, self._connections)

    def check(self, load: Load) -> None:
        """Check the run.

        :raises BenchError: when the books are wrong.
        """
        self._books.check(load.requests)
