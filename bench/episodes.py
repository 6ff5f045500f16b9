"""Runs that have servers of their own, one after the other: where they go, and what the machine does meanwhile."""

import resource
import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import TypeVar

from bench import machine
from bench.contenders import Place, Server
from bench.stage import Stage

T = TypeVar("T")


class Episodes:
    """The episodes of one scenario.

    :param seconds: how long they measure, all together and about.
    """

    def __init__(self, stage: Stage, seconds: float) -> None:
        self._stage = stage
        self._passed = 0.0
        self._places = 0
        stage.watcher.expect(seconds)

    def place(self) -> Place:
        """A place for servers with a new directory of its own."""
        self._places += 1
        directory = self._stage.place.make(f"episode-{self._places}")
        return Place(directory, self._stage.place.core, self._stage.place.uvloop)

    def tell(self, what: str, elapsed: float = 0.0) -> None:
        """Tell the watcher what is going on, and for how many seconds it has."""
        self._stage.watcher.at(what, self._passed + max(0.0, elapsed))

    @contextmanager
    def measuring(self, *servers: Server) -> Iterator[None]:
        """Note what the rest of the machine does meanwhile. A process that ends in here counts as measured, too."""
        before, own, start = machine.SystemTimes.now(), _own_cpu(servers), perf_counter()
        yield
        elapsed, own_after = perf_counter() - start, _own_cpu(servers)
        self._passed += elapsed
        self._stage.noise.add(before, elapsed, None if own is None or own_after is None else own_after - own)


def turned(variants: Sequence[T], number: int) -> Sequence[T]:
    """The order of a round, which turns round with every round, against drift."""
    return variants if number % 2 else variants[::-1]


def medians(rows: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    """The median of every figure over the rounds; None where a round has none."""
    found: dict[str, float | None] = {}
    for title in rows[0]:
        values = [row[title] for row in rows]
        known = [value for value in values if value is not None]
        found[title] = statistics.median(known) if len(known) == len(values) else None
    return found


def _own_cpu(servers: Sequence[Server]) -> float | None:
    """Processor seconds of these servers, of this process, and of its children that have ended."""
    used = 0.0
    for server in servers:
        seconds = server.cpu_seconds()
        if seconds is None:
            return None
        used += seconds
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        used += usage.ru_utime + usage.ru_stime
    return used
