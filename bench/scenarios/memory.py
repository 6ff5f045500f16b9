"""What a live hold, a ticket type with its actor, and one without take of the service's memory."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import catalogues, proofs
from bench.arrivals import steady
from bench.books import Books, of_type
from bench.contenders import Server
from bench.contenders.ours import actor_ticketing
from bench.episodes import Episodes
from bench.errors import BenchError, Unavailable
from bench.generators import wrk
from bench.generators.open_loop import OpenLoop
from bench.generators.wrk import Workload, Wrk
from bench.plan import Plan, Watcher
from bench.results import Measured, Ratio, Result
from bench.scenarios.common import RESERVATIONS
from bench.seeding import Seed, seed, type_id
from bench.stage import Stage, set_up

HOLDS = 200_000
TYPES = 10_000
HOLD_BYTES_MAX, RUNNING_BYTES_MAX, PASSIVATED_BYTES_MAX = 600, 5_000, 500

_RUN_SECONDS = 5
_RATE_EXPECTED, _RATE_MAX = 5_000, 20_000
_TOUCH_RATE = 1_000
_WARM_UP_SECONDS = 5
_REST_SECONDS = 1.0
_TOUCH_MINUTES = 0.02
_SOME_TYPES = 10
_NEVER_PASSIVATE = {"ACTOR_TICKETING_ACTORS__PASSIVATE_AFTER_SECONDS": "3600"}

MADE, RECOVERED = "live hold, reserved over HTTP", "live hold, recovered at start-up"
RUNNING, PASSIVATED = "ticket type with its actor", "ticket type without actor"


@dataclass(frozen=True, slots=True)
class Bytes:
    """What a process holds: ``own`` is its alone (USS), ``resident`` is all that is in memory (RSS)."""

    own: float
    resident: float

    @classmethod
    def of(cls, server: Server) -> "Bytes":
        """Look, when the server has come to rest.

        :raises Unavailable: where the system does not tell.
        """
        time.sleep(_REST_SECONDS)
        try:
            text = Path(f"/proc/{server.pids[0]}/smaps_rollup").read_text(encoding="ascii", errors="replace")
        except OSError as error:
            raise Unavailable("this system does not tell how much memory is a process's own") from error
        lines = [line.split() for line in text.splitlines() if line.endswith(" kB")]
        kb = {words[0]: int(words[1]) for words in lines}
        return cls(own=(kb["Private_Clean:"] + kb["Private_Dirty:"]) * 1024, resident=kb["Rss:"] * 1024)

    def each(self, before: "Bytes", number: int) -> "Bytes":
        """The growth, for each of so many."""
        return Bytes((self.own - before.own) / number, (self.resident - before.resident) / number)

    def plus(self, other: "Bytes") -> "Bytes":
        """Both together."""
        return Bytes(self.own + other.own, self.resident + other.resident)


Round = Mapping[str, Bytes]


def run(plan: Plan, watcher: Watcher) -> Result:
    """Measure all of it in every round, each on services that have just been started."""
    wrk.require()
    with set_up(plan, watcher) as stage:
        seconds = HOLDS / _RATE_EXPECTED + TYPES / _TOUCH_RATE
        episodes = Episodes(stage, plan.rounds * seconds)
        rounds = [_round(stage, episodes, f"round {number} of {plan.rounds}") for number in range(1, plan.rounds + 1)]
        return stage.result(
            "memory",
            "memory of a live hold and of a ticket type",
            conditions=[
                "growth of the memory that is the process's own (USS), after it has come to rest",
                f"{MADE}: at least {HOLDS:,}, each with its own session, after a warm-up that fills what there is once",
                f"{RECOVERED}: a start with {HOLDS:,} in the database against a start with none",
                (
                    f"{PASSIVATED}: a start with {TYPES:,} untouched ones against one with {_SOME_TYPES}; "
                    "this is its place in the catalogue (what an actor leaves behind cannot be seen from outside, as "
                    "freed memory stays with the process)"
                ),
                (
                    f"{RUNNING}: that, and the growth when each of {TYPES:,} is reserved once for "
                    f"{_TOUCH_MINUTES * 60:.1f} s; measured when the holds have expired, so none is in it"
                ),
            ],
            ratios=list(_ratios(rounds)),
            measured=[_row(name, [each[name] for each in rounds]) for name in (MADE, RECOVERED, RUNNING, PASSIVATED)],
            checks=[
                "every reservation was made; no hold was left when ticket types were measured",
                "the counter grew by what was acknowledged, and else only by what was under way when a run ended",
            ],
            raw={
                "rounds": [
                    {name: {"uss": each.own, "rss": each.resident} for name, each in found.items()} for found in rounds
                ]
            },
        )


def _ratios(rounds: Sequence[Round]) -> Iterator[Ratio]:
    targets = {
        MADE: HOLD_BYTES_MAX,
        RECOVERED: HOLD_BYTES_MAX,
        RUNNING: RUNNING_BYTES_MAX,
        PASSIVATED: PASSIVATED_BYTES_MAX,
    }
    for name, target in targets.items():
        yield Ratio(
            name=name, values=[each[name].own for each in rounds], target=float(target), at_most=True, unit="bytes"
        )


def _row(name: str, found: Sequence[Bytes]) -> Measured:
    own, resident = (
        Ratio(name=name, values=values).median
        for values in ([each.own for each in found], [each.resident for each in found])
    )
    return Measured(name=name, figures={"USS bytes": round(own), "RSS bytes": round(resident)})


def _round(stage: Stage, episodes: Episodes, label: str) -> Round:
    episodes.tell(f"{label}: recovery")
    none, some = _at_rest(episodes, Seed()), _at_rest(episodes, Seed.lasting(HOLDS))
    few, many = _at_rest(episodes, Seed(types=_SOME_TYPES)), _at_rest(episodes, Seed(types=TYPES))
    passivated = many.each(few, TYPES - _SOME_TYPES)
    return {
        MADE: _made(stage, episodes, label),
        RECOVERED: some.each(none, HOLDS),
        RUNNING: _actors(stage, episodes, label).plus(passivated),
        PASSIVATED: passivated,
    }


def _at_rest(episodes: Episodes, wanted: Seed) -> Bytes:
    """What a service takes that has just started."""
    place = episodes.place()
    data = place.directory / "data"
    seed(data, wanted)
    with actor_ticketing(place, None, data=data) as server:
        return Bytes.of(server)


def _made(stage: Stage, episodes: Episodes, label: str) -> Bytes:
    """What each hold takes that is reserved over HTTP."""
    place = episodes.place()
    data = place.directory / "data"
    seed(data, Seed())
    with actor_ticketing(place, None, data=data) as server:
        reserved = of_type(server, type_id(0))
        books = Books(reserved, stage.plan.connections)

        def reserve() -> None:
            # New ones for every run, so that each hold is of a session of its own.
            sessions = (catalogues.reservation(type_id(0)) for _ in range(_RUN_SECONDS * _RATE_MAX))
            bodies = catalogues.write_bodies(sessions, place.directory)
            workload = Workload(script="post", path=RESERVATIONS, arguments=[str(bodies)])
            with Wrk(workload, server.address, _RUN_SECONDS, stage.plan.connections, stage.cores.generator) as load:
                outcome = load.finish(lambda seconds: episodes.tell(f"{label}: {MADE}", seconds))
            if outcome.refused or outcome.broken:
                raise BenchError(f"{outcome.refused} reservations were refused, {outcome.broken} connections broke")
            books.check(outcome.requests)

        reserve()
        first, before = reserved(), Bytes.of(server)
        while reserved() - first < HOLDS:
            with episodes.measuring(server):
                reserve()
        return Bytes.of(server).each(before, reserved() - first)


def _actors(stage: Stage, episodes: Episodes, label: str) -> Bytes:
    """What each actor takes that has once made a reservation, which is gone."""
    place = episodes.place()
    data = place.directory / "data"
    seed(data, Seed(types=TYPES + 1))
    with actor_ticketing(place, None, data=data, settings=_NEVER_PASSIVATE) as server:
        # The first one serves for warming up.
        _touch(stage, place.directory, server, [type_id(0)], _WARM_UP_SECONDS * _TOUCH_RATE)
        before = Bytes.of(server)
        episodes.tell(f"{label}: {RUNNING}")
        with episodes.measuring(server):
            _touch(stage, place.directory, server, [type_id(number + 1) for number in range(TYPES)], TYPES)
        return Bytes.of(server).each(before, TYPES)


def _touch(stage: Stage, directory: Path, server: Server, types: Sequence[str], number: int) -> None:
    """Reserve so often, on each type in turn, and wait until nothing is held any more."""
    bodies = catalogues.write_bodies(
        ({**catalogues.reservation(each), "expirationMinutes": _TOUCH_MINUTES} for each in types), directory
    )
    load = OpenLoop(core=stage.cores.generator, bodies=bodies, directory=directory, connections=64)
    outcome = load.run(server.address + RESERVATIONS, steady(_TOUCH_RATE, number // _TOUCH_RATE))
    outcome.require_only(201)
    proofs.wait_until("no hold is left", lambda: proofs.expiry(server)["counts"]["ACTIVE"] == 0)
