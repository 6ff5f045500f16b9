"""kill -9 at named moments of a commit: what was done is there whole or not at all, and the key tells which."""

import signal

import aiohttp
import pytest

from support.faults import Moment
from support.stage import Reply, Stage


async def start_after_kill(stage: Stage) -> None:
    """Wait until the process is dead, and start another."""
    assert await stage.service.ended() == -signal.SIGKILL
    await stage.restart()


@pytest.mark.parametrize(
    ("moment", "held"),
    [
        pytest.param(Moment.BEFORE_WRITE, 0, id="before the commit is written"),
        # What a killed process has written stays with the kernel; only a power cut takes it back.
        pytest.param(Moment.BEFORE_SYNC, 2, id="before the commit is synced"),
        pytest.param(Moment.AFTER_SYNC, 2, id="after the commit"),
        pytest.param(Moment.BEFORE_REPLY, 2, id="before the reply"),
    ],
)
async def test_a_hold_is_made_once_wherever_the_process_is_killed(stage: Stage, moment: Moment, held: int) -> None:
    assert (await stage.reserve_first_of_log()).status == 201
    stage.faults.kill_at(moment)
    with pytest.raises(aiohttp.ClientError):
        await stage.reserve(2, key=f"hold-at-{moment:d}")
    await start_after_kill(stage)
    assert await stage.stock() == (0, 1 + held)
    first, again = [await stage.reserve(2, key=f"hold-at-{moment:d}") for _ in range(2)]
    assert first.status == 201
    assert first == again
    assert await stage.stock() == (0, 3)


async def test_a_purchase_whose_process_is_killed_after_the_commit_is_made_once(stage: Stage) -> None:
    hold = (await stage.reserve_first_of_log()).reservation
    stage.faults.kill_at(Moment.AFTER_SYNC)
    with pytest.raises(aiohttp.ClientError):
        await stage.purchase(hold, key="purchase")
    await start_after_kill(stage)
    assert await stage.stock() == (1, 0)
    first, again = [await stage.purchase(hold, key="purchase") for _ in range(2)]
    assert first.status == 201
    assert first == again
    assert tickets(await stage.look(hold)) == tickets(first)
    assert await stage.stock() == (1, 0)


def tickets(reply: Reply) -> list[str]:
    """The codes of the tickets in an answer."""
    return [ticket["code"] for ticket in reply.document["data"]["tickets"]]
