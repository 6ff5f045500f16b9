"""``actor-ticketing archive`` as an operator types it, and the server that does it by itself."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.verify import verify
from support.archiving import sell_long_ago, seqs
from support.process import Service, admin

HOLDS = 5
LAST = 2 * HOLDS + 2
"""The last entry: an event, a ticket type, the holds, and each one's end, the last of them when the service starts."""


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    (data := tmp_path / "data").mkdir(mode=0o700)
    await sell_long_ago(data / DATABASE, holds=HOLDS)
    service = Service(data_dir=data)
    yield service
    await service.stop()


async def test_a_file_is_written_and_named_and_verify_takes_it_or_its_directory(
    service: Service, tmp_path: Path
) -> None:
    file = tmp_path / "old.jsonl.gz"
    status, out, err = await service.run("archive", "--before", "2025-01-01", "--to", str(file))
    assert (status, out.split(",")[0]) == (0, f"{file}: ledger entries 1 to {LAST - 1}"), err
    assert seqs(service.data_dir / DATABASE) == [LAST]
    for given in (file, tmp_path):
        status, out, _ = await service.run("verify", "--archive", str(given))
        assert (status, out.splitlines()[-1]) == (0, "the books are in order")
        assert f"ok   every ledger entry is a step that was allowed ({LAST})" in out
    status, out, _ = await service.run("verify")
    assert status == 0
    assert f"note The ledger up to entry {LAST - 1} is archived" in out


async def test_an_archive_that_is_missing_makes_verify_fail(service: Service, tmp_path: Path) -> None:
    await service.run("archive", "--before", "2025-01-01", "--to", str(tmp_path / "old.jsonl.gz"))
    (tmp_path / "other.jsonl.gz").write_bytes(b"rubbish")
    status, out, _ = await service.run("verify", "--archive", str(tmp_path / "other.jsonl.gz"))
    assert status == 1
    assert "BAD  every archive has what was archived" in out
    assert "was not given" in out
    (tmp_path / "not mounted").mkdir()
    assert (await service.run("verify", "--archive", str(tmp_path / "not mounted")))[0] == 1


async def test_where_nothing_is_that_old_nothing_is_written(service: Service, tmp_path: Path) -> None:
    status, out, _ = await service.run("archive", "--before", "2020-01-01", "--to", str(tmp_path / "a.jsonl.gz"))
    assert (status, out) == (0, "nothing to archive\n")
    assert not (tmp_path / "a.jsonl.gz").exists()


async def test_days_are_kept_and_the_database_gets_smaller(service: Service, tmp_path: Path) -> None:
    status, _, err = await service.run("archive", "--keep-days", "30", "--to", str(tmp_path / "a.gz"), "--compact")
    assert status == 0, err
    assert verify(service.data_dir / DATABASE, archives=[tmp_path / "a.gz"]).ok


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "say either --before or --keep-days"),
        (["--before", "2025-01-01", "--keep-days", "3"], "say either --before or --keep-days"),
        (["--before", f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"], "the last day of the ledger stays"),
        (["--before", "yesterday"], "does not match the format"),
        (["--keep-days", "0"], "greater than or equal to 1"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_a_sentence(
    service: Service, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    status, _, err = await service.run("archive", *arguments, "--to", str(tmp_path / "a.jsonl.gz"))
    assert status != 0
    assert sentence in " ".join(err.replace("│", " ").split())
    assert seqs(service.data_dir / DATABASE)[0] == 1


async def test_a_directory_without_a_database_is_refused_and_none_is_made(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    elsewhere = Service(data_dir=tmp_path / "empty")
    status, _, err = await elsewhere.run("archive", "--keep-days", "3", "--to", str(tmp_path / "a.jsonl.gz"))
    assert status == 1
    assert "there is no database at" in err
    assert not (tmp_path / "empty" / DATABASE).exists()


async def test_beside_a_running_server_it_is_refused(service: Service, tmp_path: Path) -> None:
    await service.start()
    status, _, err = await service.run("archive", "--keep-days", "3", "--to", str(tmp_path / "a.jsonl.gz"))
    assert status == 1
    assert "is in use by another actor-ticketing process" in err


async def sales(service: Service) -> Any:
    async with aiohttp.ClientSession() as session:
        return await admin(session, service.url, "GET", "/api/admin/analytics")


async def test_a_running_server_archives_by_itself_what_is_older_than_it_keeps(service: Service) -> None:
    await service.start()
    assert (await sales(service))["completeFrom"] is None
    assert await service.terminate() == 0
    service.environment = {"ACTOR_TICKETING_LEDGER__KEEP_DAYS": "30"}
    service.log = service.data_dir / "log"
    await service.start()
    while b"ledger_archived" not in service.log.read_bytes():
        assert (await sales(service))["serverTime"]
    assert (await sales(service))["completeFrom"].startswith("2023-11-14T")
    assert await service.terminate() == 0
    kept = list((service.data_dir / "archives").iterdir())
    assert [(each.name[:14], each.name[-9:], each.stat().st_mode & 0o777) for each in kept] == [
        ("ledger-before-", ".jsonl.gz", 0o600)
    ]
    assert seqs(service.data_dir / DATABASE) == [LAST]
    assert verify(service.data_dir / DATABASE, archives=kept).ok
    await service.start()
    assert await service.terminate() == 0
    assert service.log.read_bytes().count(b"ledger_archived") == 1


async def test_a_directory_for_archives_that_cannot_be_written_is_an_error_in_the_log_and_the_sale_goes_on(
    service: Service, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    service.environment = {
        "ACTOR_TICKETING_LEDGER__KEEP_DAYS": "30",
        "ACTOR_TICKETING_LEDGER__ARCHIVE_DIR": str(tmp_path / "file"),
    }
    service.log = service.data_dir / "log"
    await service.start()
    while b"ledger_not_archived" not in service.log.read_bytes():
        assert (await sales(service))["serverTime"]
    assert (await sales(service))["completeFrom"] is None
    assert await service.terminate() == 0
    assert seqs(service.data_dir / DATABASE)[0] == 1
