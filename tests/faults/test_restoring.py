"""A copy is worth what can be restored from it: backups made under load, and a replica that follows the database."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from actor_ticketing.persistence.connections import DATABASE
from bench.history.checker import check
from bench.history.ledger import read_ledger
from bench.history.operations import Operation
from support.buyers import STOCK, Acknowledged, buying
from support.process import Service, list_stock

CONFIGURATION = Path(__file__).parents[2] / "examples/litestream.yml"
LITESTREAM = Path(sys.executable).with_name("litestream")


def acknowledged(operations: list[Operation]) -> list[Operation]:
    return [each for each in operations if each.end is not None]


async def restored(service: Service, copy: Path, directory: Path) -> Service:
    """Another machine: a data directory with the copy and the secrets, proved to be in order."""
    await asyncio.to_thread(directory.mkdir)
    shutil.copy(copy, directory / DATABASE)
    shutil.copy(service.data_dir / "secrets.json", directory)
    elsewhere = Service(data_dir=directory, environment=service.environment)
    status, out, err = await elsewhere.run("verify")
    assert status == 0, out + err
    return elsewhere


async def serves(service: Service) -> None:
    """It starts, and sells."""
    try:
        await service.start()
        known = Acknowledged()
        async with buying(service.url, known, seed=2):
            await known.more(20)
        check(known.history.operations(), read_ledger(service.data_dir / DATABASE))
        assert await service.terminate() == 0
    finally:
        await service.stop()


async def test_a_backup_made_under_load_has_all_that_was_acknowledged_before_it_began(
    service: Service, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    await service.start()
    await list_stock(session, service.url, STOCK)
    known, copy = Acknowledged(), tmp_path / "copy.db"
    async with buying(service.url, known):
        await known.more(200)
        before = acknowledged(known.history.operations())
        status, out, err = await service.run("backup", str(copy))
        assert status == 0, out + err
        await known.more(50)
    await service.kill()
    elsewhere = await restored(service, copy, tmp_path / "elsewhere")
    ledger = read_ledger(copy)
    check(before, ledger)
    assert len(before) >= 200
    whole = read_ledger(service.data_dir / DATABASE)
    assert ledger == whole[: len(ledger)]
    check(known.history.operations(), whole, complete_from=0)
    await serves(elsewhere)


@asynccontextmanager
async def litestream(service: Service, replica: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The configuration that is shipped, following the service's database into a directory."""
    environment = {**os.environ, "DATA_DIR": str(service.data_dir), "REPLICA_URL": replica.as_uri()}
    follower = await asyncio.create_subprocess_exec(
        LITESTREAM, "replicate", "-config", str(CONFIGURATION), env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield follower
    finally:
        # At once, as if its machine had gone; it may have.
        with suppress(ProcessLookupError):
            follower.kill()
        await follower.wait()


async def status_of(*command: str | Path) -> int:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    return await process.wait()


async def synced(service: Service) -> None:
    """All that is committed by now is in the replica when this returns."""
    command = [
        LITESTREAM,
        "sync",
        "-wait",
        "-socket",
        service.data_dir / "litestream.sock",
        service.data_dir / DATABASE,
    ]
    async with asyncio.timeout(60):
        while await status_of(*command):  # noqa: ASYNC110 - it listens when it is ready to.
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("died_once", [False, True], ids=["from the start", "whose program died meanwhile"])
async def test_a_replica_has_all_that_was_acknowledged_before_its_last_sync(
    tmp_path: Path, session: aiohttp.ClientSession, *, died_once: bool
) -> None:
    data, replica, copy = tmp_path / "data", tmp_path / "replica", tmp_path / "copy.db"
    data.mkdir()
    service = Service(data_dir=data, environment={"ACTOR_TICKETING_STORAGE__REPLICATED": "true"})
    try:
        await service.start()
        await list_stock(session, service.url, STOCK)
        known = Acknowledged()
        async with buying(service.url, known):
            if died_once:
                async with litestream(service, replica):
                    await synced(service)
                    await known.more(50)
                await known.more(200)
            async with litestream(service, replica):
                await known.more(300)
                before = acknowledged(known.history.operations())
                await synced(service)
                await known.more(50)
                # The machine goes: the service and what follows it, both in the midst of it.
                await service.kill()
        assert await status_of(LITESTREAM, "restore", "-o", copy, replica.as_uri()) == 0
        elsewhere = await restored(service, copy, tmp_path / "elsewhere")
        ledger = read_ledger(copy)
        check(before, ledger)
        assert len(before) >= 300
        assert ledger == read_ledger(data / DATABASE)[: len(ledger)]
        await serves(elsewhere)
    finally:
        await service.stop()
