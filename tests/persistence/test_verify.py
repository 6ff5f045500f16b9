import asyncio
import shutil
import sqlite3
from contextlib import closing
from itertools import count, takewhile
from pathlib import Path

import pytest

from actor_ticketing.app import open_backend, open_storage
from actor_ticketing.clock import ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.persistence import books, replay, schema
from actor_ticketing.persistence.connections import DATABASE, connect_to_write
from actor_ticketing.persistence.verify import VerifyError, verify
from support.lively import GUEST, complaints, live, make_lively
from support.service import ADA, OpenBackend, fatal, list_event, list_ticket_type
from support.vaults import VAULT


@pytest.fixture
def database(tmp_path: Path) -> Path:
    make_lively(path := tmp_path / DATABASE)
    return path


def test_the_books_of_a_busy_service_are_in_order(database: Path) -> None:
    assert complaints(verify(database)) == set()


def test_every_check_has_looked_at_something(database: Path) -> None:
    with closing(connect_to_write(database)) as connection:
        connection.execute("INSERT INTO idempotency VALUES (x'00', 'k', x'00', 201, x'ff', 0, 1)")
    assert [check.name for check in verify(database).checks if check.looked_at < 1] == []


def test_a_database_without_any_event_is_in_order(tmp_path: Path) -> None:
    async def make() -> None:
        async with open_storage(tmp_path / DATABASE, Settings(), VAULT):
            pass

    asyncio.run(make())
    assert verify(tmp_path / DATABASE).ok


def test_verifying_does_not_change_the_file(database: Path) -> None:
    before = database.read_bytes()
    verify(database)
    assert database.read_bytes() == before


async def test_a_running_service_can_be_verified_at_any_moment(tmp_path: Path, open_on_disk: OpenBackend) -> None:
    async with open_on_disk() as backend:
        done = asyncio.Event()

        async def sell() -> None:
            for number in takewhile(lambda _: not done.is_set(), count()):
                event_id = f"ev{number}"
                await list_event(backend, event_id=event_id)
                await list_ticket_type(backend, f"tt{number}", event_id=event_id)
                made = await backend.box_office.reserve([(f"tt{number}", 2)] * 2, session_id="guest", user_id=None)
                await backend.box_office.purchase([(made[0].id, [ADA, ADA])], GUEST, ADA)
                await backend.box_office.release(made[1].id, GUEST)

        selling = asyncio.create_task(sell())
        reports = [await asyncio.to_thread(verify, tmp_path / DATABASE) for _ in range(5)]
        done.set()
        await selling
    assert [complaints(report) for report in reports] == [set()] * 5


async def test_what_a_crash_leaves_is_in_order(tmp_path: Path, clock: ManualClock, settings: Settings) -> None:
    (running := tmp_path / "running").mkdir()
    (crashed := tmp_path / "crashed").mkdir()
    async with (
        open_storage(running / DATABASE, settings, VAULT) as storage,
        open_backend(storage, settings, clock, on_fatal=fatal) as backend,
    ):
        await live(backend, clock)
        for name in (DATABASE, f"{DATABASE}-wal"):
            shutil.copy(running / name, crashed)
    report = verify(crashed / DATABASE)
    assert report.ok
    assert {check.name: check.looked_at for check in report.checks}[replay.RESERVATIONS] == 8


async def test_holds_started_anew_by_a_clock_that_went_back_are_in_order(
    database: Path, settings: Settings, clock: ManualClock
) -> None:
    async with (
        open_storage(database, settings, VAULT) as storage,
        open_backend(storage, settings, clock, on_fatal=fatal),
    ):
        pass
    with closing(sqlite3.connect(database)) as connection:
        restarted = connection.execute("SELECT count(*) FROM ledger WHERE kind = 'reservation.rescheduled'").fetchone()
    assert restarted == (1,)
    assert complaints(verify(database)) == set()


def test_an_overdue_hold_is_information_and_no_damage(database: Path) -> None:
    report = verify(database, now=1_800_000_661_000 + 2_500)
    assert report.ok
    assert "2.500 s" in report.information[0]


def test_a_hold_that_is_not_due_yet_is_no_information(database: Path) -> None:
    assert verify(database, now=1_800_000_600_000).information == ()


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(VerifyError, match=r"there is no database at .*tickets\.db"):
        verify(tmp_path / DATABASE)


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VerifyError, match="there is no database"):
        verify(tmp_path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (path := tmp_path / DATABASE).write_text("Dear diary, this is a longer text than SQLite's header." * 20)
    with pytest.raises(VerifyError, match="cannot be read as a database: file is not a database"):
        verify(path)


def test_an_empty_file_has_no_schema_that_is_known(tmp_path: Path) -> None:
    (path := tmp_path / DATABASE).touch()
    assert complaints(verify(path)) == {books.SCHEMA}


def test_a_schema_from_the_future_is_named_and_the_tables_are_left_alone(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA user_version = 99")
    report = verify(database)
    assert complaints(report) == {books.SCHEMA}
    assert "not looked at" in report.information[0]


@pytest.mark.parametrize("page", [1, 3, 5, 11, 13, 15])
def test_a_page_of_rubbish_is_a_finding_and_no_failure(database: Path, page: int) -> None:
    with database.open("r+b") as file:
        file.seek(page * 4096)
        file.write(b"\xa5" * 4096)
    assert books.INTEGRITY in complaints(verify(database))


def test_a_file_cut_short_is_refused_in_a_sentence(database: Path) -> None:
    with database.open("r+b") as file:
        file.truncate(8 * 4096)
    with pytest.raises(VerifyError, match="cannot be read as a database: database disk image is malformed"):
        verify(database)


@pytest.mark.parametrize("newer", [schema.DESK, schema.EXTENSION_POLICIES])
def test_a_database_of_a_former_version_is_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, newer: int
) -> None:
    older = [each for each in schema.migrations() if each[0] < newer]
    with monkeypatch.context() as patched, closing(connect_to_write(tmp_path / DATABASE)) as connection:
        patched.setattr(schema, "migrations", lambda: older)
        schema.migrate(connection, VAULT)
        connection.execute("INSERT INTO events VALUES ('ev', 't', 'v', 0)")
        connection.execute(
            "INSERT INTO ticket_types (id, event_id, name, price, currency, total, sold, reserved) "
            "VALUES ('tt', 'ev', 'n', 1, 'EUR', 9, 0, 0)"
        )
        connection.executemany(
            "INSERT INTO ledger VALUES (?, 0, ?, 'ev', ?, NULL, ?)",
            [
                (1, "event.created", None, '{"title":"t","venue":"v","startDate":0}'),
                (
                    2,
                    "ticket_type.created",
                    "tt",
                    (
                        '{"name":"n","price":1,"currency":"EUR","maxPerReservation":null,"salesStart":null,'
                        '"salesEnd":null,"total":9}'
                    ),
                ),
            ],
        )
    assert complaints(verify(tmp_path / DATABASE)) == set()
