"""That the bytes of who was forgotten are gone, that the books are whole, and that accounts go too."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from actor_ticketing.actors import privacy
from actor_ticketing.app import open_backend, open_storage
from actor_ticketing.clock import Clock, ManualClock
from actor_ticketing.config import Settings
from actor_ticketing.domain.errors import InvalidRefreshToken
from actor_ticketing.domain.ports import StoredAnswer
from actor_ticketing.http.context import Backend
from actor_ticketing.persistence import people
from actor_ticketing.persistence.connections import DATABASE, connect_read_only, connect_to_write, rewrite_file
from actor_ticketing.persistence.verify import verify
from actor_ticketing.vault import Vault
from support.databases import new_database
from support.lively import live
from support.people import BEA, column, files_with, people_on, sell
from support.service import ADA, fatal, list_event, list_ticket_type
from support.vaults import VAULT


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / DATABASE


@pytest.fixture
async def shop(path: Path, clock: ManualClock) -> AsyncIterator[Backend]:
    async with (
        open_storage(new_database(path), Settings(), VAULT) as storage,
        open_backend(storage, Settings(), clock, on_fatal=fatal) as opened,
    ):
        yield opened


def sealed_of_ada(path: Path) -> list[str | bytes]:
    """The sealed texts and digests that tell of ADA."""
    return [
        *column(path, "SELECT buyer FROM transactions"),
        *column(path, "SELECT holder FROM tickets WHERE position = 0"),
        *column(path, "SELECT body FROM idempotency"),
        VAULT.digest("ada@example.com"),
    ]


async def sell_much(shop: Backend) -> None:
    await list_event(shop)
    await list_ticket_type(shop, total=1_000)
    for number in range(30):
        await sell(shop, ADA, [ADA, BEA])
        answer = StoredAnswer(
            caller=b"c", key=f"{number}", fingerprint=b"", status=201, body=b"ada@example.com " * 30, created_at=0
        )
        await shop.answers.keep(answer)


async def test_after_an_erasure_no_file_has_what_was_sealed_of_them(shop: Backend, path: Path) -> None:
    await sell_much(shop)
    sealed = sealed_of_ada(path)
    assert len(files_with(path.parent, *sealed)) >= len(sealed) == 91
    await shop.privacy.erase("ada@example.com", by="admin")
    assert path.with_name(f"{DATABASE}-wal").stat().st_size == 0
    assert files_with(path.parent, *sealed) == []


async def test_after_the_file_was_written_anew_nothing_at_all_is_left(path: Path, clock: ManualClock) -> None:
    async with (
        open_storage(new_database(path), Settings(), VAULT) as storage,
        open_backend(storage, Settings(), clock, on_fatal=fatal) as shop,
    ):
        await sell_much(shop)
        sealed = sealed_of_ada(path)
        await shop.privacy.erase("ada@example.com", by="admin")
    with closing(connect_to_write(path)) as connection:
        rewrite_file(connection)
        assert files_with(path.parent, *sealed) == []


async def test_a_reader_of_an_older_state_delays_nothing_but_the_wiping(shop: Backend, path: Path) -> None:
    await list_event(shop)
    await list_ticket_type(shop)
    bought = await sell(shop, ADA, [ADA])
    sealed = sealed_of_ada(path)
    with closing(connect_read_only(path)) as backup:
        backup.execute("BEGIN")
        backup.execute("SELECT count(*) FROM events").fetchone()
        await shop.privacy.erase("ada@example.com", by="admin")
        assert await people_on(shop, bought) == (None, [None])
        assert files_with(path.parent, *sealed) != []
        backup.execute("COMMIT")
    await sell(shop, BEA, [BEA])
    await shop.privacy.erase("bea@example.com", by="admin")
    assert files_with(path.parent, *sealed) == []


@pytest.mark.parametrize(
    ("damage", "keys"),
    [("CAST('lost.' || CAST(body AS TEXT) AS BLOB)", {"'lost.test'": 2}), ("x'ff'", {"of that name": 2})],
)
async def test_answers_that_do_not_open_are_dropped_and_hinder_no_erasure(
    shop: Backend, path: Path, monkeypatch: pytest.MonkeyPatch, damage: str, keys: dict[str, int]
) -> None:
    monkeypatch.setattr(people, "PORTION", 1)
    for key, body in (("a", b"{}"), ("b", b"{}"), ("c", b'"ada@example.com"'), ("d", b'"bea@example.com"')):
        await shop.answers.keep(
            StoredAnswer(caller=b"c", key=f"secret-{key}", fingerprint=b"", status=201, body=body, created_at=0)
        )
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"UPDATE idempotency SET body = {damage} WHERE key < 'secret-c'")  # noqa: S608
    with capture_logs() as logs:
        assert (await shop.privacy.erase("ada@example.com", by="admin")).answers == 3
    assert [line["keys"] for line in logs if line["event"] == "answers_unreadable"] == [keys]
    assert "secret-" not in str(logs)
    assert column(path, "SELECT key FROM idempotency") == ["secret-d"]


async def test_forgetting_by_age_is_in_no_hurry_though_there_is_nothing_to_forget(
    shop: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "PORTION", 1)
    paused = []

    async def pause(_: Clock, ms: int) -> None:
        paused.append(ms)

    monkeypatch.setattr(privacy, "pause", pause)
    for key in "abc":
        await shop.answers.keep(
            StoredAnswer(caller=b"c", key=key, fingerprint=b"", status=201, body=b"{}", created_at=0)
        )
    await shop.privacy.forget_before(shop.clock.now())
    assert paused == [privacy.PAUSE_MS] * 3


async def test_an_answer_that_does_not_open_is_not_dropped_for_the_age_of_an_event(shop: Backend, path: Path) -> None:
    await shop.answers.keep(StoredAnswer(caller=b"c", key="k", fingerprint=b"", status=201, body=b"{}", created_at=0))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE idempotency SET body = x'ff'")
    assert (await shop.privacy.forget_before(shop.clock.now())).answers == 0
    assert column(path, "SELECT key FROM idempotency") == ["k"]


async def test_the_books_are_whole_when_somebody_was_forgotten(path: Path, clock: ManualClock) -> None:
    async with (
        open_storage(new_database(path), Settings(), VAULT) as storage,
        open_backend(storage, Settings(), clock, on_fatal=fatal) as shop,
    ):
        await live(shop, clock)
        before = {check.name: check.looked_at for check in verify(path, vault=VAULT).checks}
        forgotten = await shop.privacy.erase("ada@example.com", by="admin")
        assert (forgotten.transactions, forgotten.tickets) == (3, 5)
    report = verify(path, vault=VAULT)
    assert report.ok
    after = {check.name: check.looked_at for check in report.checks}
    assert {name for name in before if after[name] != before[name]} <= {
        "SQLite finds the file intact",
        "what is sealed opens, and is found by its address",
    }


async def test_what_was_forgotten_is_forgotten_after_a_restart(path: Path, clock: ManualClock) -> None:
    async with (
        open_storage(new_database(path), Settings(), VAULT) as storage,
        open_backend(storage, Settings(), clock, on_fatal=fatal) as shop,
    ):
        await list_event(shop)
        await list_ticket_type(shop)
        bought = await sell(shop, ADA, [ADA, BEA])
        await shop.privacy.erase("ada@example.com", by="admin")
    async with (
        open_storage(new_database(path), Settings(), VAULT) as storage,
        open_backend(storage, Settings(), clock, on_fatal=fatal) as shop,
    ):
        assert await people_on(shop, bought) == (None, [None, "Bea Brown"])
        assert column(path, "SELECT count(buyer) + count(buyer_digest) FROM transactions") == [0]


async def test_an_account_is_told_and_forgotten_with_what_signs_it_in(shop: Backend, path: Path) -> None:
    ada = await shop.accounts.register("Ada@example.com", "correct horse battery")
    bea = await shop.accounts.register("bea@example.com", "correct horse battery")
    known = (await shop.privacy.export("ADA@example.com")).account
    assert known is not None
    assert (known.id, known.email, known.role) == (ada.account.id, ada.account.email, "user")
    assert (await shop.privacy.erase("ADA@example.com", by="admin")).accounts == 1
    assert column(path, "SELECT id FROM accounts") == [bea.account.id]
    assert column(path, "SELECT account_id FROM refresh_tokens") == [bea.account.id]
    with pytest.raises(InvalidRefreshToken):
        await shop.accounts.refresh(ada.refresh_token)
    assert (await shop.privacy.erase("ADA@example.com", by="admin")).accounts == 0
    await shop.accounts.register("ada@example.com", "correct horse battery")


async def test_a_lookup_by_address_opens_nothing_that_is_others(shop: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    await sell_much(shop)
    await sell(shop, BEA, [BEA])
    opened: list[str] = []
    real = Vault.open

    def count(self: Vault, sealed: str, purpose: str, **options: str) -> bytes:
        opened.append(purpose)
        return real(self, sealed, purpose, **options)

    monkeypatch.setattr(Vault, "open", count)
    assert (await shop.privacy.export("nobody@example.com")).bought == []
    assert opened == []
    assert len((await shop.privacy.export("ada@example.com")).bought) == 30
    assert len(set(opened)) == 30 * 3
