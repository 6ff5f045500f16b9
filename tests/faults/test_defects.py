"""A defect of our own, in whatever decides, releases or writes: nobody is told what is not so."""

from pathlib import Path

import aiohttp
import pytest

import support
from support.stage import Stage


@pytest.fixture
def defective(own_stage: Stage, tmp_path: Path) -> Stage:
    """A service that breaks once in each place, when it is told to."""
    own_stage.service.module = "support.planted"
    more = {"PLANTED": str(tmp_path), "PYTHONPATH": str(Path(support.__file__).parents[1])}
    own_stage.service.environment = {**own_stage.service.environment, **more}
    return own_stage


async def test_an_actor_that_raises_when_asked_is_replaced_by_one_that_knows_what_is_durable(
    defective: Stage, tmp_path: Path
) -> None:
    await defective.open()
    (tmp_path / "ask").touch()
    broken = await defective.reserve(2, key="ask")
    assert (broken.status, broken.code) == (500, "internal_error")
    # It raised after it had decided, so the hold is there, and the key says so.
    assert (await defective.reserve(2, key="ask")).status == 201
    assert await defective.stock() == (0, 2)
    assert (await defective.reserve()).status == 201
    assert [line["error"] for line in defective.logged("actor_broke")] == ["LookupError"]
    assert defective.service.is_running


@pytest.mark.parametrize("place", ["tell", "writer"])
async def test_a_supervisor_that_raises_when_told_or_a_writer_that_dies_ends_the_process(
    defective: Stage, tmp_path: Path, place: str
) -> None:
    await defective.open()
    acknowledged = (await defective.reserve()).reservation
    (tmp_path / place).touch()
    try:
        # It ends before the other one, so the supervisor is told of an earlier deadline.
        answered = await defective.reserve(2, key=place, seconds=300)
    except aiohttp.ClientError:
        answered = None
    assert await defective.service.ended() == 70
    assert defective.logged("cannot_go_on")[0]["error"] == "LookupError"
    await defective.restart()
    assert (await defective.look(acknowledged)).status == 200
    settled = await defective.reserve(2, key=place, seconds=300)
    assert settled.status == 201
    assert answered in {None, settled}
    assert await defective.stock() == (0, 3)
