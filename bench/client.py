"""The load where there is no wrk: keep-alive connections on the event loop, and requests made beforehand.

Run as a script, it sends the bodies of a file in turn for a time, waits for what is still under way, and prints the
outcome as one line of JSON.
"""

import argparse
import asyncio
import itertools
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_GRACE_SECONDS = 10.0


@dataclass(slots=True)
class Tally:
    """What has come back. ``latencies`` are seconds, of good answers."""

    requests: Iterator[bytes]
    deadline: float
    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    broken: int = 0


class Connection(asyncio.Protocol):
    """One connection, on which a request follows the answer to the one before, until the deadline.

    :ivar finished: done when the last answer has come, or the connection is lost.
    """

    def __init__(self, tally: Tally) -> None:
        self.finished = asyncio.get_running_loop().create_future()
        self._tally = tally
        self._received = b""
        self._sent_at = 0.0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance.
        self._next(time.perf_counter())

    def data_received(self, data: bytes) -> None:
        """Take an answer when all of it is there, and send the next request."""
        received = self._received + data if self._received else data
        head = received.find(b"\r\n\r\n")
        length = _LENGTH.search(received, 0, head + 2) if head >= 0 else None
        if length is None or len(received) < head + 4 + int(length[1]):
            self._received = received
            return
        self._received = b""
        now = time.perf_counter()
        tally = self._tally
        if received.startswith(b"HTTP/1.1 2"):
            tally.latencies.append(now - self._sent_at)
        else:
            tally.refused += 1
        if now < tally.deadline:
            self._next(now)
        else:
            self._finish()

    def connection_lost(self, _: Exception | None) -> None:
        """Count the answer that will not come."""
        if not self.finished.done():
            self._tally.broken += 1
            self.finished.set_result(None)

    def _next(self, now: float) -> None:
        self._sent_at = now
        self._transport.write(next(self._tally.requests))

    def _finish(self) -> None:
        self.finished.set_result(None)
        self._transport.close()


async def run(url: str, bodies: list[bytes], connections: int, seconds: float) -> dict[str, float]:
    """Make the load and return the outcome."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\nContent-Length: "
    requests = [f"{head}{len(body)}\r\n\r\n".encode() + body for body in bodies]
    start = time.perf_counter()
    tally = Tally(itertools.cycle(requests), start + seconds)
    loop = asyncio.get_running_loop()
    opened = await asyncio.gather(
        *(loop.create_connection(lambda: Connection(tally), host, port) for _ in range(connections)),
        return_exceptions=True,
    )
    waiting = [each[1].finished for each in opened if not isinstance(each, BaseException)]
    tally.broken += connections - len(waiting)
    if waiting:
        _, late = await asyncio.wait(waiting, timeout=seconds + _GRACE_SECONDS)
        tally.broken += len(late)
    elapsed = time.perf_counter() - start
    latencies = sorted(tally.latencies) or [0.0]
    return {
        "requests": len(tally.latencies) + tally.refused,
        "seconds": round(elapsed, 6),
        "p50_ms": round(latencies[len(latencies) // 2] * 1e3, 3),
        "p99_ms": round(latencies[len(latencies) * 99 // 100] * 1e3, 3),
        "refused": tally.refused,
        "broken": tally.broken,
    }


def main() -> None:
    """Run on uvloop where it is installed: the generator must be faster than what it measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("bodies", type=Path, help="file with a request body in each line")
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    new_event_loop: Callable[[], asyncio.AbstractEventLoop] | None = None
    with suppress(ImportError):
        from uvloop import new_event_loop  # noqa: PLC0415 - an extra.
    bodies = options.bodies.read_bytes().splitlines()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        outcome = runner.run(run(options.url, bodies, options.connections, options.seconds))
    sys.stdout.write(json.dumps(outcome) + "\n")


if __name__ == "__main__":
    main()
