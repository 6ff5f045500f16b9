"""The on-sale of EMF 2026, replayed with as many buyers, with ten times and with thirty times as many."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench import catalogues, proofs
from bench.arrivals import EMF_2026, emf, steady
from bench.books import of_type
from bench.contenders.ours import actor_ticketing
from bench.episodes import Episodes, medians, turned
from bench.generators.open_loop import OpenLoop, Outcome
from bench.plan import Plan, Watcher
from bench.results import Measured, Ratio, Result
from bench.scenarios.common import RESERVATIONS, post_one
from bench.seeding import Seed, seed, type_id
from bench.stage import Stage, set_up

FACTORS = (1, 10, 30)
P99_MS_MAX = 50.0

_WARM_UP = steady(200, 2)
_BUSIEST = EMF_2026.index(max(EMF_2026))
_OVERHEAD_SECONDS = 2


@dataclass(frozen=True, slots=True)
class _Replay:
    outcome: Outcome
    cpu_us: float | None
    proof: str


def run(plan: Plan, watcher: Watcher) -> Result:
    """Replay every size in every round, each on a service that has just been started."""
    with set_up(plan, watcher) as stage:
        episodes = Episodes(stage, plan.rounds * len(FACTORS) * (len(EMF_2026) + _OVERHEAD_SECONDS))
        rounds: list[Mapping[int, _Replay]] = []
        for number in range(1, plan.rounds + 1):
            label = f"round {number} of {plan.rounds}"
            rounds.append({factor: _replay(stage, episodes, factor, label) for factor in turned(FACTORS, number)})
        replays = [each for replayed in rounds for each in replayed.values()]
        return stage.result(
            "emf",
            f"the on-sale of EMF 2026, at {', '.join(map(str, FACTORS))} times its size",
            conditions=[
                f"{OpenLoop.description}; connections are opened as they are needed, 2,000 at the most",
                (
                    "known of that on-sale: 134 tickets reserved in its busiest second, 967 in 17 s; the shape in "
                    "between is ours, and that every buyer takes one ticket"
                ),
                f"30 times: the busiest second has {30 * max(EMF_2026):,} reservations; the last takes the last ticket",
            ],
            ratios=[_p99(factor, rounds) for factor in FACTORS],
            measured=[
                Measured(name=f"{factor} times", figures=medians([_figures(each[factor]) for each in rounds]))
                for factor in FACTORS
            ],
            checks=[
                "every reservation was made, the stock was sold out to the last ticket, and one more was refused",
                *{each.proof for each in replays},
            ],
            raw={"rounds": [{str(factor): _raw(each) for factor, each in replayed.items()} for replayed in rounds]},
            complaints=sorted({complaint for each in replays for complaint in each.outcome.complaints()}),
        )


def _p99(factor: int, rounds: list[Mapping[int, _Replay]]) -> Ratio:
    values = [each[factor].outcome.latency_ms().p99 for each in rounds]
    return Ratio(name=f"p99 at {factor} times", values=values, target=P99_MS_MAX, at_most=True, unit="ms")


def _figures(replay: _Replay) -> dict[str, float | None]:
    outcome = replay.outcome
    return {
        "requests": float(len(outcome.arrivals)),
        **outcome.latency_ms().figures("ms"),
        "busiest second p99 ms": outcome.latency_ms(_BUSIEST, _BUSIEST + 1).p99,
        "connections": float(outcome.opened),
        "cpu µs/req": replay.cpu_us,
    }


def _raw(replay: _Replay) -> dict[str, object]:
    return {**replay.outcome.document(), "cpuUs": replay.cpu_us}


def _replay(stage: Stage, episodes: Episodes, factor: int, label: str) -> _Replay:
    planned = emf(factor)
    stock = len(_WARM_UP) + len(planned)
    place = episodes.place()
    data = place.directory / "data"
    seed(data, Seed(total=stock))
    hot = type_id(0)
    bodies = catalogues.write_bodies((catalogues.reservation(hot) for _ in range(stock)), place.directory)
    generator = OpenLoop(core=stage.cores.generator, bodies=bodies, directory=place.directory)
    with actor_ticketing(place, None, data=data) as server:
        url = server.address + RESERVATIONS
        generator.run(url, _WARM_UP).require_only(201)
        used = server.cpu_seconds()
        with episodes.measuring(server):
            outcome = generator.run(
                url, planned, tick=lambda seconds: episodes.tell(f"{label}: {factor} times", seconds)
            )
        used_after = server.cpu_seconds()
        outcome.require_only(201)
        proofs.require_equal("what is reserved", of_type(server, hot)(), stock)
        post_one(server, catalogues.encoded(catalogues.reservation(hot)), 409)
    cpu = None if used is None or used_after is None else (used_after - used) / len(planned) * 1e6
    return _Replay(outcome, cpu, proofs.verify(data))
