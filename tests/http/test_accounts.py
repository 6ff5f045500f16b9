"""Register, sign in, and what nobody may learn from it."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import jwt
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from actor_ticketing.accounts.service import SignedIn
from actor_ticketing.domain.accounts import Account, PasswordRehashed, Role
from actor_ticketing.http.schemas import RefreshTokenBody, SignUpBody
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.verify import verify
from support.web import (
    JWT_SECRET,
    RESERVATIONS,
    Api,
    OpenApi,
    configured,
    failure_of,
    fields_of,
    make_token,
    purchase_of,
)

REGISTER = "/api/public/auth/register"
LOGIN = "/api/public/auth/login"
REFRESH = "/api/public/auth/refresh"
LOGOUT = "/api/public/auth/logout"
ADA = {"email": "Ada@example.com", "password": "correct horse"}


async def register(api: Api, **fields: Any) -> Any:
    return (await api.call("POST", REGISTER, {**ADA, **fields}, status=201))["data"]


async def login(api: Api, **fields: Any) -> Any:
    return (await api.call("POST", LOGIN, {**ADA, **fields}, status=200))["data"]


@contextmanager
def counted(api: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The hashes that the hasher is asked to make or to verify; how long one takes is its own doing."""
    calls: list[str] = []
    hasher = api.backend.accounts.passwords.hasher
    with monkeypatch.context() as patch:
        for name in ("hash", "verify"):
            real = getattr(hasher, name)

            def call(*args: Any, name: str = name, real: Any = real, **kwargs: Any) -> Any:
                calls.append(name)
                return real(*args, **kwargs)

            patch.setattr(hasher, name, call)
        yield calls


def contents_of(data_dir: Path) -> bytes:
    """Everything that the database's files hold."""
    return b"".join(file.read_bytes() for file in data_dir.glob("tickets.db*"))


async def test_registering_signs_in(api: Api) -> None:
    data = await register(api)
    assert data.keys() == {"token", "expiresAt", "refreshToken", "refreshExpiresAt", "user", "serverTime"}
    assert data["user"].keys() == {"id", "email"}
    assert data["user"]["id"].startswith("acct_")
    assert data["user"]["email"] == "Ada@example.com"
    assert (await api.call("GET", RESERVATIONS, token=data["token"], status=200))["data"] == []


async def test_signing_in_finds_the_same_account_under_any_spelling_of_the_address(api: Api) -> None:
    registered = await register(api)
    for email in ("ada@example.com", "ADA@EXAMPLE.COM", " Ada@Example.com "):
        signed_in = await login(api, email=email)
        assert signed_in["user"] == registered["user"]
        assert signed_in["token"] != registered["token"]
        assert signed_in["refreshToken"] != registered["refreshToken"]


async def test_the_token_names_the_account_and_is_short_lived(api: Api) -> None:
    data = await register(api)
    claims = jwt.decode(data["token"], JWT_SECRET, algorithms=["HS256"], audience="actor-ticketing")
    assert claims.keys() == {"sub", "iss", "aud", "iat", "exp", "jti"}
    assert (claims["sub"], claims["iss"]) == (data["user"]["id"], "actor-ticketing")
    assert claims["exp"] - claims["iat"] == 15 * 60
    assert abs(claims["iat"] - time.time()) < 60


async def test_answers_with_tokens_are_kept_by_no_cache(api: Api) -> None:
    assert (await api.send("POST", REGISTER, ADA)).headers["Cache-Control"] == "no-store"
    assert (await api.send("POST", LOGIN, ADA)).headers["Cache-Control"] == "no-store"


async def test_a_signed_in_buyer_purchases(api: Api) -> None:
    token = (await register(api))["token"]
    held = await api.reserve()
    path, body = purchase_of(held)
    await api.call("POST", path, body, token=token, status=201)


async def test_an_address_has_one_account(api: Api) -> None:
    await register(api)
    for email in ("Ada@example.com", "ada@EXAMPLE.com"):
        body = {"email": email, "password": "another password"}
        await api.refused("POST", REGISTER, body, status=409, code="email_taken")
    await api.refused("POST", LOGIN, {**ADA, "password": "another password"}, status=401)


async def test_of_many_who_register_an_address_at_once_one_gets_it(api: Api) -> None:
    bodies = [
        {"email": "ADA@example.com" if each % 2 else "ada@example.com", "password": f"password {each}"}
        for each in range(8)
    ]
    responses = await asyncio.gather(*(api.send("POST", REGISTER, body) for body in bodies))
    statuses = [response.status for response in responses]
    assert sorted(statuses) == [201] + [409] * 7
    await login(api, **bodies[statuses.index(201)])


async def test_one_who_hangs_up_leaves_the_address_to_nobody_else(api: Api) -> None:
    impatient = asyncio.create_task(api.backend.accounts.register("ada@example.com", "correct horse"))
    await asyncio.sleep(0)
    impatient.cancel()
    await api.refused("POST", REGISTER, ADA, status=409, code="email_taken")
    await login(api)


async def test_an_idempotency_key_counts_for_nothing_and_no_token_is_kept(api: Api, tmp_path: Path) -> None:
    headers = {"Idempotency-Key": "k"}
    data = (await api.call("POST", REGISTER, ADA, headers=headers, status=201))["data"]
    await api.refused("POST", REGISTER, ADA, headers=headers, status=409, code="email_taken")
    again = (await api.call("POST", LOGIN, ADA, headers=headers, status=200))["data"]
    assert again["refreshToken"] != data["refreshToken"]
    with closing(sqlite3.connect(tmp_path / DATABASE)) as database:
        assert database.execute("SELECT count(*) FROM idempotency").fetchone() == (0,)


async def test_an_unknown_address_and_a_wrong_password_get_the_same_answer(api: Api) -> None:
    await register(api)
    answers = []
    for body in ({**ADA, "password": "wrong horse"}, {**ADA, "email": "bob@example.com"}):
        response = await api.send("POST", LOGIN, body)
        await failure_of(response, status=401, code="invalid_credentials")
        assert response.headers["WWW-Authenticate"].startswith("Bearer ")
        unlike = {"X-Request-ID", "Date"}
        headers = {name: value for name, value in response.headers.items() if name not in unlike}
        answers.append((headers, await response.read()))
    assert answers[0] == answers[1]


async def test_an_unknown_address_costs_the_same_hashing_as_a_wrong_password(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register(api)
    work = {}
    for what, body in {
        "right": ADA,
        "wrong password": {**ADA, "password": "wrong horse"},
        "unknown address": {**ADA, "email": "bob@example.com"},
    }.items():
        with counted(api, monkeypatch) as calls:
            await api.send("POST", LOGIN, body)
        work[what] = calls
    assert all(calls == ["verify"] for calls in work.values()), work


@pytest.mark.parametrize(
    "password",
    [
        "12345678",
        "x" * 256,
        "pass word",
        "пароль пароль",
        "密码密码密码密码",
        "🐎🔋🖇🔑🐎🔋🖇🔑",
        "\"\\'; DROP TABLE accounts",
        "\uff46\uff55\uff4c\uff4c-width",
    ],
)
async def test_any_printable_password_will_do(api: Api, password: str) -> None:
    await register(api, password=password)
    await login(api, password=password)
    await api.refused("POST", LOGIN, {**ADA, "password": password[:-1]}, status=401, code="invalid_credentials")


async def test_a_password_is_the_same_however_a_keyboard_composes_its_letters(api: Api) -> None:
    await register(api, password="m\u00fcnster-\u00e9t\u00e9")
    await login(api, password="mu\u0308nster-e\u0301te\u0301")


@pytest.mark.parametrize(
    "password",
    ["", "1234567", "x" * 257, "with\ttab here", "with\u0000nul here", "zero\u200bwidth", "ada@example.com",
     "ADA@EXAMPLE.COM", "\ufdfa" * 100],
)  # fmt: skip
async def test_a_password_that_will_not_do_is_refused_and_not_repeated(api: Api, password: str) -> None:
    response = await api.send("POST", REGISTER, {**ADA, "password": password})
    assert fields_of(await failure_of(response, status=400, code="validation_error")) == {"password"}
    assert not password or json.dumps(password)[1:-1] not in await response.text()
    await api.refused("POST", LOGIN, {**ADA, "password": "correct horse"}, status=401)


@pytest.mark.parametrize("password", [12345678, None, ["correct horse"], {"a": "correct horse"}, True])
async def test_a_password_is_a_string(api: Api, password: Any) -> None:
    for path in (REGISTER, LOGIN):
        error = await api.refused("POST", path, {**ADA, "password": password}, status=400, code="validation_error")
        assert error["details"] == [{"field": "password", "problem": "must be a string"}]


@pytest.mark.parametrize(
    "email", ["", "ada", "ada@", "@example.com", "ada@exa mple.com", "a" * 300 + "@example.com", 7, None]
)
async def test_an_address_that_is_none_is_refused(api: Api, email: Any) -> None:
    for path in (REGISTER, LOGIN):
        error = await api.refused("POST", path, {**ADA, "email": email}, status=400, code="validation_error")
        assert fields_of(error) == {"email"}


@pytest.mark.parametrize("path", [REGISTER, LOGIN])
async def test_unknown_and_missing_fields_are_named(api: Api, path: str) -> None:
    error = await api.refused("POST", path, {"email": "a@b.test", "role": "admin"}, status=400)
    assert fields_of(error) == {"password", "role"}


def test_no_password_nor_token_shows_when_something_is_printed() -> None:
    account = Account(id="acct_1", email=ADA["email"], password="$argon2id$", role=Role.USER, created_at=0)
    printed = repr(
        [
            SignUpBody.model_validate_json(json.dumps(ADA)),
            RefreshTokenBody.model_validate_json('{"refreshToken": "s3cret"}'),
            SignedIn(account=account, refresh_token="s3cret", refresh_expires_at=0),
            PasswordRehashed(account_id="acct_1", password="$argon2id$"),
        ]
    )
    for secret in (ADA["password"], "s3cret", "argon2id"):
        assert secret not in printed
    assert "example.com" not in repr(account)


async def test_neither_a_password_nor_a_token_lies_in_the_database(api: Api, tmp_path: Path) -> None:
    data = await register(api)
    files = contents_of(tmp_path)
    for secret in (ADA["password"], data["refreshToken"], data["token"], "example.com"):
        assert secret.encode() not in files


async def test_a_hash_of_former_parameters_is_made_anew_at_the_next_login(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
    with monkeypatch.context() as patch:
        patch.setattr(api.backend.accounts.passwords, "_scheme", former)
        await register(api)
    await login(api)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as database:
        [(hashed,)] = database.execute("SELECT password FROM accounts").fetchall()
    assert not api.backend.accounts.passwords.hasher.check_needs_rehash(hashed)
    await login(api)


async def test_an_account_that_was_made_an_admin_opens_the_admin_routes(api: Api) -> None:
    token = (await register(api))["token"]
    await api.refused("GET", "/api/admin/events", token=token, status=403)
    account = await api.backend.accounts.give_role("ADA@example.com", Role.ADMIN)
    assert account.role is Role.ADMIN
    await api.refused("GET", "/api/admin/events", token=token, status=403)
    await api.call("GET", "/api/admin/events", token=(await login(api))["token"], status=200)
    await api.backend.accounts.give_role("ada@example.com", Role.USER)
    await api.refused("GET", "/api/admin/events", token=(await login(api))["token"], status=403)


async def test_accounts_survive_a_restart(open_api: OpenApi, tmp_path: Path) -> None:
    async with open_api() as api:
        registered = await register(api)
    async with open_api() as api:
        assert (await login(api))["user"] == registered["user"]
        await api.call("GET", RESERVATIONS, token=registered["token"], status=200)
    report = verify(tmp_path / DATABASE)
    assert report.ok, report


@configured(accounts={"enabled": False})
@pytest.mark.parametrize("path", [REGISTER, LOGIN, REFRESH, LOGOUT])
async def test_without_accounts_there_is_nothing_at_these_addresses(api: Api, path: str) -> None:
    for method in ("POST", "GET"):
        await api.refused(method, path, None, status=404, code="route_not_found")


@configured(accounts={"min_password_length": 12, "access_minutes": 5})
async def test_the_operator_sets_how_long_passwords_are_and_tokens_last(api: Api) -> None:
    await api.refused("POST", REGISTER, {**ADA, "password": "x" * 11}, status=400)
    data = await register(api, password="x" * 12)
    claims = jwt.decode(data["token"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 300


async def test_the_addresses_take_only_posts_of_json(api: Api) -> None:
    for path in (REGISTER, LOGIN, REFRESH, LOGOUT):
        await api.refused("GET", path, status=405)
        response = await api.client.post(path, data="email=a@b.test")
        await failure_of(response, status=415)


async def test_a_bearer_token_does_not_matter_here(api: Api) -> None:
    for token in (make_token(), "nonsense"):
        await api.call("POST", REGISTER, {**ADA, "email": f"{len(token)}@b.test"}, token=token, status=201)
