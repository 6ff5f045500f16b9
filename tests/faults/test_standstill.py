"""The process stands still, or the clock jumps: holds end when they are due by the time that really passes."""

import asyncio
import signal
import time
from collections.abc import Callable

import pytest

from support.stage import Stage, until


async def be_stopped(stage: Stage) -> Callable[[], None]:
    """SIGSTOP. Return what lets it go on."""
    process = stage.service.process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    return lambda: process.send_signal(signal.SIGCONT)


async def hang_in_the_loop(stage: Stage) -> Callable[[], None]:
    """Have the event loop's thread hang in the middle of an answer. Return what lets it go on."""
    stage.faults.now.loop_hangs = True
    caught = asyncio.create_task(stage.stock())
    await until(stage.is_hanging)

    def go_on() -> None:
        stage.faults.end()
        caught.add_done_callback(lambda task: task.result())

    return go_on


@pytest.mark.parametrize("stand_still", [be_stopped, hang_in_the_loop])
async def test_what_ended_while_the_process_stood_still_is_not_sold_afterwards_and_comes_back(
    stage: Stage, stand_still: Callable[..., object]
) -> None:
    over, kept = (await stage.reserve(2, seconds=1)).reservation, (await stage.reserve(3)).reservation
    go_on = await stand_still(stage)
    waiting = [asyncio.create_task(stage.purchase(each, quantity)) for each, quantity in ((over, 2), (kept, 3))]
    await asyncio.sleep(1.1)  # Only real time can show this.
    assert not any(each.done() for each in waiting)
    go_on()
    late, in_time = await asyncio.gather(*waiting)
    assert (late.status, late.code) == (409, "reservation_expired")
    assert in_time.status == 201

    async def is_back() -> bool:
        return await stage.stock() == (3, 0)

    await until(is_back)


@pytest.mark.parametrize(
    ("hours", "claims"),
    [pytest.param(1, {}, id="an hour forward"), pytest.param(-1, {"nbf": int(time.time())}, id="an hour back")],
)
async def test_a_system_clock_that_jumps_ends_no_hold_early_and_keeps_none_late(
    stage: Stage, hours: int, claims: dict[str, int]
) -> None:
    began = time.monotonic()
    short, long = (await stage.reserve(2, seconds=2)).reservation, (await stage.reserve(3, seconds=60)).reservation
    stage.faults.now.clock_offset_ns = hours * 3_600 * 10**9
    for each in (short, long):
        assert (await stage.look(each)).document["data"]["reservation"]["status"] == "ACTIVE"

    async def is_back() -> bool:
        return await stage.stock() == (0, 3)

    await until(is_back)
    assert time.monotonic() - began > 1.9, "it ended early"
    # Tokens are judged by the system clock, as their issuers made them: the process does see the jump.
    assert (await stage.purchase(long, 3, **claims)).status == 401
    assert (await stage.purchase(long, 3, exp=int(time.time()) + 7_200)).status == 201
