"""What is measured. A scenario is a function from a plan to a :class:`Result`, listed in :data:`SCENARIOS`."""

import json
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from bench import contenders, load, machine
from bench.asking import ask
from bench.contenders import Place, Server
from bench.errors import BenchError
from bench.load import Generator, Load
from bench.plan import Plan

TICKET_TYPE = "tt_hot"
STOCK = 10_000_000
BUYERS = 1000
RESERVATIONS = "/api/public/reservations"
AVAILABILITY = f"/api/public/availability/{TICKET_TYPE}"

_SETTLE_SECONDS = 10.0


class Watcher(Protocol):
    """Who is told how the run goes."""

    def expect(self, seconds: float) -> None:
        """All of it will take that long."""

    def at(self, what: str, seconds: float) -> None:
        """This is going on, after that many seconds of load."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run against one server. ``cpu_seconds`` is what the server used."""

    contender: str
    load: Load
    cpu_seconds: float | None

    @property
    def cpu_us(self) -> float | None:
        """Processor time for a request, in microseconds: what it costs, however busy the machine is."""
        return None if self.cpu_seconds is None else self.cpu_seconds / self.load.requests * 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Everything there is to report.

    :ivar rounds: in each, a run of every contender, by its name.
    :ivar baseline: the contender to which the others are compared.
    :ivar checks: sentences about what was proved to be right.
    :ivar complaints: why the figures are to be taken with care.
    """

    scenario: str
    title: str
    plan: Plan
    started_at: datetime
    baseline: str
    rounds: Sequence[dict[str, Run]]
    generator: str
    answer_bytes: int
    machine: dict[str, object]
    memory_mb: dict[str, float | None]
    checks: Sequence[str]
    complaints: Sequence[str]


class Counter:
    """Compares the service's own counter with what the generator saw acknowledged."""

    def __init__(self, server: Server, connections: int) -> None:
        self._address = server.address
        self._connections = connections
        self._first = self._reserved = self._settled()
        self._acknowledged = 0

    def check(self, acknowledged: int) -> None:
        """Check one run: what was acknowledged is reserved, and else only what was under way when the run ended.

        :raises BenchError: when it is not so.
        """
        reserved = self._settled()
        more = reserved - self._reserved
        if not acknowledged <= more <= acknowledged + self._connections:
            raise BenchError(
                f"the books are wrong: {acknowledged} reservations were acknowledged on {self._connections} "
                f"connections, and the counter went up by {more}"
            )
        self._acknowledged += acknowledged
        self._reserved = reserved

    @property
    def sentence(self) -> str:
        """What was found."""
        made = self._reserved - self._first
        return (
            f"{self._acknowledged} reservations acknowledged, {made} counted by the service "
            f"({made - self._acknowledged} under way when a run ended)"
        )

    def _settled(self) -> int:
        deadline = time.monotonic() + _SETTLE_SECONDS
        last = -1
        while time.monotonic() < deadline:
            document = json.loads(ask(self._address + AVAILABILITY)[1])
            reserved = int(document["data"]["reserved"])
            if reserved == last:
                return reserved
            last = reserved
            time.sleep(0.1)
        raise BenchError("the counter did not come to rest")


def hot(plan: Plan, watcher: Watcher) -> Result:
    """One ticket type that everyone wants, and stock that does not run out: the price of a committed reservation."""
    started_at = datetime.now(UTC)
    noise = machine.Noise.begin()
    cores = machine.cores()
    kind = load.choose(plan.generator)
    watcher.at("starting the servers", 0)
    with ExitStack() as stack:
        directory = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="bench-", dir=plan.directory or machine.scratch_parent())
            )
        )
        disk = machine.disk(directory)
        place = Place(directory, cores.server, plan.uvloop)
        ours = stack.enter_context(contenders.actor_ticketing(place, _catalogue(directory)))
        body = _body()
        answer = _reserve_one(ours, body)
        bare = stack.enter_context(contenders.bare_aiohttp(place, answer))
        if _reserve_one(bare, body) != answer:
            raise BenchError("the two servers do not send the same document")
        generator = Generator(kind, cores.generator, plan.connections, _bodies(directory))
        counter = Counter(ours, plan.connections)
        rounds = _rounds(plan, generator, [ours, bare], noise, watcher, {ours.name: counter.check})
        memory = {each.name: machine.resident_mb(each.pid) for each in (ours, bare)}
        watcher.at("stopping the servers", _load_seconds(plan, 2))
    return Result(
        scenario="hot",
        title="reserve one ticket of one hot type, synchronous=FULL",
        plan=plan,
        started_at=started_at,
        baseline=bare.name,
        rounds=rounds,
        generator=generator.description,
        answer_bytes=len(answer),
        machine={
            **machine.description(),
            "filesystem": disk.filesystem,
            "fsyncMs": disk.fsync_ms,
            "noise": noise.document(),
        },
        memory_mb=memory,
        checks=[counter.sentence],
        complaints=[*noise.complaints(), *_complaints(rounds, cores, disk)],
    )


SCENARIOS: dict[str, Callable[[Plan, Watcher], Result]] = {"hot": hot}


def ratios(rounds: Sequence[dict[str, Run]], name: str, baseline: str) -> list[float]:
    """A contender's rate as a share of the baseline's, for each round."""
    return [each[name].load.rate / each[baseline].load.rate for each in rounds]


def _rounds(
    plan: Plan,
    generator: Generator,
    servers: Sequence[Server],
    noise: machine.Noise,
    watcher: Watcher,
    checks: dict[str, Callable[[int], None]],
) -> list[dict[str, Run]]:
    """Warm every server up, then measure them in turn; the order turns round with each round, against drift."""
    watcher.expect(_load_seconds(plan, len(servers)))
    rounds: list[dict[str, Run]] = []
    passed = 0.0
    for number in range(plan.rounds + 1):
        seconds = plan.seconds if number else plan.warm_up
        stage = f"round {number} of {plan.rounds}" if number else "warm-up"
        runs = {}
        for server in servers if number % 2 else reversed(servers):
            tick = partial(_tell, watcher, f"{stage}: {server.name}", passed)
            run = runs[server.name] = _measure(server, generator, seconds, noise if number else None, tick)
            if server.name in checks:
                checks[server.name](run.load.requests)
            passed += seconds
        if number:
            rounds.append(runs)
    return rounds


def _tell(watcher: Watcher, what: str, begun: float, elapsed: float) -> None:
    watcher.at(what, begun + elapsed)


def _measure(
    server: Server, generator: Generator, seconds: int, noise: machine.Noise | None, tick: Callable[[float], None]
) -> Run:
    times, used, start = machine.SystemTimes.now(), machine.cpu_seconds(server.pid), time.perf_counter()
    tick(0)
    outcome = generator.run(server.address + RESERVATIONS, seconds, tick)
    elapsed, used_after = time.perf_counter() - start, machine.cpu_seconds(server.pid)
    cpu = None if used is None or used_after is None else used_after - used
    if outcome.refused or outcome.broken or not outcome.requests:
        raise BenchError(
            f"{server.name}: of {outcome.requests} requests {outcome.refused} were refused, and there were "
            f"{outcome.broken} socket errors. A single request now: {_one_more(server)}"
        )
    if noise is not None:
        own = None if cpu is None else cpu + outcome.generator_cpu * outcome.seconds
        noise.add(times, elapsed, own)
    return Run(server.name, outcome, cpu)


def _complaints(rounds: Sequence[dict[str, Run]], cores: machine.Cores, disk: machine.Disk) -> Iterator[str]:
    busiest = statistics.median(run.load.generator_cpu for each in rounds for run in each.values())
    if busiest > 0.9:
        yield f"the generator needed {busiest:.0%} of its core, so it may be what was measured"
    if cores.server is None:
        yield "this system cannot pin a process to a core"
    elif not cores.apart:
        yield "there is one core for servers and generator"
    if disk.in_memory:
        yield f"the database was on {disk.filesystem}, in memory, where a commit costs nothing (see --directory)"


def _load_seconds(plan: Plan, servers: int) -> float:
    return servers * (plan.warm_up + plan.rounds * plan.seconds)


def _catalogue(directory: Path) -> Path:
    hot_type = {"id": TICKET_TYPE, "name": "General admission", "price": 4500, "currency": "EUR", "total": STOCK}
    event = {
        "id": "ev_hot",
        "title": "The show that everyone wants to see",
        "venue": "Harbour Concert Hall",
        "startDate": "2099-06-01T19:00:00Z",
        "ticketTypes": [hot_type],
    }
    path = directory / "catalogue.json"
    path.write_text(json.dumps({"events": [event]}), encoding="utf-8")
    return path


def _body() -> str:
    # Every buyer has a session of their own.
    document = {"ticketTypeId": TICKET_TYPE, "quantity": 1, "sessionId": secrets.token_urlsafe(24)}
    return json.dumps(document, separators=(",", ":"))


def _bodies(directory: Path) -> Path:
    path = directory / "bodies"
    path.write_text("".join(f"{_body()}\n" for _ in range(BUYERS)), encoding="utf-8")
    return path


def _reserve_one(server: Server, body: str) -> bytes:
    status, answer = ask(server.address + RESERVATIONS, body)
    if status != 201:
        raise BenchError(f"{server.name} answered the first reservation with {status}: {_excerpt(answer)}")
    return answer


def _one_more(server: Server) -> str:
    try:
        status, answer = ask(server.address + RESERVATIONS, _body())
    except (OSError, BenchError) as error:
        return str(error)
    return f"{status} {_excerpt(answer)}"


def _excerpt(answer: bytes) -> str:
    return answer[:300].decode(errors="replace")
