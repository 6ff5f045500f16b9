"""Open-loop load: requests start when they are planned, and latency counts from then, so that a stall shows in all that
were planned meanwhile. wrk2 and h2load keep to one constant rate; an on-sale's varies, which is why this is our own.
"""

import json
import subprocess
import sys
import time
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from pathlib import Path
from typing import Any

from bench import machine
from bench.errors import BenchError
from bench.percentiles import Percentiles

LATE_MS_MAX = 5.0
"""When one request in a hundred starts later than this, it is the generator that is too slow."""

LEAD_SECONDS = 1.0
"""How long its process may take to start and to open the first connections."""

_CLIENT = Path(__file__).with_name("open_loop_client.py")
_TICK_SECONDS = 0.2
_GRACE_SECONDS = 10.0
_OVERTIME_SECONDS = 20.0


@dataclass(frozen=True)
class Outcome:
    """What became of the requests of one run; the sequences have an item for each, in the order of the plan.

    :ivar start: seconds since the epoch.
    :ivar arrivals: the plan, seconds from ``start``.
    :ivar latencies: seconds from the planned instant to the answer, -1 where none came.
    :ivar lateness: seconds from the planned instant to the moment the generator took it up.
    :ivar statuses: of the answers, 0 where none came.
    :ivar broken: connections that could not be made, or broke with a request under way.
    :ivar opened: connections that were made.
    :ivar queued_max: how many requests waited for a connection at a time, at the most.
    """

    start: float
    arrivals: Sequence[float]
    latencies: Sequence[float]
    lateness: Sequence[float]
    statuses: Sequence[int]
    broken: int
    opened: int
    queued_max: int

    @cached_property
    def by_status(self) -> Mapping[int, int]:
        """How many requests got each status; 0 are those without an answer."""
        return {status: self.statuses.count(status) for status in sorted(set(self.statuses))}

    def latency_ms(self, begin: float = 0.0, end: float = float("inf")) -> Percentiles:
        """Latency in ms of the answered requests that were planned from ``begin`` to ``end`` (seconds from start).

        :raises BenchError: when there are none.
        """
        chosen = [begin <= at < end and status > 0 for at, status in zip(self.arrivals, self.statuses, strict=True)]
        if not any(chosen):
            raise BenchError(f"no request planned between {begin:.1f} and {end:.1f} s was answered")
        return Percentiles.of(1e3 * latency for latency in compress(self.latencies, chosen))

    @cached_property
    def lateness_ms(self) -> Percentiles:
        """How late the generator itself was, in ms."""
        return Percentiles.of(1e3 * late for late in self.lateness)

    def answered_by(self, instant: float) -> int:
        """How many requests had their answer at an instant (seconds since the epoch)."""
        return sum(
            status > 0 and self.start + at + latency <= instant
            for at, latency, status in zip(self.arrivals, self.latencies, self.statuses, strict=True)
        )

    def complaints(self) -> list[str]:
        """Why the figures may be the generator's and not the server's; empty when it kept up."""
        if self.lateness_ms.p99 <= LATE_MS_MAX:
            return []
        return [f"the open-loop generator was too slow: the p99 of its own lateness was {self.lateness_ms.p99:.1f} ms"]

    def require_only(self, status: int) -> None:
        """Check that every request was answered with this status, over connections that held.

        :raises BenchError: when one was not.
        """
        if self.by_status != {status: len(self.arrivals)} or self.broken:
            counts = ", ".join(f"{number} with {each or 'no answer'}" for each, number in self.by_status.items())
            raise BenchError(f"every request should be answered with {status}: {counts}; {self.broken} broken")

    def document(self) -> dict[str, Any]:
        """It as JSON has it."""
        return {
            "requests": len(self.arrivals),
            "statuses": {str(status): number for status, number in self.by_status.items()},
            "broken": self.broken,
            "connections": self.opened,
            "queuedMax": self.queued_max,
            "latency": self.latency_ms().figures("ms"),
            "lateness": self.lateness_ms.figures("ms"),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLoop:
    """The generator.

    :ivar core: the one its process is pinned to.
    :ivar bodies: a file with a request body in each line; they are sent in turn.
    :ivar directory: for the plan and the samples of one run.
    """

    core: int | None
    bodies: Path
    directory: Path
    at_once: int = 64
    connections: int = 2_000

    description = "open loop (bench/generators/open_loop_client.py), latency from the planned instant"

    def run(
        self,
        url: str,
        arrivals: Sequence[float],
        *,
        start: float | None = None,
        tick: Callable[[float], None] = lambda _: None,
    ) -> Outcome:
        """POST along a plan, from ``start`` on (seconds since the epoch; without one, as soon as it is ready).

        :param tick: called a few times a second with the seconds since ``start``; what takes long in it delays nothing.
        :raises BenchError: when the generator fails. Errors of the server are for the caller to judge.
        """
        start = time.time() + LEAD_SECONDS if start is None else start
        plan, samples = self.directory / "arrivals", self.directory / "samples"
        plan.write_bytes(array("d", arrivals).tobytes())
        command = [sys.executable, str(_CLIENT), url, str(self.bodies), str(plan), str(samples)]
        options = {
            "--start-at": start,
            "--at-once": self.at_once,
            "--connections": self.connections,
            "--grace": _GRACE_SECONDS,
        }
        command += [f"{name}={value!r}" for name, value in options.items()]
        with machine.pinned(self.core):
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            output, errors = _wait(process, start, arrivals[-1] + _GRACE_SECONDS + _OVERTIME_SECONDS, tick)
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            raise BenchError(f"the open-loop generator ended with status {process.returncode}\n{errors[-2000:]}")
        counted = json.loads(output)
        latencies, lateness, statuses = array("d"), array("d"), array("H")
        with samples.open("rb") as file:
            for each in (latencies, lateness, statuses):
                each.fromfile(file, len(arrivals))
        return Outcome(
            start,
            arrivals,
            latencies,
            lateness,
            statuses,
            broken=counted["broken"],
            opened=counted["opened"],
            queued_max=counted["queuedMax"],
        )


def _wait(process: subprocess.Popen[str], start: float, limit: float, tick: Callable[[float], None]) -> tuple[str, str]:
    while True:
        try:
            return process.communicate(timeout=_TICK_SECONDS)
        except subprocess.TimeoutExpired:
            elapsed = time.time() - start
            if elapsed > limit:
                raise BenchError(f"the open-loop generator did not end within {limit:.0f} s") from None
            tick(elapsed)
