"""Accounts and refresh tokens, whichever store keeps them; and what SQLite's file shows of them."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from actor_ticketing.app import open_storage
from actor_ticketing.config import Settings
from actor_ticketing.domain.accounts import (
    Account,
    AccountRecord,
    AccountRegistered,
    PasswordRehashed,
    RefreshFamilyEnded,
    RefreshToken,
    RefreshTokenIssued,
    RefreshTokensForgotten,
    RefreshTokenUsed,
    Role,
    RoleGiven,
)
from actor_ticketing.domain.ports import Entry
from actor_ticketing.persistence.beside import statements_of_record
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.vault import DataKey, Vault
from support.history import NOW
from support.vaults import VAULT

if TYPE_CHECKING:
    from conftest import Books

ADA = Account(id="acct_ada", email="Ada@example.com", password="$argon2id$ada", role=Role.USER, created_at=NOW)
TOKEN = RefreshToken(digest=b"1" * 32, family="f", account_id=ADA.id, created_at=NOW, expires_at=NOW + 1000)


async def write(books: "Books", *records: AccountRecord) -> None:
    await books.write(Entry(records=records))
    assert books.failures == []


@pytest.fixture
async def registered(books: "Books") -> "Books":
    """Ada's account, with a refresh token."""
    await write(books, AccountRegistered(account=ADA), RefreshTokenIssued(token=TOKEN))
    return books


async def test_an_account_is_found_by_its_address_in_any_case_and_by_its_id(registered: "Books") -> None:
    assert await registered.queries.account_of("ada@example.com") == ADA
    assert await registered.queries.account(ADA.id) == ADA


async def test_who_has_no_account_is_not_found(registered: "Books") -> None:
    assert await registered.queries.account_of("bob@example.com") is None
    assert await registered.queries.account("acct_bob") is None
    assert await registered.queries.refresh_token(b"2" * 32) is None


async def test_a_password_and_a_role_change(registered: "Books") -> None:
    await write(
        registered, PasswordRehashed(account_id=ADA.id, password="new"), RoleGiven(account_id=ADA.id, role=Role.ADMIN)
    )
    assert await registered.queries.account(ADA.id) == replace(ADA, password="new", role=Role.ADMIN)


async def test_a_used_token_is_still_known(registered: "Books") -> None:
    await write(registered, RefreshTokenUsed(digest=TOKEN.digest, at=NOW + 5))
    assert await registered.queries.refresh_token(TOKEN.digest) == replace(TOKEN, used_at=NOW + 5)


async def test_a_family_ends_as_a_whole_and_alone(registered: "Books") -> None:
    second, other = replace(TOKEN, digest=b"2" * 32), replace(TOKEN, digest=b"3" * 32, family="g")
    await write(registered, RefreshTokenIssued(token=second), RefreshTokenIssued(token=other))
    await write(registered, RefreshFamilyEnded(family="f"))
    found = [await registered.queries.refresh_token(each.digest) for each in (TOKEN, second, other)]
    assert found == [None, None, other]


async def test_only_tokens_that_have_ended_are_forgotten(registered: "Books") -> None:
    await write(registered, RefreshTokensForgotten(expired_before=TOKEN.expires_at))
    assert await registered.queries.refresh_token(TOKEN.digest) == TOKEN
    await write(registered, RefreshTokensForgotten(expired_before=TOKEN.expires_at + 1))
    assert await registered.queries.refresh_token(TOKEN.digest) is None


async def test_what_concerns_an_account_that_has_gone_fails_nobody(books: "Books") -> None:
    await write(
        books,
        RefreshTokenIssued(token=TOKEN),
        PasswordRehashed(account_id=ADA.id, password="new"),
        RoleGiven(account_id=ADA.id, role=Role.ADMIN),
        RefreshTokenUsed(digest=TOKEN.digest, at=NOW),
        RefreshFamilyEnded(family="f"),
    )
    assert await books.queries.refresh_token(TOKEN.digest) is None
    assert await books.queries.account(ADA.id) is None


def contents_of(data_dir: Path) -> bytes:
    return b"".join(file.read_bytes() for file in data_dir.iterdir())


async def write_to(path: Path, vault: Vault, *records: AccountRecord) -> None:
    async with open_storage(path, Settings(), vault) as storage:
        await storage.store.commit([Entry(records=records)])


async def test_neither_the_address_nor_a_token_can_be_read_from_the_file(tmp_path: Path) -> None:
    await write_to(tmp_path / DATABASE, VAULT, AccountRegistered(account=ADA), RefreshTokenIssued(token=TOKEN))
    with closing(sqlite3.connect(tmp_path / DATABASE)) as database:
        [(digest, email)] = database.execute("SELECT email_digest, email FROM accounts").fetchall()
    assert digest == VAULT.digest("ada@example.com")
    assert VAULT.open(email, f"account.email:{ADA.id}") == b"Ada@example.com"
    assert b"example.com" not in contents_of(tmp_path)


async def test_an_account_is_found_after_the_data_key_has_changed(tmp_path: Path) -> None:
    former, present = DataKey("a", b"a" * 32), DataKey("b", b"b" * 32)
    await write_to(tmp_path / DATABASE, Vault([former]), AccountRegistered(account=ADA))
    async with open_storage(tmp_path / DATABASE, Settings(), Vault([present, former])) as storage:
        assert await storage.queries.account_of("ada@example.com") == ADA


async def test_the_tokens_go_with_their_account(tmp_path: Path) -> None:
    await write_to(tmp_path / DATABASE, VAULT, AccountRegistered(account=ADA), RefreshTokenIssued(token=TOKEN))
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as database:
        database.execute("PRAGMA foreign_keys = ON")
        database.execute("DELETE FROM accounts")
        assert database.execute("SELECT count(*) FROM refresh_tokens").fetchone() == (0,)


async def test_many_tokens_that_have_ended_are_forgotten_a_portion_at_a_time(tmp_path: Path) -> None:
    tokens = [RefreshTokenIssued(token=replace(TOKEN, digest=number.to_bytes(32))) for number in range(1_001)]
    await write_to(tmp_path / DATABASE, VAULT, AccountRegistered(account=ADA), *tokens)
    for left in (1, 0):
        await write_to(tmp_path / DATABASE, VAULT, RefreshTokensForgotten(expired_before=NOW * 2))
        with closing(sqlite3.connect(tmp_path / DATABASE)) as database:
            assert database.execute("SELECT count(*) FROM refresh_tokens").fetchone() == (left,)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 FROM accounts WHERE email_digest IN (?, ?)",
        "DELETE FROM refresh_tokens WHERE family = ?",
        "DELETE FROM refresh_tokens WHERE account_id = ?",
        "SELECT digest FROM refresh_tokens WHERE expires_at < ? ORDER BY expires_at LIMIT 10",
    ],
)
async def test_nothing_walks_through_a_whole_table(tmp_path: Path, sql: str) -> None:
    await write_to(tmp_path / DATABASE, VAULT)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as database:
        plan = database.execute(f"EXPLAIN QUERY PLAN {sql}", ("x",) * sql.count("?")).fetchall()
    assert all("SCAN" not in step[3] for step in plan), plan


def test_a_kind_without_a_table_is_a_defect() -> None:
    with pytest.raises(TypeError, match="AccountRecord"):
        statements_of_record(AccountRecord(), VAULT)
