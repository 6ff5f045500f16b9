"""Fifty thousand holds fall due in the same second, while buyers go on reserving."""

import json
import math
import threading
import time
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import catalogues, machine, proofs
from bench.arrivals import steady
from bench.asking import ask
from bench.contenders import Server
from bench.contenders.ours import actor_ticketing
from bench.episodes import Episodes, medians, turned
from bench.errors import BenchError
from bench.generators.open_loop import LEAD_SECONDS, OpenLoop, Outcome
from bench.plan import Plan, Watcher
from bench.results import Measured, Ratio, Result
from bench.scenarios.common import RESERVATIONS
from bench.seeding import EVENT_ID, Seed, seed, type_id
from bench.stage import Stage, set_up

HOLDS = 50_000
BUYERS_A_SECOND = 500
RELEASED_SECONDS_MAX = 1.0
SLOWER_MAX = 3.0

_SETTING_UP_SECONDS = 9.0
_WARM_UP_SECONDS = 2
_NORMAL_SECONDS = 6
_AFTER_SECONDS = 6
_HOLD_MS = 600_000
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class _Variant:
    """``within_ms``: the deadlines lie evenly in this time."""

    name: str
    types: int
    within_ms: int


_VARIANTS = (
    _Variant("one ticket type", 1, 999),
    _Variant("100 ticket types", 100, 999),
    _Variant("one ticket type, one instant", 1, 0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Storm:
    """One run. ``released``: seconds from the last deadline to when the last hold was seen to be gone, from outside.

    ``lag_ms``: what the service itself says of the latest release.
    """

    outcome: Outcome
    released: float
    lag_ms: float
    due: float
    proof: str

    @property
    def normal_p99(self) -> float:
        return self.outcome.latency_ms(_WARM_UP_SECONDS, self.due).p99

    @property
    def storm_p99(self) -> float:
        return self.outcome.latency_ms(self.due, self.due + 1 + max(0.0, self.released)).p99


def run(plan: Plan, watcher: Watcher) -> Result:
    """Measure every variant in every round, each on a service that has just been started."""
    length = _WARM_UP_SECONDS + _NORMAL_SECONDS + _AFTER_SECONDS
    with set_up(plan, watcher) as stage:
        episodes = Episodes(stage, plan.rounds * len(_VARIANTS) * length)
        rounds: list[Mapping[str, _Storm]] = []
        for number in range(1, plan.rounds + 1):
            label = f"round {number} of {plan.rounds}"
            rounds.append({each.name: _storm(stage, episodes, each, label) for each in turned(_VARIANTS, number)})
        storms = [each for found in rounds for each in found.values()]
        return stage.result(
            "storm",
            f"{HOLDS:,} holds due in one second while buyers go on",
            conditions=[
                f"{BUYERS_A_SECOND} buyers a second on the same ticket types, {OpenLoop.description}",
                (
                    f"normal: the {_NORMAL_SECONDS} s before the first deadline, in the same run; meanwhile: from the "
                    "first deadline until the last hold is gone, at least a second"
                ),
                (
                    "released: when a reader of the public availability can be certain that the last one is gone, who "
                    f"looks every {_LOOK_SECONDS * 1000:.0f} ms"
                ),
            ],
            ratios=[ratio for variant in _VARIANTS for ratio in _ratios(variant, rounds)],
            measured=[
                Measured(name=variant.name, figures=medians([_figures(each[variant.name]) for each in rounds]))
                for variant in _VARIANTS
            ],
            checks=[
                f"all {HOLDS:,} expired, none is overdue, every buyer was served, and what is reserved is theirs",
                *{each.proof for each in storms},
            ],
            raw={"rounds": [{name: _raw(each) for name, each in found.items()} for found in rounds]},
            complaints=sorted({complaint for each in storms for complaint in each.outcome.complaints()}),
        )


def _ratios(variant: _Variant, rounds: Sequence[Mapping[str, _Storm]]) -> Sequence[Ratio]:
    storms = [each[variant.name] for each in rounds]
    # Nothing was promised for deadlines that are all the same; it shows how long the work takes in one go.
    promised = variant.within_ms > 0
    return (
        Ratio(
            name=f"{variant.name}: last release after its deadline",
            values=[each.released for each in storms],
            target=RELEASED_SECONDS_MAX if promised else None,
            at_most=True,
            unit="s",
        ),
        Ratio(
            name=f"{variant.name}: buyers' p99 meanwhile ÷ normal",
            values=[each.storm_p99 / each.normal_p99 for each in storms],
            target=SLOWER_MAX if promised else None,
            at_most=True,
        ),
    )


def _figures(storm: _Storm) -> dict[str, float | None]:
    meanwhile = storm.outcome.latency_ms(storm.due, storm.due + 1 + max(0.0, storm.released))
    return {
        "released s": storm.released,
        "service's own lag max ms": storm.lag_ms,
        "normal p50 ms": storm.outcome.latency_ms(_WARM_UP_SECONDS, storm.due).p50,
        "normal p99 ms": storm.normal_p99,
        "storm p50 ms": meanwhile.p50,
        "storm p99 ms": meanwhile.p99,
        "storm max ms": meanwhile.max,
    }


def _raw(storm: _Storm) -> dict[str, object]:
    return {
        **storm.outcome.document(),
        "releasedSeconds": storm.released,
        "lagMaxMs": storm.lag_ms,
        "normalP99Ms": storm.normal_p99,
        "stormP99Ms": storm.storm_p99,
    }


def _storm(stage: Stage, episodes: Episodes, variant: _Variant, label: str) -> _Storm:
    place = episodes.place()
    data = place.directory / "data"
    types = [type_id(number) for number in range(variant.types)]
    bodies = catalogues.write_bodies(
        (catalogues.reservation(types[number % len(types)]) for number in range(catalogues.BODIES)), place.directory
    )
    generator = OpenLoop(core=stage.cores.generator, bodies=bodies, directory=place.directory)
    before = _WARM_UP_SECONDS + _NORMAL_SECONDS
    due = math.ceil(time.time() + _SETTING_UP_SECONDS + before)
    episodes.tell(f"{label}: {variant.name}: making the holds")
    _seed(data, variant, due)
    with actor_ticketing(place, None, data=data) as server:
        start = float(due - before)
        if time.time() > start - LEAD_SECONDS:
            raise BenchError(f"{HOLDS:,} holds were not made, and loaded, within {_SETTING_UP_SECONDS:.0f} s")
        reader = _Reader(server, stage.cores.generator, due - 0.5, due + 1 + _AFTER_SECONDS)
        with episodes.measuring(server), reader:
            outcome = generator.run(
                server.address + RESERVATIONS,
                steady(BUYERS_A_SECOND, before + 1 + _AFTER_SECONDS),
                start=start,
                tick=lambda seconds: episodes.tell(f"{label}: {variant.name}", seconds),
            )
        outcome.require_only(201)
        lag = _check(server, outcome)
    released = reader.certain_of(outcome) - (due + variant.within_ms / 1000)
    return _Storm(outcome=outcome, released=released, lag_ms=lag, due=float(before), proof=proofs.verify(data))


def _seed(data: Path, variant: _Variant, due: int) -> None:
    first, last = due * 1000, due * 1000 + variant.within_ms
    made = (first - _HOLD_MS, last - _HOLD_MS)
    seed(data, Seed(types=variant.types, holds=HOLDS, reserved_at=made, expires_at=(first, last)))


def _check(server: Server, outcome: Outcome) -> float:
    """Check the books after the storm; return the greatest lag that the service has noted, in ms."""
    found = proofs.expiry(server)
    proofs.require_equal("the number of expired holds", found["counts"]["EXPIRED"], HOLDS)
    proofs.require_equal("the number of timed releases", found["expiryLagMs"]["count"], HOLDS)
    proofs.require_equal("the number of overdue holds", found["overdue"], 0)
    proofs.require_equal("the number of live holds", found["counts"]["ACTIVE"], len(outcome.arrivals))
    proofs.require_equal("what is reserved", _reserved(server), len(outcome.arrivals))
    return float(found["expiryLagMs"]["max"])


def _reserved(server: Server) -> int:
    status, answer = ask(f"{server.address}/api/public/events/{EVENT_ID}")
    if status != 200:
        raise BenchError(f"the event was answered with {status}: {answer[:300].decode(errors='replace')}")
    return sum(each["reserved"] for each in json.loads(answer)["data"]["event"]["ticketTypes"])


class _Reader:
    """Looks at what is reserved again and again, in a thread beside the generator, between two instants."""

    def __init__(self, server: Server, core: int | None, begin: float, end: float) -> None:
        self._server = server
        self._core = core
        self._begin = begin
        self._end = end
        self._looks: list[tuple[float, float, int]] = []
        self._problem: BenchError | None = None
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._end = min(self._end, time.time())
        self._thread.join()

    def certain_of(self, outcome: Outcome) -> float:
        """When it was certain that only buyers' tickets are reserved, seconds since the epoch.

        That is the answer to the first look that showed no more than buyers had been acknowledged when it began.

        :raises BenchError: when that never was.
        """
        if self._problem is not None:
            raise self._problem
        pairs = zip(outcome.arrivals, outcome.latencies, strict=True)
        answered = sorted(outcome.start + at + latency for at, latency in pairs)
        for asked, told, reserved in self._looks:
            if reserved <= bisect_right(answered, asked):
                return told
        raise BenchError(f"the holds were not released within {_AFTER_SECONDS} s after the last deadline")

    def _run(self) -> None:
        time.sleep(max(0.0, self._begin - time.time()))
        try:
            with machine.pinned(self._core):
                while (asked := time.time()) < self._end:
                    reserved = _reserved(self._server)
                    self._looks.append((asked, time.time(), reserved))
                    time.sleep(_LOOK_SECONDS)
        except BenchError as error:
            self._problem = error
