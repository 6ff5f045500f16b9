"""The ledger is archived while the disk fails and the process is killed: no entry is ever in neither place."""

import errno
import gzip
import json
import shutil
import signal
from pathlib import Path

import pytest
import pytest_asyncio

from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.verify import verify
from support.archiving import sell_long_ago, seqs
from support.faults import Faults, Moment
from support.process import Service

HOLDS = 400
ENTRIES = 2 * HOLDS + 1
"""An event, a ticket type, the holds, and all but one released. The one that is left ends when the service starts."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with that ledger."""
    database = tmp_path_factory.mktemp("sold") / DATABASE
    await sell_long_ago(database, holds=HOLDS)
    return database


@pytest.fixture
def directories(sold: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A data directory, and one for archives."""
    data, kept = tmp_path / "data", tmp_path / "kept"
    for each in (data, kept):
        each.mkdir(mode=0o700)
    shutil.copy(sold, data)
    return data, kept


async def run_archive(service: Service, kept: Path) -> tuple[int, str]:
    status, _, err = await service.run("archive", "--before", "2025-01-01", "--to", str(kept / "a.jsonl.gz"))
    return status, err


def archived(kept: Path) -> list[int]:
    """The positions in the archive, if there is one."""
    if not (file := kept / "a.jsonl.gz").exists():
        return []
    with gzip.open(file, "rt") as lines:
        return [json.loads(line)["seq"] for line in lines if '"seq"' in line]


def names(directory: Path) -> list[str]:
    return [each.name for each in directory.iterdir()]


def check_nothing_is_lost(data: Path, kept: Path) -> None:
    both = set(archived(kept)) | set(seqs(data / DATABASE))
    assert both == set(range(1, max(both) + 1))
    assert max(both) >= ENTRIES
    for given in (None, list(kept.glob("*.gz"))):
        assert verify(data / DATABASE, archives=given).ok


@pytest.mark.parametrize(
    ("fault", "number"), [("write_errno", errno.ENOSPC), ("sync_errno", errno.EIO)], ids=["full disk", "sync error"]
)
async def test_an_archive_that_cannot_be_written_drops_nothing(
    shim: Path, tmp_path: Path, directories: tuple[Path, Path], fault: str, number: int
) -> None:
    data, kept = directories
    faults = Faults(shim, tmp_path, kept)
    service = Service(data_dir=data, environment=faults.environment)
    setattr(faults.now, fault, number)
    status, err = await run_archive(service, kept)
    assert status == 1
    assert "error: cannot write " in err
    assert names(kept) == []
    assert seqs(data / DATABASE)[0] == 1
    faults.end()
    assert (await run_archive(service, kept))[0] == 0
    check_nothing_is_lost(data, kept)


@pytest.mark.parametrize("moment", [Moment.BEFORE_WRITE, Moment.BEFORE_SYNC, Moment.AFTER_SYNC])
@pytest.mark.parametrize("where", ["archive", "database"])
async def test_an_archiving_that_is_killed_anywhere_loses_no_entry_and_the_next_finishes_it(
    shim: Path, tmp_path: Path, directories: tuple[Path, Path], where: str, moment: Moment
) -> None:
    data, kept = directories
    concerned = kept if where == "archive" else data
    faults = Faults(shim, tmp_path, concerned)
    service = Service(data_dir=data, environment=faults.environment)
    kills = 0
    # Each time it comes further, as far as the last such moment.
    for skipped in (0, 1, 2, 4, 8, 16, 32):
        faults.kill_at(moment, after=skipped)
        status, err = await run_archive(service, kept)
        faults.end()
        check_nothing_is_lost(data, kept)
        if status == 0:
            break
        assert status == -signal.SIGKILL, err
        kills += 1
    assert kills > 0
    assert (await run_archive(service, kept))[0] == 0
    assert len(seqs(data / DATABASE)) <= 3
    check_nothing_is_lost(data, kept)
