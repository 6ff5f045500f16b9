"""A token that was good a moment ago is not checked again, and its times are."""

import time
from typing import Any

import jwt
import pytest

from actor_ticketing.domain.errors import Unauthenticated
from actor_ticketing.http import tokens
from actor_ticketing.http.tokens import FixedKey, Identity, Issuer, TokenChecker, TokenMinter, shared_key
from support.web import JWT_SECRET, make_token


class Signatures:
    """Counts how many signatures were checked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.checked = 0
        real = jwt.decode

        def decode(*args: Any, **kwargs: Any) -> Any:
            self.checked += 1
            return real(*args, **kwargs)

        monkeypatch.setattr(tokens.jwt, "decode", decode)


@pytest.fixture
def signatures(monkeypatch: pytest.MonkeyPatch) -> Signatures:
    return Signatures(monkeypatch)


class Wall:
    """A system clock that is stepped; seconds."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def checker(wall: Wall) -> TokenChecker:
    keys = FixedKey(shared_key(JWT_SECRET, ["HS256"]))
    issuer = Issuer(name="actor-ticketing", audience="actor-ticketing", algorithms=["HS256"], keys=keys, is_ours=True)
    return TokenChecker([issuer], leeway_seconds=5, now=wall)


async def test_a_signature_is_checked_once(checker: TokenChecker, signatures: Signatures) -> None:
    token = make_token("ada", role="admin")
    for _ in range(3):
        assert await checker.identify(token) == Identity(user_id="ada", is_admin=True)
    assert signatures.checked == 1


async def test_two_tokens_are_not_taken_for_one_another(checker: TokenChecker) -> None:
    for user in ("ada", "bob", "ada"):
        assert (await checker.identify(make_token(user))).user_id == user


async def test_a_remembered_token_expires_all_the_same(checker: TokenChecker, wall: Wall) -> None:
    token = make_token(exp=int(wall.now) + 60)
    await checker.identify(token)
    wall.now = int(wall.now) + 60 + 4.9
    await checker.identify(token)
    wall.now += 0.1
    with pytest.raises(Unauthenticated, match="expired"):
        await checker.identify(token)


@pytest.mark.parametrize("claim", ["nbf", "iat"])
async def test_a_remembered_token_is_not_good_before_its_time(checker: TokenChecker, wall: Wall, claim: str) -> None:
    token = make_token(**{claim: int(wall.now)})
    await checker.identify(token)
    wall.now -= 60
    with pytest.raises(Unauthenticated, match="not valid"):
        await checker.identify(token)


async def test_a_token_that_is_no_good_is_not_remembered(
    checker: TokenChecker, signatures: Signatures, wall: Wall
) -> None:
    for token in (make_token(key=JWT_SECRET + "x"), make_token(exp=int(wall.now) - 60)):
        for _ in range(2):
            with pytest.raises(Unauthenticated):
                await checker.identify(token)
    assert signatures.checked == 4
    assert not checker._remembered


async def test_only_so_many_are_remembered_and_the_oldest_go_first(
    checker: TokenChecker, signatures: Signatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "REMEMBERED_MAX", 2)
    one, two, three = (make_token(user) for user in ("a", "b", "c"))
    for token in (one, two, one, three):
        await checker.identify(token)
    assert (signatures.checked, list(checker._remembered)) == (3, [one, three])


async def test_an_endless_token_is_not_remembered(checker: TokenChecker) -> None:
    await checker.identify(make_token(note="x" * 3_000))
    assert not checker._remembered


@pytest.mark.parametrize(
    "claims",
    [{"exp": "2099"}, {"exp": True}, {"exp": [1]}, {"nbf": "0"}, {"nbf": {}}, {"iat": "0"}, {"sub": 7}, {"sub": ["a"]}],
)
async def test_claims_of_the_wrong_kind_are_refused(checker: TokenChecker, claims: dict[str, Any]) -> None:
    document = {"sub": "ada", "iss": "actor-ticketing", "aud": "actor-ticketing", "exp": int(time.time()) + 60}
    token = jwt.api_jws.encode(tokens.jwt.api_jwt.json.dumps({**document, **claims}).encode(), JWT_SECRET)
    with pytest.raises(Unauthenticated):
        await checker.identify(token)


async def test_what_we_mint_we_believe(checker: TokenChecker, wall: Wall) -> None:
    minter = TokenMinter(
        secret=JWT_SECRET,
        issuer="actor-ticketing",
        audience="actor-ticketing",
        algorithm="HS256",
        seconds=60,
        now=wall,
    )
    token, ends = minter.mint("ada", is_admin=False)
    assert ends == (int(wall.now) + 60) * 1000
    assert await checker.identify(token) == Identity(user_id="ada")
    assert (await checker.identify(minter.mint("ada", is_admin=True)[0])).is_admin
    assert minter.mint("ada", is_admin=False)[0] != token
