"""The generator of load: wrk where it is installed, else a client of our own; a process on a core of its own."""

import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import machine
from bench.errors import BenchError

GENERATORS = ("wrk", "python")

_HERE = Path(__file__).parent
_TICK_SECONDS = 0.2
_OVERTIME_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The outcome of one run.

    :ivar requests: those that were answered.
    :ivar refused: those of them whose answer was an error.
    :ivar broken: connections that could not be made or broke, and answers that did not come in time.
    :ivar generator_cpu: the share of its core that the generator needed; near 1, it is the generator that was measured.
    """

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    refused: int
    broken: int
    generator_cpu: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


@dataclass(frozen=True, slots=True)
class Generator:
    """What makes the load. ``bodies`` is a file with a request body in each line; they are sent in turn."""

    kind: str
    core: int | None
    connections: int
    bodies: Path

    @property
    def description(self) -> str:
        """Which one it is, for the report."""
        return "wrk" if self.kind == "wrk" else "bench/client.py (wrk is faster: apt-get install wrk)"

    def run(self, url: str, seconds: int, tick: Callable[[float], None] = lambda _: None) -> Load:
        """Send POST requests to an address for that long.

        :param tick: told, now and then, how many seconds have passed.
        :raises BenchError: when the generator itself fails. Errors of the server are for the caller to judge.
        """
        before = _children_cpu()
        start = time.perf_counter()
        with machine.pinned(self.core):
            process = subprocess.Popen(
                self._command(url, seconds), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        try:
            output, errors = _wait(process, start, seconds + _OVERTIME_SECONDS, tick)
        finally:
            process.kill()
            process.wait()
        lines = [line for line in output.splitlines() if line.startswith("{")]
        if process.returncode or len(lines) != 1:
            raise BenchError(f"{self.kind} ended with status {process.returncode}\n{(errors or output)[-2000:]}")
        outcome = json.loads(lines[0])
        return Load(**outcome, generator_cpu=round((_children_cpu() - before) / outcome["seconds"], 3))

    def _command(self, url: str, seconds: int) -> Sequence[str]:
        length = f"{seconds}"
        if self.kind == "python":
            options = ["--connections", f"{self.connections}", "--seconds", length]
            return [sys.executable, str(_HERE / "client.py"), url, str(self.bodies), *options]
        options = ["--threads", "1", "--connections", f"{self.connections}", "--duration", f"{length}s"]
        script = ["--timeout", "10s", "--latency", "--script", str(_HERE / "wrk.lua")]
        return ["wrk", *options, *script, url, "--", str(self.bodies)]


def choose(kind: str) -> str:
    """Settle ``auto``.

    :raises BenchError: when wrk was asked for and is not there.
    """
    found = shutil.which("wrk") is not None
    if kind == "wrk" and not found:
        raise BenchError("wrk is not installed (Debian: apt-get install wrk); --generator python needs nothing")
    return ("wrk" if found else "python") if kind == "auto" else kind


def _wait(process: subprocess.Popen[str], start: float, limit: float, tick: Callable[[float], None]) -> tuple[str, str]:
    while True:
        try:
            return process.communicate(timeout=_TICK_SECONDS)
        except subprocess.TimeoutExpired:
            elapsed = time.perf_counter() - start
            if elapsed > limit:
                raise BenchError(f"the generator of load did not end within {limit:.0f} s") from None
            tick(elapsed)


def _children_cpu() -> float:
    # Of children that have ended, so the servers, which go on, are not in it.
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
