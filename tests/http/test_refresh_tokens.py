"""Staying signed in: a refresh token serves once, and whoever uses a copy ends them all."""

import asyncio
from hashlib import sha256
from typing import Any

import pytest

from actor_ticketing.domain.accounts import Role
from support.service import eventually, gone
from support.web import RESERVATIONS, Api, OpenApi, configured, failure_of, fields_of
from tests.http.test_accounts import ADA, LOGOUT, REFRESH, login, register

DAY = 24 * 60 * 60 * 1_000


async def refresh(api: Api, token: str) -> Any:
    return (await api.call("POST", REFRESH, {"refreshToken": token}, status=200))["data"]


async def refuses(api: Api, token: str) -> None:
    response = await api.send("POST", REFRESH, {"refreshToken": token})
    await failure_of(response, status=401, code="invalid_refresh_token")
    assert response.headers["WWW-Authenticate"].startswith("Bearer ")


async def log_out(api: Api, token: str) -> None:
    await api.call("POST", LOGOUT, {"refreshToken": token}, status=200)


async def test_a_refresh_token_is_traded_for_the_next_one(api: Api) -> None:
    first = await register(api)
    second = await refresh(api, first["refreshToken"])
    assert second.keys() == first.keys()
    assert second["user"] == first["user"]
    assert len({first["token"], second["token"], first["refreshToken"], second["refreshToken"]}) == 4
    await api.call("GET", RESERVATIONS, token=second["token"], status=200)
    await refresh(api, second["refreshToken"])


async def test_a_second_use_ends_the_whole_family(api: Api) -> None:
    first = await register(api)
    second = await refresh(api, first["refreshToken"])
    third = await refresh(api, second["refreshToken"])
    await refuses(api, first["refreshToken"])
    for each in (first, second, third):
        await refuses(api, each["refreshToken"])


async def test_another_signing_in_goes_on(api: Api) -> None:
    first, other = await register(api), await login(api)
    await refresh(api, first["refreshToken"])
    await refuses(api, first["refreshToken"])
    await refresh(api, other["refreshToken"])


async def test_of_two_uses_at_once_one_succeeds_and_the_family_ends(api: Api) -> None:
    token = (await register(api))["refreshToken"]
    responses = await asyncio.gather(*(api.send("POST", REFRESH, {"refreshToken": token}) for _ in range(5)))
    assert sorted(response.status for response in responses) == [200] + [401] * 4
    [good] = [response for response in responses if response.status == 200]
    await refuses(api, (await good.json())["data"]["refreshToken"])


async def test_a_caller_who_hangs_up_does_not_let_the_token_be_used_twice(api: Api) -> None:
    token = (await register(api))["refreshToken"]
    impatient = asyncio.create_task(api.backend.accounts.refresh(token))
    await eventually(lambda: bool(api.backend.accounts._turns._unbroken._under_way))
    impatient.cancel()
    await refuses(api, token)


async def test_it_ends_by_itself_and_each_trade_begins_its_time_anew(api: Api) -> None:
    first = await register(api)
    api.clock.advance(30 * DAY - 1)
    second = await refresh(api, first["refreshToken"])
    api.clock.advance(30 * DAY)
    await refuses(api, second["refreshToken"])


@configured(accounts={"refresh_days": 0.5})
async def test_the_operator_sets_how_long_it_lasts(api: Api) -> None:
    first = await register(api)
    api.clock.advance(DAY // 2)
    await refuses(api, first["refreshToken"])


async def test_logging_out_ends_the_family_and_no_other(api: Api) -> None:
    first, other = await register(api), await login(api)
    second = await refresh(api, first["refreshToken"])
    await log_out(api, second["refreshToken"])
    await refuses(api, second["refreshToken"])
    await refresh(api, other["refreshToken"])


async def test_a_used_token_logs_out_as_well(api: Api) -> None:
    first = await register(api)
    second = await refresh(api, first["refreshToken"])
    await log_out(api, first["refreshToken"])
    await refuses(api, second["refreshToken"])


async def test_logging_out_says_nothing_about_the_token(api: Api) -> None:
    token = (await register(api))["refreshToken"]
    answers = [
        await (await api.send("POST", LOGOUT, {"refreshToken": each})).read() for each in (token, token, "nonsense")
    ]
    assert len(set(answers)) == 1


@pytest.mark.parametrize("path", [REFRESH, LOGOUT])
@pytest.mark.parametrize(
    "body",
    [{}, *({"refreshToken": each} for each in (None, 7, "", "x" * 1025, "ä" * 43, "\u0000", "with space"))],
)
async def test_what_is_no_token_at_all_is_refused_by_name(api: Api, path: str, body: Any) -> None:
    assert fields_of(await api.refused("POST", path, body, status=400, code="validation_error")) == {"refreshToken"}


@pytest.mark.parametrize("token", ["nonsense", "x" * 43])
async def test_a_token_that_was_never_given_is_refused(api: Api, token: str) -> None:
    await register(api)
    await refuses(api, token)


async def test_an_access_token_is_no_refresh_token_nor_the_reverse(api: Api) -> None:
    data = await register(api)
    await refuses(api, data["token"])
    await api.refused("GET", RESERVATIONS, token=data["refreshToken"], status=401)


async def test_a_refreshed_token_has_the_role_of_today(api: Api) -> None:
    data = await register(api)
    await api.backend.accounts.give_role(ADA["email"], Role.ADMIN)
    token = (await refresh(api, data["refreshToken"]))["token"]
    await api.call("GET", "/api/admin/events", token=token, status=200)


async def test_what_has_ended_is_forgotten(api: Api) -> None:
    first = await register(api)
    api.clock.advance(30 * DAY - 1)
    later = await login(api)
    api.clock.advance(2)
    queries = api.backend.accounts._queries
    ended, good = [sha256(each["refreshToken"].encode()).digest() for each in (first, later)]
    await gone(lambda: queries.refresh_token(ended))
    assert await queries.refresh_token(good) is not None


async def test_refresh_tokens_survive_a_restart_used_ones_included(open_api: OpenApi) -> None:
    async with open_api() as api:
        first = await register(api)
        second = await refresh(api, first["refreshToken"])
        other = await login(api)
    async with open_api() as api:
        third = await refresh(api, second["refreshToken"])
        await refuses(api, first["refreshToken"])
        await refuses(api, third["refreshToken"])
        await log_out(api, other["refreshToken"])
    async with open_api() as api:
        await refuses(api, other["refreshToken"])
