"""The ledger's beginning goes into a file; the books can be proved with it and without."""

import asyncio
import gzip
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from actor_ticketing.actors.archiving import Archiving, LedgerRetention
from actor_ticketing.clock import ManualClock
from actor_ticketing.domain.archives import ArchiveError
from actor_ticketing.domain.reservation import Owner
from actor_ticketing.http.context import Backend
from actor_ticketing.persistence import archives
from actor_ticketing.persistence.backup import backup as back_up
from actor_ticketing.persistence.beginning import ARCHIVES
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.ledger_file import archives_in, contents_of
from actor_ticketing.persistence.replay import LEGAL
from actor_ticketing.persistence.verify import verify
from support.archiving import LAST, LATER, START, archive, opened, seqs
from support.lively import complaints, live
from support.service import buy, hold


@pytest.fixture(params=[1, 4, 500], ids="{} at a time".format)
def portion(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "PORTION", request.param)
    monkeypatch.setattr(archives, "TRIMMED_AT_ONCE", request.param)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / DATABASE


@pytest.fixture
async def service(path: Path, clock: ManualClock) -> AsyncIterator[tuple[Backend, Archiving]]:
    async with opened(path, clock) as (backend, archiving):
        await live(backend, clock)
        yield backend, archiving


def names(directory: Path) -> list[str]:
    return [each.name for each in directory.iterdir()]


def lines(file: Path) -> list[dict[str, object]]:
    with gzip.open(file, "rt") as read:
        return [json.loads(line) for line in read]


@pytest.mark.usefixtures("portion")
async def test_all_but_the_last_entry_can_go_and_the_books_are_proved_with_the_file_and_without(
    service: tuple[Backend, Archiving], path: Path, tmp_path: Path
) -> None:
    archived = await archive(service[1], tmp_path / "a.jsonl.gz")
    assert (archived.first_seq, archived.last_seq) == (1, LAST)
    assert seqs(path) == [LAST + 1]
    without, whole = verify(path), verify(path, archives=[tmp_path / "a.jsonl.gz"])
    assert (complaints(without), complaints(whole)) == (set(), set())
    looked_at = {check.name: check.looked_at for check in whole.checks}
    assert (looked_at[LEGAL], looked_at[ARCHIVES]) == (LAST + 1, 1)
    assert {check.name: check.looked_at for check in without.checks}[LEGAL] == 1


async def test_only_what_was_made_before_an_instant_goes(
    service: tuple[Backend, Archiving], path: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(path)) as connection:
        [first] = connection.execute("SELECT min(seq) FROM ledger WHERE at >= ?", (START + 60_000,)).fetchone()
    archived = await archive(service[1], tmp_path / "a.jsonl.gz", START + 60_000)
    assert archived.last_seq == first - 1
    assert seqs(path)[0] == first


@pytest.mark.parametrize("before", [0, START])
async def test_where_there_is_nothing_to_archive_no_file_is_made(
    service: tuple[Backend, Archiving], path: Path, tmp_path: Path, before: int
) -> None:
    assert await service[1].archive(before, tmp_path / "a.jsonl.gz") is None
    assert names(tmp_path) == ["data"]
    assert len(seqs(path)) == LAST + 1


async def test_an_empty_ledger_has_nothing_to_archive(path: Path, tmp_path: Path, clock: ManualClock) -> None:
    async with opened(path, clock) as (_, archiving):
        assert await archiving.archive(LATER, tmp_path / "a.jsonl.gz") is None


@pytest.mark.usefixtures("portion")
async def test_holds_that_live_across_archives_are_followed_to_their_end(
    service: tuple[Backend, Archiving], path: Path, tmp_path: Path, clock: ManualClock
) -> None:
    backend, archiving = service
    files = [tmp_path / f"{number}.jsonl.gz" for number in range(3)]
    bought, released, _ = [await hold(backend) for _ in range(3)]
    archived = [await archive(archiving, files[0])]
    await buy(backend, bought)
    archived.append(await archive(archiving, files[1]))
    await backend.box_office.release(released.id, Owner(session_id="s"))
    clock.advance(600_000)
    await backend.sweeper.sweep("manual")
    archived.append(await archive(archiving, files[2]))
    await hold(backend)
    assert [each.first_seq for each in archived] == [1, archived[0].last_seq + 1, archived[1].last_seq + 1]
    assert [contents_of(each).previous for each in files] == [None, archived[0].sha256, archived[1].sha256]
    for given in (None, files, files[::-1]):
        assert complaints(verify(path, archives=given)) == set()


async def test_a_restart_after_archiving_goes_on_where_it_was(path: Path, tmp_path: Path, clock: ManualClock) -> None:
    async with opened(path, clock) as (backend, archiving):
        await live(backend, clock)
        held = await hold(backend)
        await archive(archiving, tmp_path / "a.jsonl.gz")
        before = dict(backend.box_office.board.counters)
    async with opened(path, clock) as (backend, _):
        assert backend.box_office.board.seq == LAST + 2
        assert backend.box_office.board.counters.keys() == before.keys()
        await buy(backend, held)
    assert seqs(path)[:2] == [LAST + 2, LAST + 3]
    assert complaints(verify(path, archives=[tmp_path / "a.jsonl.gz"])) == set()


async def test_the_file_is_gzip_of_json_lines_with_everything_and_its_own_digest(
    service: tuple[Backend, Archiving], path: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT * FROM ledger ORDER BY seq").fetchall()
    archived = await archive(service[1], file := tmp_path / "a.jsonl.gz")
    head, *entries, end = lines(file)
    assert head == {"format": "actor-ticketing ledger 1", "firstSeq": 1, "previous": None}
    assert end == {"lastSeq": LAST, "until": archived.until, "sha256": archived.sha256}
    assert [(*list(each.values())[:-1], each["data"]) for each in entries] == [
        (*row[:-1], json.loads(row[-1])) for row in rows[:-1]
    ]
    assert file.stat().st_mode & 0o777 == 0o600


async def test_a_run_that_was_killed_before_anything_was_noted_is_repeated_with_the_same_file(
    path: Path, tmp_path: Path, clock: ManualClock
) -> None:
    async with opened(path, clock) as (backend, archiving):
        await live(backend, clock)
        # As far as it comes before it notes the archive.
        written = await archiving._archives.write(
            LATER, tmp_path / "a.jsonl.gz", up_to=None, now=0, breathe=partial(asyncio.sleep, 0)
        )
        assert written is not None
        assert len(seqs(path)) == LAST + 1
        again = await archive(archiving, tmp_path / "a.jsonl.gz")
    assert again.sha256 == written.sha256
    assert seqs(path) == [LAST + 1]


async def test_what_somebody_is_still_to_be_told_is_not_archived(
    service: tuple[Backend, Archiving], path: Path, tmp_path: Path
) -> None:
    async def told() -> int:
        return 10

    _, archiving = service
    archiving._told_until = told
    assert (await archive(archiving, tmp_path / "a.jsonl.gz")).last_seq == 10
    assert seqs(path)[0] == 11
    assert await archiving.archive(LATER, tmp_path / "b.jsonl.gz") is None


async def test_a_run_that_was_killed_while_it_dropped_entries_leaves_the_books_in_order_and_is_finished_by_the_next(
    service: tuple[Backend, Archiving], path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "TRIMMED_AT_ONCE", 10)
    _, archiving = service
    breathe, number = archiving._breathe, 0

    async def dies() -> None:
        nonlocal number
        number += 1
        if number == 2:
            raise asyncio.CancelledError

    archiving._breathe = dies
    with pytest.raises(asyncio.CancelledError):
        await archiving.archive(LATER, tmp_path / "a.jsonl.gz")
    assert seqs(path)[0] == 21
    for given in (None, [tmp_path / "a.jsonl.gz"]):
        assert complaints(verify(path, archives=given)) == set()
    archiving._breathe = breathe
    assert await archiving.archive(LATER, tmp_path / "b.jsonl.gz") is None
    assert seqs(path) == [LAST + 1]


@pytest.mark.parametrize(
    "content", [b"precious", gzip.compress(b"{}\n", mtime=0), b""], ids=["text", "gzip", "nothing"]
)
async def test_a_file_that_exists_is_left_alone_and_nothing_is_dropped(
    service: tuple[Backend, Archiving], path: Path, tmp_path: Path, content: bytes
) -> None:
    (file := tmp_path / "a.jsonl.gz").write_bytes(content)
    with pytest.raises(ArchiveError, match=r"a\.jsonl\.gz exists already"):
        await service[1].archive(LATER, file)
    assert file.read_bytes() == content
    assert len(seqs(path)) == LAST + 1


async def test_an_archive_of_other_entries_is_not_taken_for_this_one(
    service: tuple[Backend, Archiving], tmp_path: Path
) -> None:
    await archive(service[1], tmp_path / "a.jsonl.gz", START + 60_000)
    with pytest.raises(ArchiveError, match="exists already, and an archive overwrites nothing"):
        await service[1].archive(LATER, tmp_path / "a.jsonl.gz")


async def test_what_had_to_stay_at_the_first_run_of_a_day_gets_a_file_of_its_own_at_the_next(
    service: tuple[Backend, Archiving], path: Path, tmp_path: Path
) -> None:
    backend, archiving = service
    days_later = ManualClock(LATER)
    retention = LedgerRetention(archiving, days_later, days=1, directory=tmp_path / "kept")
    await retention.archive()
    await hold(backend)
    with capture_logs() as logs:
        await retention.archive()
    assert [each["event"] for each in logs] == ["ledger_archived"]
    kept = archives_in(tmp_path / "kept")
    assert [each.name for each in kept] == ["ledger-before-2027-01-25-2.jsonl.gz", "ledger-before-2027-01-25.jsonl.gz"]
    assert complaints(verify(path, archives=kept)) == set()
    assert seqs(path) == [LAST + 2]


async def test_a_directory_that_is_not_there_is_named(service: tuple[Backend, Archiving], path: Path) -> None:
    with pytest.raises(ArchiveError, match="nowhere"):
        await service[1].archive(LATER, Path("/nowhere/a.jsonl.gz"))
    assert len(seqs(path)) == LAST + 1


async def test_books_that_are_not_in_order_are_not_archived(
    service: tuple[Backend, Archiving], path: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER one_terminal_state")
        connection.execute("UPDATE reservations SET extensions = 9 WHERE status = 'CANCELLED'")
        connection.commit()
    with pytest.raises(ArchiveError, match="the books are not in order"):
        await service[1].archive(LATER, tmp_path / "a.jsonl.gz")
    assert len(seqs(path)) == LAST + 1
    assert names(tmp_path) == ["data"]


async def test_the_database_lets_nothing_go_that_is_in_no_archive(
    service: tuple[Backend, Archiving], path: Path, tmp_path: Path
) -> None:
    await archive(service[1], tmp_path / "a.jsonl.gz", START + 60_000)
    with (
        closing(sqlite3.connect(path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="is in no archive"),
    ):
        connection.execute("DELETE FROM ledger WHERE seq = ?", (LAST,))


async def test_a_backup_made_before_archiving_is_whole_without_the_file_and_can_be_archived_again(
    service: tuple[Backend, Archiving], path: Path, tmp_path: Path, clock: ManualClock
) -> None:
    (elsewhere := tmp_path / "elsewhere").mkdir()
    await asyncio.to_thread(back_up, path, elsewhere / DATABASE)
    archived = await archive(service[1], file := tmp_path / "a.jsonl.gz")
    report = verify(elsewhere / DATABASE, archives=[file])
    assert complaints(report) == set()
    assert any("is not among this database's archives" in each for each in report.information)
    async with opened(elsewhere / DATABASE, clock) as (_, archiving):
        assert (await archive(archiving, file)).sha256 == archived.sha256
    assert complaints(verify(elsewhere / DATABASE, archives=[file])) == set()


async def test_a_backup_made_after_archiving_is_restored_and_proved(
    service: tuple[Backend, Archiving], path: Path, tmp_path: Path, clock: ManualClock
) -> None:
    backend, archiving = service
    await archive(archiving, file := tmp_path / "a.jsonl.gz")
    (elsewhere := tmp_path / "elsewhere").mkdir()
    await asyncio.to_thread(back_up, path, elsewhere / DATABASE)
    await hold(backend)
    async with opened(elsewhere / DATABASE, clock) as (restored, _):
        await hold(restored)
    for given in (None, [file]):
        assert complaints(verify(elsewhere / DATABASE, archives=given)) == set()


async def test_clients_are_told_from_the_rest_what_they_missed_and_no_more_than_it_has(
    service: tuple[Backend, Archiving], tmp_path: Path
) -> None:
    backend, archiving = service
    queries = backend.help_desk._queries
    held = await hold(backend)
    await archive(archiving, tmp_path / "a.jsonl.gz")
    await backend.box_office.release(held.id, Owner(session_id="s"))
    end = backend.box_office.board.seq
    assert await queries.reservation_history("s", after=end - 3, until=end) is None
    told = await queries.reservation_history("s", after=end - 2, until=end)
    assert told is not None
    assert [each.kind for each in told] == ["reservation.created", "reservation.cancelled"]


async def test_counts_of_states_are_right_though_entries_went_that_they_had_not_looked_at(
    service: tuple[Backend, Archiving], tmp_path: Path
) -> None:
    backend, archiving = service
    queries = backend.help_desk._queries
    counted = sum((await queries.status_counts()).values())
    for _ in range(3):
        await hold(backend)
    await archive(archiving, tmp_path / "a.jsonl.gz")
    assert sum((await queries.status_counts()).values()) == counted + 3
