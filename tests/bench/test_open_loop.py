import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from bench.arrivals import by_second, steady
from bench.errors import BenchError
from bench.generators.open_loop import OpenLoop

ANSWER = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Answering(asyncio.Protocol):
    """Answers every request, once ``status_of`` has returned a status for its number. Returning 0, it hangs up."""

    def __init__(self, status_of: Callable[[int], int], numbers: Iterator[int]) -> None:
        self.status_of = status_of
        self.numbers = numbers

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, _: bytes) -> None:
        status = self.status_of(next(self.numbers))
        if status:
            # In two pieces, as the network may cut it.
            answer = ANSWER % status
            self.transport.write(answer[:30])
            asyncio.get_running_loop().call_soon(self.transport.write, answer[30:])
        else:
            self.transport.close()


@contextmanager
def serving(status_of: Callable[[int], int]) -> Iterator[str]:
    loop = asyncio.new_event_loop()
    numbers = count()
    server = loop.run_until_complete(loop.create_server(lambda: Answering(status_of, numbers), "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/somewhere"
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        # One round more, for the connections that the generator has closed.
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()


def soon() -> float:
    return time.time() + 0.5


@pytest.fixture
def generator(tmp_path: Path) -> OpenLoop:
    bodies = tmp_path / "bodies"
    bodies.write_text('{"a":1}\n{"a":2}\n')
    return OpenLoop(core=None, bodies=bodies, directory=tmp_path, at_once=4, connections=20)


def test_every_request_is_answered_and_timed(generator: OpenLoop) -> None:
    with serving(lambda _: 201) as url:
        outcome = generator.run(url, steady(200, 1), start=soon())
    outcome.require_only(201)
    assert outcome.by_status == {201: 200}
    assert outcome.latency_ms().count == 200
    assert outcome.latency_ms().p50 < 50
    assert all(latency >= late for latency, late in zip(outcome.latencies, outcome.lateness, strict=True))


def test_a_stall_shows_in_all_that_were_planned_meanwhile(generator: OpenLoop) -> None:
    def stall_once(number: int) -> int:
        if number == 50:
            time.sleep(0.5)
        return 201

    planned = steady(100, 2)
    with serving(stall_once) as url:
        outcome = generator.run(url, planned, start=soon())
    outcome.require_only(201)
    begun = planned[50]
    waited = [
        (at, latency) for at, latency in zip(planned, outcome.latencies, strict=True) if begun <= at < begun + 0.4
    ]
    assert len(waited) > 20
    # Each has waited for the rest of the stall, also those for which there was no connection left.
    assert all(latency > begun + 0.5 - at - 0.02 for at, latency in waited)
    assert outcome.queued_max > 0
    # The generator was in time all along: it is the server that was slow.
    assert outcome.lateness_ms.p99 < 100


def test_other_statuses_are_counted_and_can_be_refused(generator: OpenLoop) -> None:
    with serving(lambda number: 503 if number % 4 == 3 else 201) as url:
        outcome = generator.run(url, steady(40, 1), start=soon())
    assert outcome.by_status == {201: 30, 503: 10}
    with pytest.raises(BenchError, match="10 with 503"):
        outcome.require_only(201)


def test_a_connection_that_breaks_is_counted(generator: OpenLoop) -> None:
    with serving(lambda number: 0 if number == 7 else 201) as url:
        outcome = generator.run(url, steady(20, 1), start=soon())
    assert outcome.by_status == {0: 1, 201: 19}
    assert outcome.broken == 1
    assert outcome.latency_ms().count == 19


def test_a_part_of_the_run_can_be_looked_at(generator: OpenLoop) -> None:
    with serving(lambda _: 201) as url:
        outcome = generator.run(url, by_second([30, 10]), start=soon())
    assert outcome.latency_ms(1.0, 2.0).count == 10
    assert outcome.answered_by(outcome.start) == 0
    assert outcome.answered_by(outcome.start + 60) == 40
    with pytest.raises(BenchError, match="no request"):
        outcome.latency_ms(5.0)


def test_a_generator_that_is_late_says_so(generator: OpenLoop) -> None:
    with serving(lambda _: 201) as url:
        # It is told to have started before it was: all that was planned before then is late.
        outcome = generator.run(url, steady(50, 1), start=time.time() - 5)
    outcome.require_only(201)
    assert "too slow" in outcome.complaints()[0]
