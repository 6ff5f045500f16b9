"""wrk, a closed loop: every connection sends its next request when the answer to the one before has come."""

import json
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from bench import machine
from bench.errors import BenchError, Unavailable

Tick = Callable[[float], None]

_HERE = Path(__file__).parent
_TICK_SECONDS = 0.2
_OVERTIME_SECONDS = 30.0
_ENOUGH = b"\nenough\n"
_OUTPUT_BYTES_MAX = 65_536
_OUTCOME = ("requests", "seconds", "p50_ms", "p99_ms", "refused", "broken")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The outcome of one run.

    :ivar requests: those that were answered.
    :ivar refused: those of them whose answer was an error.
    :ivar broken: connections that could not be made or broke, and answers that did not come in time.
    :ivar generator_cpu: the share of its core that the generator needed; near 1, it is the generator that was measured.
    :ivar counts: what else the script counted, such as ``purchases``.
    """

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    refused: int
    broken: int
    generator_cpu: float
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What to send.

    :ivar script: a file of this directory without ``.lua``.
    :ivar arguments: what the script wants; its head says what that is.
    :ivar connections: how many; None: as many as the plan says.
    """

    script: str
    path: str
    arguments: Sequence[str] = ()
    connections: int | None = None


class Wrk:
    """One run of wrk, from its start on. Use it as a context manager, so that it never outlives the scenario."""

    def __init__(self, workload: Workload, address: str, seconds: int, connections: int, core: int | None) -> None:
        self._seconds = seconds
        self._name = workload.script
        self._output = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed with the process.
        command = [
            *("wrk", "--threads", "1", "--connections", f"{workload.connections or connections}"),
            *("--duration", f"{seconds}s", "--timeout", "10s", "--latency"),
            *("--script", f"{workload.script}.lua", address + workload.path, "--", *workload.arguments),
        ]
        self._start = time.perf_counter()
        with machine.pinned(core):
            # The scripts share a module, which Lua looks for in the working directory.
            self._process = subprocess.Popen(command, cwd=_HERE, stdout=self._output, stderr=subprocess.STDOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._output.close()

    def finish(self, tick: Tick = lambda _: None) -> Load:
        """Wait for the end, and return the outcome.

        :param tick: told, now and then, how many seconds have passed.
        :raises BenchError: when the generator itself fails. Errors of the server are for the caller to judge.
        """
        used = self._wait(tick)
        self._output.seek(0)
        output = self._output.read()
        lines = [line for line in output.splitlines() if line.startswith("{")]
        if self._process.returncode or len(lines) != 1:
            raise BenchError(f"wrk with {self._name}.lua ended with {self._process.returncode}\n{output[-2000:]}")
        document: dict[str, Any] = json.loads(lines[0])
        outcome = {name: document.pop(name) for name in _OUTCOME}
        return Load(**outcome, generator_cpu=round(used / outcome["seconds"], 3), counts=document)

    def _wait(self, tick: Tick) -> float:
        """Wait until it has ended, and return the processor seconds that it used."""
        while True:
            before = _children_cpu()
            try:
                self._process.wait(_TICK_SECONDS)
            except subprocess.TimeoutExpired:
                elapsed = time.perf_counter() - self._start
                if elapsed > self._seconds + _OVERTIME_SECONDS:
                    late = self._seconds + _OVERTIME_SECONDS
                    raise BenchError(f"the generator of load did not end within {late:.0f} s") from None
                tick(elapsed)
                self._stop_if_enough()
            else:
                return _children_cpu() - before

    def _stop_if_enough(self) -> None:
        """A script that has seen enough can end its thread, but not the sleep in which wrk waits for its time."""
        if _ENOUGH in os.pread(self._output.fileno(), _OUTPUT_BYTES_MAX, 0):
            self._process.send_signal(signal.SIGINT)


def require() -> None:
    """Make sure that wrk is there.

    :raises Unavailable: when it is not.
    """
    if shutil.which("wrk") is None:
        raise Unavailable("wrk is not installed (Debian: apt-get install wrk)")


def _children_cpu() -> float:
    # Of children that have been waited for; so what is added by a wait is all of what that child used.
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
