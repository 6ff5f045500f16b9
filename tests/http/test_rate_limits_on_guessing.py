"""Limits on wrong passwords and other wrong credentials."""

import asyncio

import pytest

from support.limits import LIMITED, PROXY, behind_proxy, limits
from support.web import (
    ADMIN_TOKEN,
    CLEANUP,
    CRON,
    Api,
    configured,
)


@configured(**limits(operator_per_address="3/minute", sign_in_per_address="1/minute"))
@pytest.mark.parametrize("path", [CLEANUP, CRON, "/api/admin/events"])
async def test_guessing_at_secrets_ends_soon_even_with_the_right_one(api: Api, path: str) -> None:
    for number in range(3):
        await api.refused("GET", path, token=f"guess-{number}", status=401)
    await api.refused("GET", path, token=ADMIN_TOKEN, **LIMITED)
    api.clock.advance(60_000)
    await api.call("GET", CLEANUP, token=ADMIN_TOKEN, status=200)


@configured(**limits(operator_per_address="1/minute", sign_in_per_address="1/minute"))
async def test_whoever_signs_in_in_vain_does_not_shut_the_operator_out(api: Api) -> None:
    for _ in range(3):
        await api.send("POST", LOGIN, SIGN_UP)
    await api.call("GET", CLEANUP, token=ADMIN_TOKEN, status=200)


@configured(**limits(operator_per_address="3/minute"))
async def test_good_credentials_are_never_counted(api: Api) -> None:
    for _ in range(10):
        await api.call("GET", CLEANUP, token=ADMIN_TOKEN, status=200)


SIGN_UP = {"email": "ada@example.com", "password": "correct horse battery"}


REGISTER, LOGIN = "/api/public/auth/register", "/api/public/auth/login"


@configured(**limits(sign_in_per_account_and_address="3/15 minutes"), **PROXY)
async def test_an_accounts_password_cannot_be_guessed_at_will_and_its_owner_is_not_locked_out(api: Api) -> None:
    thief, owner = behind_proxy("198.51.100.1"), behind_proxy("198.51.100.2")
    await api.call("POST", REGISTER, SIGN_UP, status=201)
    for number in range(3):
        wrong = {**SIGN_UP, "email": "ADA@example.com", "password": f"a wrong guess {number}"}
        await api.refused("POST", LOGIN, wrong, headers=thief, status=401, code="invalid_credentials")
    await api.refused("POST", LOGIN, SIGN_UP, headers=thief, **LIMITED)
    await api.refused("POST", LOGIN, {**SIGN_UP, "email": "bob@example.com"}, headers=thief, status=401)
    await api.call("POST", LOGIN, SIGN_UP, headers=owner, status=200)
    api.clock.advance(15 * 60_000)
    await api.call("POST", LOGIN, SIGN_UP, headers=thief, status=200)


@configured(**limits(sign_in_per_account="3/15 minutes"), **PROXY)
async def test_nor_from_many_addresses_together(api: Api) -> None:
    await api.call("POST", REGISTER, SIGN_UP, status=201)
    wrong = {**SIGN_UP, "password": "a wrong guess"}
    answers = [
        (await api.send("POST", LOGIN, wrong, headers=behind_proxy(f"198.51.100.{number}"))).status
        for number in range(5)
    ]
    assert answers == [401] * 3 + [429] * 2


@configured(**limits(sign_in_per_account="3/15 minutes"))
async def test_many_guesses_at_once_get_no_further(api: Api) -> None:
    wrong = {**SIGN_UP, "password": "a wrong guess"}
    responses = await asyncio.gather(*(api.send("POST", LOGIN, wrong) for _ in range(8)))
    assert sorted(response.status for response in responses) == [401] * 3 + [429] * 5


@configured(**limits(sign_in_per_account="3/15 minutes"))
async def test_signing_in_with_the_right_password_is_never_counted(api: Api) -> None:
    await api.call("POST", REGISTER, SIGN_UP, status=201)
    for _ in range(6):
        await api.call("POST", LOGIN, SIGN_UP, status=200)


@configured(**limits(sign_in_per_address="2/minute"))
async def test_an_address_registers_and_signs_in_only_so_often(api: Api) -> None:
    await api.call("POST", REGISTER, SIGN_UP, status=201)
    await api.call("POST", LOGIN, SIGN_UP, status=200)
    await api.refused("POST", REGISTER, {**SIGN_UP, "email": "bob@example.com"}, **LIMITED)
    await api.refused("POST", LOGIN, SIGN_UP, **LIMITED)


@configured(**limits(sign_in_per_account="1/minute", sign_in_per_account_and_address="2/hour"), **PROXY)
async def test_who_is_refused_for_what_others_have_guessed_loses_no_try_of_their_own(api: Api) -> None:
    await api.call("POST", REGISTER, SIGN_UP, status=201)
    wrong = {**SIGN_UP, "password": "a wrong guess"}
    await api.refused("POST", LOGIN, wrong, headers=behind_proxy("198.51.100.1"), status=401)
    for _ in range(5):
        await api.refused("POST", LOGIN, SIGN_UP, headers=behind_proxy("198.51.100.2"), **LIMITED)
    api.clock.advance(60_000)
    await api.call("POST", LOGIN, SIGN_UP, headers=behind_proxy("198.51.100.2"), status=200)
