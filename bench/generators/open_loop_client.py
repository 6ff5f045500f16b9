"""The process that makes open-loop load: each request starts when it is planned, whatever became of those before it.

Run as a script on a core of its own; ``open_loop.py`` starts it. A request takes a connection that is free, or opens
one, or, when there are as many as there may be, waits for one in a queue; its latency counts from the planned instant
all the same. It prints one line of JSON, and writes a sample of each request to a file.
"""

import argparse
import asyncio
import gc
import json
import re
import resource
import sys
import time
from array import array
from collections import Counter, deque
from contextlib import suppress
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_SPARE_FILES = 64
_NEAR_SECONDS = 0.002
_BURST = 32
_CONNECT_SECONDS = 5.0


class Connection(asyncio.Protocol):
    """One keep-alive connection, with at most one request under way on it."""

    __slots__ = ("_load", "_number", "_received", "_transport")

    def __init__(self, load: "Load") -> None:
        self._load = load
        self._number: int | None = None
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Offer itself."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance.
        self._load.made(self)

    def send(self, number: int, request: bytes) -> None:
        """Write the request of this number."""
        self._number = number
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take the answer when all of it is there."""
        received = self._received + data if self._received else data
        head = received.find(b"\r\n\r\n")
        length = _LENGTH.search(received, 0, head + 2) if head >= 0 else None
        if length is None or len(received) < head + 4 + int(length[1]):
            self._received = received
            return
        self._received = b""
        number, self._number = self._number, None
        if number is not None:
            self._load.answered(self, number, int(received[9:12]))

    def connection_lost(self, _: Exception | None) -> None:
        """Report it, with the request whose answer will not come."""
        self._load.lost(self, self._number)

    def close(self) -> None:
        """End it from this side."""
        self._transport.close()


class Load:
    """One run.

    :param arrivals: seconds from ``start``, which is on the clock of :func:`time.perf_counter`.
    :ivar latencies: for each request, seconds from its planned instant to its answer; -1 where none came.
    :ivar lateness: for each request, seconds from its planned instant to the moment it was sent or queued.
    :ivar statuses: for each request, the status of its answer; 0 where none came.
    """

    def __init__(self, address: tuple[str, int], requests: list[bytes], arrivals: "array[float]", most: int) -> None:
        self.latencies = array("d", [-1.0]) * len(arrivals)
        self.lateness = array("d", [0.0]) * len(arrivals)
        self.statuses = array("H", [0]) * len(arrivals)
        self.broken = 0
        self.connections = 0
        self.opened = 0
        self.queued_max = 0
        self._address = address
        self._requests = requests
        self._arrivals = arrivals
        self._most = most
        self._next = 0
        self._left = len(arrivals)
        self._free: list[Connection] = []
        self._open: set[Connection] = set()
        self._queue: deque[int] = deque()
        self._opening: set[asyncio.Task[None]] = set()
        self._start = 0.0
        self._loop = asyncio.get_running_loop()
        self._finished = asyncio.Event()

    async def run(self, start: float, at_once: int, grace: float) -> None:
        """Open the first connections, follow the plan, and wait for the answers for ``grace`` seconds after its end."""
        for _ in range(at_once):
            self._connect()
        await asyncio.gather(*self._opening)
        self._start = start
        self._step()
        length = self._arrivals[-1] + start - time.perf_counter()
        # What is missing then shows as requests without an answer.
        with suppress(TimeoutError):
            await asyncio.wait_for(self._finished.wait(), length + grace)
        for connection in self._open:
            connection.close()

    def _step(self) -> None:
        """Start what is due, and come back in time for what follows."""
        arrivals, number = self._arrivals, self._next
        now = time.perf_counter() - self._start
        # A burst is cut in pieces, so that answers are read, and timed, in between.
        last = min(number + _BURST, len(arrivals))
        while number < last and arrivals[number] <= now:
            self.lateness[number] = now - arrivals[number]
            self._begin(number)
            number += 1
            now = time.perf_counter() - self._start
        self._next = number
        if number == len(arrivals):
            return
        wait = arrivals[number] - now
        # The loop's timers are good to a millisecond. The rest of the way it goes round and round, on its own core.
        if wait > _NEAR_SECONDS:
            self._loop.call_later(wait - _NEAR_SECONDS, self._step)
        else:
            self._loop.call_soon(self._step)

    def _begin(self, number: int) -> None:
        if self._free:
            self._free.pop().send(number, self._requests[number % len(self._requests)])
            return
        self._queue.append(number)
        self.queued_max = max(self.queued_max, len(self._queue))
        if self.connections < self._most and len(self._opening) < len(self._queue):
            self._connect()

    def _connect(self) -> None:
        self.connections += 1
        task = self._loop.create_task(self._open_one())
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open_one(self) -> None:
        try:
            host, port = self._address
            connecting = self._loop.create_connection(lambda: Connection(self), host, port)
            await asyncio.wait_for(connecting, _CONNECT_SECONDS)
        except OSError:
            self.connections -= 1
            self.broken += 1

    def made(self, connection: Connection) -> None:
        """A connection has been opened."""
        self.opened += 1
        self._open.add(connection)
        self.take_in(connection)

    def take_in(self, connection: Connection) -> None:
        """A connection is free: for the request that has waited longest, if there is one."""
        if self._queue:
            number = self._queue.popleft()
            connection.send(number, self._requests[number % len(self._requests)])
        else:
            self._free.append(connection)

    def answered(self, connection: Connection, number: int, status: int) -> None:
        """An answer is there."""
        self.latencies[number] = time.perf_counter() - self._start - self._arrivals[number]
        self.statuses[number] = status
        self._count_down()
        self.take_in(connection)

    def lost(self, connection: Connection, number: int | None) -> None:
        """A connection is gone."""
        self._open.discard(connection)
        self.connections -= 1
        if connection in self._free:
            self._free.remove(connection)
        if number is not None:
            self.broken += 1
            self._count_down()

    def _count_down(self) -> None:
        self._left -= 1
        if not self._left:
            self._finished.set()


async def run(options: argparse.Namespace) -> dict[str, object]:
    """Make the load and return its outcome."""
    parts = urlsplit(options.url)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\nContent-Length: "
    bodies = options.bodies.read_bytes().splitlines()
    requests = [f"{head}{len(body)}\r\n\r\n".encode() + body for body in bodies]
    arrivals = array("d", options.arrivals.read_bytes())
    load = Load((parts.hostname or "", parts.port or 80), requests, arrivals, options.connections)
    # Nothing made here goes round in circles, and a collection would be lateness.
    gc.disable()
    start = time.perf_counter() + options.start_at - time.time()
    await load.run(start, min(options.at_once, options.connections), options.grace)
    with options.samples.open("wb") as file:
        for samples in (load.latencies, load.lateness, load.statuses):
            samples.tofile(file)
    return {
        "statuses": {str(status): number for status, number in sorted(Counter(load.statuses).items()) if status},
        "unanswered": load.statuses.count(0),
        "broken": load.broken,
        "opened": load.opened,
        "queuedMax": load.queued_max,
    }


def main() -> None:
    """Read the options, raise the limit on open files, and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="where every request is POSTed")
    parser.add_argument("bodies", type=Path, help="file with a request body in each line; they are sent in turn")
    parser.add_argument("arrivals", type=Path, help="file of planned instants: doubles, seconds from the start, sorted")
    parser.add_argument("samples", type=Path, help="file to write: latencies and lateness (doubles), statuses (shorts)")
    parser.add_argument("--start-at", type=float, required=True, help="the start, seconds since the epoch")
    parser.add_argument("--at-once", type=int, default=64, help="connections opened before the start")
    parser.add_argument("--connections", type=int, default=2000, help="connections at the most")
    parser.add_argument("--grace", type=float, default=10.0, help="seconds to wait for answers after the last arrival")
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = options.connections + _SPARE_FILES
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard < 0 else min(wanted, hard), hard))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        outcome = runner.run(run(options))
    sys.stdout.write(json.dumps(outcome) + "\n")


if __name__ == "__main__":
    main()
