"""Hashing: argon2id, the same work whoever asks, and no more of it than can be borne."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from actor_ticketing.accounts.passwords import Passwords
from actor_ticketing.domain.errors import Draining, Overloaded
from support.service import eventually


@pytest.fixture
async def passwords() -> AsyncIterator[Passwords]:
    opened = Passwords(workers=1, waiting_max=1)
    yield opened
    await opened.close()


class Gate:
    """Holds whatever passes, in its thread."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, passwords: Passwords) -> None:
        self.entered = 0
        self.opened = threading.Event()
        real = passwords.hasher.hash

        def hold(*args: Any, **kwargs: Any) -> str:
            self.entered += 1
            self.opened.wait(10)
            return real(*args, **kwargs)

        monkeypatch.setattr(passwords.hasher, "hash", hold)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch, passwords: Passwords) -> Gate:
    return Gate(monkeypatch, passwords)


async def test_a_password_matches_its_own_hash_and_no_other(passwords: Passwords) -> None:
    hashed = await passwords.hash("correct horse")
    assert hashed.startswith("$argon2id$")
    assert await passwords.verify("correct horse", hashed) == (True, None)
    assert await passwords.verify("correct hose", hashed) == (False, None)


async def test_two_hashes_of_one_password_differ(passwords: Passwords) -> None:
    assert await passwords.hash("correct horse") != await passwords.hash("correct horse")


async def test_nobodys_hash_is_made_like_all_others_and_matches_nothing(passwords: Passwords) -> None:
    assert not passwords.hasher.check_needs_rehash(passwords._of_nobody)
    real = await passwords.hash("x")
    assert [len(part) for part in passwords._of_nobody.split("$")] == [len(part) for part in real.split("$")]
    for password in ("", "x", "correct horse"):
        assert await passwords.verify(password, None) == (False, None)


async def test_a_hash_of_former_parameters_is_made_anew_once_it_has_matched(passwords: Passwords) -> None:
    former = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),)).hash("correct horse")
    assert await passwords.verify("wrong", former) == (False, None)
    matches, rehashed = await passwords.verify("correct horse", former)
    assert matches
    assert rehashed is not None
    assert await passwords.verify("correct horse", rehashed) == (True, None)


async def test_who_comes_when_too_many_wait_is_turned_away(passwords: Passwords, gate: Gate) -> None:
    waiting = [asyncio.create_task(passwords.hash("a")) for _ in range(2)]
    await eventually(lambda: gate.entered == 1)
    with pytest.raises(Overloaded):
        await passwords.hash("b")
    gate.opened.set()
    await asyncio.gather(*waiting)
    assert await passwords.hash("b")


async def test_one_who_gives_up_keeps_the_place_until_the_thread_is_free(passwords: Passwords, gate: Gate) -> None:
    waiting = [asyncio.create_task(passwords.hash("a")) for _ in range(2)]
    await eventually(lambda: gate.entered == 1)
    waiting[0].cancel()
    await asyncio.gather(waiting[0], return_exceptions=True)
    with pytest.raises(Overloaded):
        await passwords.hash("b")
    gate.opened.set()
    assert await waiting[1]


async def test_closing_waits_for_what_has_begun_and_refuses_the_rest(passwords: Passwords, gate: Gate) -> None:
    begun, waits = (asyncio.create_task(passwords.hash("a")) for _ in range(2))
    await eventually(lambda: gate.entered == 1)
    closing = asyncio.create_task(passwords.close())
    await eventually(lambda: passwords._closed)
    gate.opened.set()
    await closing
    assert (await begun).startswith("$argon2id$")
    with pytest.raises(Draining):
        await waits
    with pytest.raises(Draining):
        await passwords.hash("b")
