"""A disk that is full, slow, broken or read-only."""

import asyncio
import errno

import aiohttp
import pytest

from support.stage import Stage, until


async def test_on_a_full_disk_changes_are_refused_reads_go_on_and_room_is_enough_to_go_on(stage: Stage) -> None:
    hold = (await stage.reserve()).reservation
    stage.faults.now.write_errno = errno.ENOSPC
    for refused in (await stage.reserve(key="full"), await stage.purchase(hold)):
        assert (refused.status, refused.code) == (503, "storage_unavailable")
    assert await stage.stock() == (0, 1)
    assert (await stage.look(hold)).status == 200
    stage.faults.end()
    assert (await stage.reserve(key="full")).status == 201
    assert (await stage.purchase(hold)).status == 201
    assert await stage.stock() == (1, 1)
    assert stage.logged("commit_failed")[0]["error"] == "OperationalError: database or disk is full"


async def test_a_hold_that_ends_on_a_full_disk_is_released_when_there_is_room(stage: Stage) -> None:
    hold = (await stage.reserve(seconds=1)).reservation
    stage.faults.now.write_errno = errno.ENOSPC

    async def release_has_failed() -> bool:
        return bool(stage.logged("expiry_failed"))

    await until(release_has_failed)
    refused = await stage.purchase(hold)
    assert (refused.status, refused.code) == (409, "reservation_expired")
    assert await stage.stock() == (0, 1)
    stage.faults.end()

    async def is_back() -> bool:
        return await stage.stock() == (0, 0)

    await until(is_back)


@pytest.mark.parametrize(
    ("fault", "number", "held"),
    [
        pytest.param("write_errno", errno.EIO, 0, id="write error"),
        pytest.param("write_errno", errno.EROFS, 0, id="file system became read-only"),
        pytest.param("sync_errno", errno.EIO, 2, id="sync error"),
    ],
)
async def test_a_disk_error_ends_the_process_unanswered_and_the_key_settles_what_came_of_it(
    stage: Stage, fault: str, number: int, held: int
) -> None:
    acknowledged = (await stage.reserve_first_of_log()).reservation
    setattr(stage.faults.now, fault, number)
    key = f"{fault}-{number}"
    with pytest.raises(aiohttp.ClientError):
        await stage.reserve(2, key=key)
    assert await stage.service.ended() == 70
    [last_words] = stage.logged("cannot_go_on")
    assert last_words["exit_status"] == 70
    assert "disk I/O error" in last_words["error"]
    await stage.restart()
    assert (await stage.look(acknowledged)).status == 200
    assert await stage.stock() == (0, 1 + held)
    assert (await stage.reserve(2, key=key)).status == 201
    assert await stage.stock() == (0, 3)


async def test_while_a_sync_hangs_answers_wait_and_reads_go_on(stage: Stage) -> None:
    hold = (await stage.reserve()).reservation
    stage.faults.now.sync_hangs = True
    waiting = [asyncio.create_task(stage.reserve()) for _ in range(20)]
    await until(stage.is_hanging)
    assert await stage.stock() == (0, 1)
    assert (await stage.look(hold)).status == 200
    assert not any(each.done() for each in waiting)
    stage.faults.end()
    assert {reply.status for reply in await asyncio.gather(*waiting)} == {201}
    assert await stage.stock() == (0, 21)


@pytest.mark.parametrize(
    ("fault", "number", "sentence"),
    [
        pytest.param("write_errno", errno.ENOSPC, "disk I/O error", id="full disk"),
        pytest.param("open_errno", errno.EACCES, "attempt to write a readonly database", id="read-only file"),
    ],
)
async def test_a_start_that_cannot_write_is_refused_with_a_sentence(
    stage: Stage, fault: str, number: int, sentence: str
) -> None:
    acknowledged = (await stage.reserve()).reservation
    await stage.service.kill()
    setattr(stage.faults.now, fault, number)
    status, out, err = await stage.service.run("serve", "--port", "0")
    assert (status, out) == (1, "")
    assert err.splitlines()[-1] == f"error: the database cannot be used: {sentence}"
    assert "Traceback" not in err
    await stage.restart()
    assert (await stage.look(acknowledged)).status == 200


async def test_a_disk_that_hangs_does_not_hold_the_stop_up(own_stage: Stage) -> None:
    settings = {"ACTOR_TICKETING_SERVER__SHUTDOWN_SECONDS": "1"}
    own_stage.service.environment = {**own_stage.service.environment, **settings}
    await own_stage.open()
    own_stage.faults.now.sync_hangs = True
    waiting = asyncio.create_task(own_stage.reserve(key="hangs"))
    await until(own_stage.is_hanging)
    assert await own_stage.service.terminate() == 1
    with pytest.raises(aiohttp.ClientError):
        await waiting
    assert own_stage.logged("stopped_unfinished")
