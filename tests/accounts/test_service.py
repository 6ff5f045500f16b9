"""Answers follow commits here too, and what could not be stored has not happened."""

import asyncio

import pytest

from actor_ticketing.accounts.service import Accounts
from actor_ticketing.domain.accounts import Role
from actor_ticketing.domain.errors import (
    EmailTaken,
    InvalidCredentials,
    InvalidRefreshToken,
    NotFound,
    StorageUnavailable,
)
from support.service import eventually, turns
from support.stores import StoreDouble

ADA = ("ada@example.com", "correct horse")


async def test_nobody_is_signed_in_before_the_commit(accounts: Accounts, store: StoreDouble) -> None:
    store.hold()
    registering = asyncio.create_task(accounts.register(*ADA))
    await eventually(lambda: store.committing == 1)
    await turns()
    assert not registering.done()
    with pytest.raises(InvalidCredentials):
        await accounts.sign_in(*ADA)
    store.release()
    assert (await registering).account == (await accounts.sign_in(*ADA)).account


async def test_who_registers_an_address_that_is_being_registered_waits_for_the_outcome(
    accounts: Accounts, store: StoreDouble
) -> None:
    store.hold()
    first = asyncio.create_task(accounts.register(*ADA))
    await eventually(lambda: store.committing == 1)
    second = asyncio.create_task(accounts.register("ADA@example.com", "another password"))
    await turns()
    assert not second.done()
    store.release()
    await first
    with pytest.raises(EmailTaken):
        await second


async def test_an_address_whose_registration_failed_is_free(accounts: Accounts, store: StoreDouble) -> None:
    store.fail_next()
    with pytest.raises(StorageUnavailable):
        await accounts.register(*ADA)
    with pytest.raises(InvalidCredentials):
        await accounts.sign_in(*ADA)
    await accounts.register(*ADA)


async def test_a_refresh_that_could_not_be_stored_may_be_tried_again(accounts: Accounts, store: StoreDouble) -> None:
    token = (await accounts.register(*ADA)).refresh_token
    store.fail_next()
    with pytest.raises(StorageUnavailable):
        await accounts.refresh(token)
    await accounts.refresh(token)


async def test_a_sign_out_while_a_refresh_is_under_way_ends_what_comes_of_it(
    accounts: Accounts, store: StoreDouble
) -> None:
    token = (await accounts.register(*ADA)).refresh_token
    store.hold()
    refreshing = asyncio.create_task(accounts.refresh(token))
    await eventually(lambda: store.committing == 1)
    leaving = asyncio.create_task(accounts.sign_out(token))
    await turns()
    store.release()
    refreshed = await refreshing
    await leaving
    with pytest.raises(InvalidRefreshToken):
        await accounts.refresh(refreshed.refresh_token)


async def test_closing_waits_for_what_is_under_way(accounts: Accounts, store: StoreDouble) -> None:
    store.hold()
    registering = asyncio.create_task(accounts.register(*ADA))
    await eventually(lambda: store.committing == 1)
    closing = asyncio.create_task(accounts.close())
    await turns()
    assert not closing.done()
    store.release()
    await closing
    assert (await registering).account.email == "ada@example.com"


async def test_a_role_for_an_address_without_an_account_is_refused(accounts: Accounts) -> None:
    with pytest.raises(NotFound, match="no such account"):
        await accounts.give_role("nobody@example.com", Role.ADMIN)
