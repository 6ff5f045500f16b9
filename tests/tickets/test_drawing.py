import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from actor_ticketing.tickets.drawing import DrawingOverloaded, Drawings


def make_drawings() -> Drawings:
    return Drawings("test", cache_size=9, max_pending=9)


@pytest.fixture
async def drawings() -> AsyncIterator[Drawings]:
    drawings = make_drawings()
    yield drawings
    await drawings.close()


class Gate:
    """A way of drawing: counts it, and holds it back until it is opened."""

    def __init__(self) -> None:
        self.drawn: list[str] = []
        self.began = threading.Event()
        self.opened = threading.Event()

    def __call__(self, payload: str) -> bytes:
        self.drawn.append(payload)
        self.began.set()
        assert self.opened.wait(30)
        if payload == "bad":
            raise RuntimeError("cannot be drawn")
        return payload.encode()


@pytest.fixture
def gate() -> Gate:
    return Gate()


def start(drawings: Drawings, gate: Gate, payload: str) -> asyncio.Task[bytes]:
    return asyncio.get_running_loop().create_task(drawings.get(gate, payload))


async def test_a_subject_is_drawn_once_and_then_kept(drawings: Drawings, gate: Gate) -> None:
    gate.opened.set()
    assert [await drawings.get(gate, "a"), await drawings.get(gate, "a")] == [b"a", b"a"]
    assert gate.drawn == ["a"]


async def test_two_ways_of_drawing_a_subject_are_kept_side_by_side(drawings: Drawings, gate: Gate) -> None:
    gate.opened.set()
    assert await drawings.get(gate, "a") == b"a"
    assert await drawings.get(str.encode, "a") == b"a"
    assert gate.drawn == ["a"]


async def test_the_file_unused_for_longest_is_dropped_when_the_cache_is_full(gate: Gate) -> None:
    gate.opened.set()
    drawings = Drawings("test", cache_size=2, max_pending=9)
    for payload in ["a", "b", "a", "c", "a", "b"]:
        await drawings.get(gate, payload)
    await drawings.close()
    assert gate.drawn == ["a", "b", "c", "b"]


async def test_the_event_loop_goes_on_while_something_is_drawn(drawings: Drawings, gate: Gate) -> None:
    request = start(drawings, gate, "a")
    assert await asyncio.to_thread(gate.began.wait, 30)
    assert not request.done()
    gate.opened.set()
    assert await request == b"a"


async def test_concurrent_requests_for_a_subject_share_one_drawing(drawings: Drawings, gate: Gate) -> None:
    requests = [start(drawings, gate, "a") for _ in range(5)]
    await asyncio.sleep(0)
    gate.opened.set()
    assert await asyncio.gather(*requests) == [b"a"] * 5
    assert gate.drawn == ["a"]


async def test_a_cancelled_request_does_not_cancel_the_others(drawings: Drawings, gate: Gate) -> None:
    leaving, staying = start(drawings, gate, "a"), start(drawings, gate, "a")
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait([leaving])
    gate.opened.set()
    assert await staying == b"a"
    assert leaving.cancelled()


async def test_a_failed_drawing_fails_for_all_who_wait_and_is_tried_afresh(drawings: Drawings, gate: Gate) -> None:
    gate.opened.set()
    outcomes = await asyncio.gather(start(drawings, gate, "bad"), start(drawings, gate, "bad"), return_exceptions=True)
    with pytest.raises(RuntimeError, match="cannot be drawn"):
        await drawings.get(gate, "bad")
    assert [str(outcome) for outcome in outcomes] == ["cannot be drawn"] * 2
    assert gate.drawn == ["bad", "bad"]


async def test_a_failure_that_nobody_waits_for_any_more_is_not_reported_as_lost(gate: Gate) -> None:
    reports: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context))
    drawings = make_drawings()
    request = start(drawings, gate, "bad")
    await asyncio.sleep(0)
    request.cancel()
    await asyncio.wait([request])
    gate.opened.set()
    await drawings.close()
    await asyncio.sleep(0)
    assert reports == []


async def test_drawings_beyond_the_bound_are_refused_until_there_is_room(gate: Gate) -> None:
    drawings = Drawings("test", cache_size=9, max_pending=2)
    waiting = [start(drawings, gate, "a"), start(drawings, gate, "b"), start(drawings, gate, "a")]
    await asyncio.sleep(0)
    with pytest.raises(DrawingOverloaded):
        await drawings.get(gate, "c")
    gate.opened.set()
    assert await asyncio.gather(*waiting) == [b"a", b"b", b"a"]
    assert await drawings.get(gate, "c") == b"c"
    await drawings.close()


async def test_closing_finishes_what_has_begun_and_refuses_what_waits(gate: Gate) -> None:
    drawings = make_drawings()
    running, waiting = start(drawings, gate, "a"), start(drawings, gate, "b")
    assert await asyncio.to_thread(gate.began.wait, 30)
    closing = asyncio.create_task(drawings.close())
    await asyncio.sleep(0)
    gate.opened.set()
    await closing
    assert await running == b"a"
    with pytest.raises(DrawingOverloaded, match="closed"):
        await waiting


async def test_a_closed_drawer_refuses_new_drawings_and_may_be_closed_again(drawings: Drawings, gate: Gate) -> None:
    await drawings.close()
    await drawings.close()
    with pytest.raises(DrawingOverloaded, match="closed"):
        await drawings.get(gate, "a")
