"""What the files show of people, and what happens when it does not open."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from actor_ticketing.app import open_storage
from actor_ticketing.assembly import Storage
from actor_ticketing.config import Settings
from actor_ticketing.domain.errors import StorageUnavailable
from actor_ticketing.domain.ports import CommitFailed, Entry
from actor_ticketing.domain.purchase import Person
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.rows import answer_place
from actor_ticketing.persistence.sealed import SEALED
from actor_ticketing.persistence.verify import verify
from actor_ticketing.vault import DataKey, Vault, VaultError
from support.databases import new_database
from support.history import Shop, answer_kept, event_listed, type_listed
from support.lively import complaints, make_lively
from support.people import column, everything_of, files_with
from support.service import ADA
from support.vaults import VAULT

BODY = b'{"buyerInfo":{"email":"ada@example.com"}}'
OTHER = Vault([DataKey("another", b"another data key of these tests.")])


async def commit(storage: Storage, *entries: Entry) -> None:
    """Commit as the journal would."""
    seq = (await storage.queries.catalogue()).seq
    for entry in entries:
        seq += len(entry.events)
        entry.last_seq = seq
    await storage.store.commit(entries)


@pytest.fixture
async def sold(tmp_path: Path) -> AsyncIterator[tuple[Storage, Shop]]:
    """A database with one purchase of ADA for BOB, and one kept answer."""
    shop = Shop()
    async with open_storage(new_database(tmp_path / DATABASE), Settings(), VAULT) as storage:
        await commit(storage, event_listed(), type_listed(), shop.reserve(2))
        await commit(storage, shop.buy(shop.reservation), answer_kept("k", body=BODY))
        yield storage, shop


@pytest.mark.usefixtures("sold")
async def test_no_file_shows_a_person(tmp_path: Path) -> None:
    assert files_with(tmp_path, "TICKET-") != []
    assert files_with(tmp_path, *everything_of(ADA), "Bób", "Ünïcode", "buyerInfo") == []


async def test_what_was_sealed_is_read_as_it_was(sold: tuple[Storage, Shop]) -> None:
    storage, shop = sold
    record = await storage.queries.reservation(shop.reservation.id)
    assert record is not None
    assert record.transaction == shop.purchase.transaction
    assert tuple(record.tickets) == shop.purchase.tickets
    assert await storage.queries.ticket(record.tickets[0].code) == shop.purchase.tickets[0]
    assert await storage.queries.answer(b"caller", "k") == answer_kept("k", body=BODY).answer


@pytest.mark.usefixtures("sold")
async def test_no_file_shows_by_what_a_request_is_recognised(tmp_path: Path) -> None:
    assert column(tmp_path / DATABASE, "SELECT fingerprint FROM idempotency") == [b""]


async def test_an_answer_that_a_former_version_has_kept_is_read_as_it_was(
    sold: tuple[Storage, Shop], tmp_path: Path
) -> None:
    storage, _ = sold
    expected = answer_kept("former", body=BODY).answer
    body = VAULT.seal(BODY, answer_place(expected.caller, "former")).encode()
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO idempotency VALUES (?, ?, ?, ?, ?, ?, NULL)",
            (expected.caller, "former", expected.fingerprint, expected.status, body, expected.created_at),
        )
    assert await storage.queries.answer(expected.caller, "former") == expected


@pytest.mark.usefixtures("sold")
async def test_a_person_is_found_by_no_digest_of_their_address_alone(tmp_path: Path) -> None:
    path = tmp_path / DATABASE
    assert column(path, "SELECT buyer_digest FROM transactions") == [VAULT.digest("ada@example.com")]
    assert column(path, "SELECT holder_digest FROM tickets") == [None, None]
    assert OTHER.digest("ada@example.com") != VAULT.digest("ada@example.com")


async def test_without_the_key_a_read_fails_and_the_log_names_the_key(
    sold: tuple[Storage, Shop], tmp_path: Path
) -> None:
    storage, shop = sold
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as connection:
        connection.execute("UPDATE transactions SET buyer = 'lost' || substr(buyer, 5)")
        connection.execute("UPDATE tickets SET holder = 'lost' || substr(holder, 5)")
        connection.execute("UPDATE idempotency SET body = CAST('lost' || substr(CAST(body AS TEXT), 5) AS BLOB)")
    with capture_logs() as logs:
        for read in (
            storage.queries.reservation(shop.reservation.id),
            storage.queries.ticket(shop.purchase.tickets[0].code),
            storage.queries.answer(b"caller", "k"),
        ):
            with pytest.raises(StorageUnavailable):
                await read
    assert [each["event"] for each in logs] == ["read_failed"] * 3
    assert all("'lost'" in each["error"] for each in logs)
    assert not any("answer:" in each["error"] or b"caller".hex() in each["error"] for each in logs)
    assert (await storage.queries.catalogue()).counters["tt"].sold == 2


@pytest.mark.usefixtures("sold")
@pytest.mark.parametrize("table", ["transactions", "tickets", "idempotency"])
async def test_a_database_with_rows_that_no_key_opens_is_not_opened(tmp_path: Path, table: str) -> None:
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for other in {"transactions", "tickets", "idempotency"} - {table}:
            connection.execute(f"DELETE FROM {other}")  # noqa: S608
    with pytest.raises(VaultError, match=rf"secrets\.json .*'test' .*{table}\."):
        async with open_storage(tmp_path / DATABASE, Settings(), OTHER):
            pytest.fail("it opened")


@pytest.mark.usefixtures("sold")
async def test_one_row_that_is_damaged_does_not_keep_the_service_from_starting(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as connection:
        connection.execute("UPDATE tickets SET holder = 'lost.x' WHERE position = 0")
    async with open_storage(new_database(tmp_path / DATABASE), Settings(), VAULT) as storage:
        assert (await storage.queries.catalogue()).counters["tt"].sold == 2


async def test_what_was_moved_to_another_row_does_not_open(sold: tuple[Storage, Shop], tmp_path: Path) -> None:
    storage, shop = sold
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as connection:
        connection.execute("UPDATE tickets SET holder = (SELECT buyer FROM transactions)")
    with pytest.raises(StorageUnavailable):
        await storage.queries.ticket(shop.purchase.tickets[0].code)


@pytest.mark.parametrize("text", ["", "nonsense", '["Ada Lovelace", "id", "X123456", "ada@example.com", null]'])
async def test_what_was_never_sealed_does_not_open_and_is_not_logged(
    sold: tuple[Storage, Shop], tmp_path: Path, text: str
) -> None:
    storage, shop = sold
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as connection:
        connection.execute("UPDATE transactions SET buyer = ?", (text,))
    with capture_logs() as logs, pytest.raises(StorageUnavailable):
        await storage.queries.reservation(shop.reservation.id)
    assert shop.purchase.transaction.id in logs[0]["error"]
    assert not any(each in str(logs) for each in everything_of(ADA))


async def test_a_name_that_cannot_be_sealed_fails_its_batch_for_certain(sold: tuple[Storage, Shop]) -> None:
    storage, shop = sold
    await commit(storage, shop.reserve())
    entry = shop.buy(shop.reservation)
    object.__setattr__(
        shop.purchase.transaction, "buyer", Person(full_name="\ud800", identity_type="", identity_number="")
    )
    with pytest.raises(CommitFailed) as failed:
        await commit(storage, entry)
    assert failed.value.is_bug
    await commit(storage, shop.reserve())


def test_verify_without_the_keys_does_not_look_at_what_is_sealed(tmp_path: Path) -> None:
    make_lively(tmp_path / DATABASE)
    report = verify(tmp_path / DATABASE)
    assert report.ok
    assert SEALED not in {check.name for check in report.checks}


def test_verify_with_the_keys_proves_that_everything_opens(tmp_path: Path) -> None:
    make_lively(tmp_path / DATABASE)
    report = verify(tmp_path / DATABASE, vault=VAULT)
    assert report.ok
    assert {check.name: check.looked_at for check in report.checks}[SEALED] == 8
    assert complaints(verify(tmp_path / DATABASE, vault=OTHER)) == {SEALED}


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE tickets SET holder = substr(holder, 1, length(holder) - 1) WHERE position = 1",
        "UPDATE transactions SET buyer_digest = NULL",
        "UPDATE tickets SET holder_digest = x'00'",
        "INSERT INTO idempotency VALUES (x'00', 'k', x'00', 201, x'ff', 0, NULL)",
    ],
)
def test_verify_with_the_keys_finds_what_does_not_open_or_cannot_be_found(tmp_path: Path, damage: str) -> None:
    make_lively(tmp_path / DATABASE)
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as connection:
        assert connection.execute(damage).rowcount > 0
    assert complaints(verify(tmp_path / DATABASE, vault=VAULT)) == {SEALED}
