"""The power fails: the data directory has what was synced, and nothing else."""

import asyncio
import signal
from collections.abc import Awaitable

import pytest

from support.buyers import STOCK, Acknowledged, buy_until_dead, check_acknowledged, check_keys
from support.faults import Moment
from support.process import list_stock
from support.stage import Stage, check_books


async def lose_power_under_load(stage: Stage, death: Awaitable[object], known: Acknowledged) -> None:
    """Sell until the process dies, which is the moment when the power fails; then start anew on what is left."""
    await stage.service.start()
    await list_stock(stage.session, stage.service.url, STOCK)
    await buy_until_dead(stage.service, known, 1, death)
    stage.faults.cut_power()
    check_books(stage.service.data_dir)
    await stage.restart()


@pytest.mark.parametrize(
    ("moment", "syncs"),
    [
        # By then the log has been moved into the database and begun anew.
        (Moment.BEFORE_SYNC, 110),
        *(
            pytest.param(moment, syncs, marks=pytest.mark.long)
            for moment in (Moment.BEFORE_SYNC, Moment.AFTER_SYNC)
            for syncs in range(120, 220, 9)
        ),
    ],
)
async def test_a_power_cut_loses_nothing_that_was_acknowledged(own_stage: Stage, moment: Moment, syncs: int) -> None:
    known = Acknowledged()

    async def in_the_middle_of_a_commit() -> None:
        own_stage.faults.kill_at(moment, after=syncs)
        assert await own_stage.service.ended() == -signal.SIGKILL

    await lose_power_under_load(own_stage, in_the_middle_of_a_commit(), known)
    assert len(known.status) > syncs / 2, "the load was too thin to prove anything"
    await check_acknowledged(own_stage.session, own_stage.service.url, known)
    await check_keys(own_stage.session, own_stage.service.url, known)


async def test_without_full_synchronisation_a_power_cut_does_lose_what_was_acknowledged(own_stage: Stage) -> None:
    """The proof that the test above can fail. What is left is in order all the same."""
    settings = {"ACTOR_TICKETING_STORAGE__SYNCHRONOUS": "NORMAL"}
    own_stage.service.environment = {**own_stage.service.environment, **settings}
    known = Acknowledged()

    async def once_some_has_been_sold() -> None:
        while len(known.status) < 30:  # noqa: ASYNC110 - so little is still in the log alone, which nobody has synced.
            await asyncio.sleep(0.001)
        await own_stage.service.kill()

    await lose_power_under_load(own_stage, once_some_has_been_sold(), known)
    with pytest.raises(AssertionError, match="not_found"):
        await check_acknowledged(own_stage.session, own_stage.service.url, known)
