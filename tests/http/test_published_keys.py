"""The keys that an identity provider publishes: fetched, kept, changed, and not to be had."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from actor_ticketing.clock import ManualClock
from actor_ticketing.http.jwks import BYTES_MAX, FIRST_RETRY_SECONDS, RETRY_SECONDS, JwksKeys
from actor_ticketing.http.tokens import Issuer
from support.provider import AUDIENCE, OTHER_RSA, P256, PROVIDER, RSA, KeyServer, jwk_of, provider_token
from support.web import RESERVATIONS, Api, OpenApi, failure_of, make_token
from tests.http.test_external_issuers import BAD, SECRET, accepts, claims, encoded, refuses, signed_with_text


def issuer_of(api: Api) -> Issuer:
    """The provider, as the service knows it."""
    return api.doors.authenticator._tokens._issuers[PROVIDER]


def answering(*, status: int = 200, body: bytes = b"", headers: dict[str, str] | None = None) -> Any:
    """What a key server may answer instead."""

    async def answer() -> web.Response:
        return web.Response(status=status, body=body, headers=headers)

    return answer


@pytest.fixture
async def server() -> AsyncIterator[KeyServer]:
    server = KeyServer()
    await server.start()
    yield server
    await server.close()


@pytest.fixture
def overrides(server: KeyServer) -> dict[str, Any]:
    algorithms = ["RS256", "ES256"]
    return {"issuer": {"name": PROVIDER, "audience": AUDIENCE, "jwks_url": server.url, "algorithms": algorithms}}


@pytest.fixture
async def api(open_api: OpenApi, clock: ManualClock) -> AsyncIterator[Api]:
    async with open_api() as opened:
        keys = issuer_of(opened).keys
        assert isinstance(keys, JwksKeys)
        keys._monotonic = lambda: clock.now() / 1000
        yield opened


async def test_the_providers_users_sign_in_and_the_keys_are_fetched_once(api: Api, server: KeyServer) -> None:
    for number in range(5):
        await accepts(api, provider_token(f"user-{number}"))
    assert server.fetches == 1


async def test_our_own_tokens_need_no_fetch(api: Api, server: KeyServer) -> None:
    await accepts(api, make_token())
    assert server.fetches == 0


@pytest.mark.parametrize("what", BAD)
async def test_a_bad_token_is_refused(api: Api, what: str) -> None:
    await refuses(api, BAD[what], what)


async def test_many_who_come_first_share_one_fetch(api: Api, server: KeyServer) -> None:
    await asyncio.gather(*(accepts(api, provider_token(f"user-{number}")) for number in range(10)))
    assert server.fetches == 1


async def test_keys_are_fetched_again_when_they_are_old(api: Api, server: KeyServer) -> None:
    await accepts(api, token := provider_token())
    api.clock.advance(599_999)
    await accepts(api, token)
    assert server.fetches == 1
    api.clock.advance(1)
    await accepts(api, token)
    assert server.fetches == 2


async def test_a_new_key_is_fetched_when_a_token_names_it(api: Api, server: KeyServer) -> None:
    await accepts(api, provider_token())
    server.keys.append(jwk_of(OTHER_RSA, "k2"))
    api.clock.advance(round(RETRY_SECONDS * 1000))
    await accepts(api, provider_token(key=OTHER_RSA, kid="k2"))
    await accepts(api, provider_token("user-2"))
    assert server.fetches == 2


async def test_unknown_keys_cause_a_fetch_only_now_and_then(api: Api, server: KeyServer) -> None:
    await accepts(api, provider_token())
    for number in range(5):
        await refuses(api, provider_token(kid=f"unknown-{number}"))
    assert server.fetches == 1
    api.clock.advance(round(RETRY_SECONDS * 1000))
    for number in range(5):
        await refuses(api, provider_token(kid=f"unknown-{number}"))
    assert server.fetches == 2


async def test_a_key_that_is_withdrawn_opens_nothing_more_also_not_for_tokens_seen_before(
    api: Api, server: KeyServer
) -> None:
    await accepts(api, token := provider_token())
    server.keys = [jwk_of(OTHER_RSA, "k2")]
    api.clock.advance(600_000)
    await refuses(api, token)
    await accepts(api, provider_token(key=OTHER_RSA, kid="k2"))


async def test_while_the_provider_is_down_the_last_keys_stay_in_use(api: Api, server: KeyServer) -> None:
    await accepts(api, token := provider_token())
    await server.close()
    api.clock.advance(3_600_000)
    await accepts(api, token)
    await accepts(api, provider_token("user-2"))


async def test_an_unknown_key_is_nobodys_fault_while_the_provider_is_down(api: Api, server: KeyServer) -> None:
    await accepts(api, provider_token())
    server.answer = answering(status=500)
    api.clock.advance(round(RETRY_SECONDS * 1000))
    response = await api.send("GET", RESERVATIONS, token=provider_token(key=OTHER_RSA, kid="k2"))
    await failure_of(response, status=503, code="unavailable")


async def test_without_any_keys_it_is_503_and_soon_tried_again(api: Api, server: KeyServer) -> None:
    server.answer = answering(status=500)
    for _ in range(3):
        response = await api.send("GET", RESERVATIONS, token=provider_token())
        await failure_of(response, status=503, code="unavailable")
        assert int(response.headers["Retry-After"]) > 0
    assert server.fetches == 1
    server.answer = None
    api.clock.advance(round(FIRST_RETRY_SECONDS * 1000))
    await accepts(api, provider_token())


async def test_neither_guests_nor_our_own_users_notice_that_the_provider_is_down(api: Api, server: KeyServer) -> None:
    await server.close()
    await accepts(api, make_token())
    await api.call("GET", f"{RESERVATIONS}?sessionId=s1", status=200)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"no JSON", b"[]", b"{}", b"7", b'{"keys": 7}', b'{"keys": null}', b'{"keys": [7]}',
        b'{"keys": ["k1"]}', b'{"keys": {"k1": 1}}', b"[" * 100_000, b"\xff\xfe",
    ],
)  # fmt: skip
async def test_what_is_no_list_of_keys_leaves_the_last_ones_in_use(api: Api, server: KeyServer, body: bytes) -> None:
    await accepts(api, token := provider_token())
    server.answer = answering(body=body)
    api.clock.advance(600_000)
    await accepts(api, token)
    assert server.fetches == 2


@pytest.mark.parametrize("status", [204, 301, 302, 307, 404, 503])
async def test_only_200_is_an_answer_and_a_redirect_is_not_followed(api: Api, server: KeyServer, status: int) -> None:
    server.answer = answering(status=status, headers={"Location": server.url + "?again"})
    response = await api.send("GET", RESERVATIONS, token=provider_token())
    await failure_of(response, status=503)
    assert server.fetches == 1


async def test_an_answer_without_end_is_cut_off(api: Api, server: KeyServer) -> None:
    padded = json.dumps({"keys": server.keys, "padding": "x" * BYTES_MAX}).encode()
    server.answer = answering(body=padded)
    await failure_of(await api.send("GET", RESERVATIONS, token=provider_token()), status=503)


async def test_a_provider_that_hangs_is_given_up(api: Api, server: KeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actor_ticketing.http.jwks.FETCH_SECONDS", 0.05)
    release = asyncio.Event()

    async def hang() -> web.Response:
        await release.wait()
        return web.Response()

    server.answer = hang
    await failure_of(await api.send("GET", RESERVATIONS, token=provider_token()), status=503)
    release.set()


async def test_with_keys_in_hand_nobody_waits_long_for_new_ones(
    api: Api, server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await accepts(api, provider_token())
    monkeypatch.setattr("actor_ticketing.http.jwks.PATIENCE_SECONDS", 0.01)
    release = asyncio.Event()

    async def hang() -> web.Response:
        await release.wait()
        return web.json_response({"keys": [jwk_of(OTHER_RSA, "k2")]})

    server.answer = hang
    api.clock.advance(600_000)
    await accepts(api, provider_token())
    release.set()
    await accepts(api, provider_token(key=OTHER_RSA, kid="k2"))
    assert server.fetches == 2


@pytest.mark.parametrize(
    "members",
    [
        {"use": "enc"}, {"kty": "oct", "k": "c2VjcmV0"}, {"kty": None}, {"alg": "RS512"}, {"alg": "ES256"},
        {"n": None}, {"n": 7}, {"n": "*"}, {"d": "AQAB"}, {"key_ops": ["encrypt"]}, {"kty": ["RSA"]},
        {"kid": ["k1"]}, {"kid": 7},
    ],
)  # fmt: skip
async def test_keys_that_are_for_something_else_are_passed_over(
    api: Api, server: KeyServer, members: dict[str, Any]
) -> None:
    server.keys = [jwk_of(RSA, **members), jwk_of(P256, "other")]
    await refuses(api, provider_token())
    await accepts(api, provider_token(key=P256, algorithm="ES256", kid="other"))


@pytest.mark.parametrize("left", [[], [jwk_of(P256, "k1", alg="ES512")]])
async def test_a_provider_that_withdraws_all_its_keys_is_taken_at_its_word(
    api: Api, server: KeyServer, left: list[Any]
) -> None:
    await accepts(api, token := provider_token())
    server.keys = left
    api.clock.advance(600_000)
    await refuses(api, token)
    server.keys = [jwk_of(RSA)]
    api.clock.advance(600_000)
    await accepts(api, token)


async def test_a_published_secret_signs_nothing(api: Api, server: KeyServer) -> None:
    secret = base64.urlsafe_b64encode(SECRET.encode()).rstrip(b"=").decode()
    server.keys.append({"kty": "oct", "k": secret, "kid": "k1", "use": "sig", "alg": "HS256"})
    await refuses(api, signed_with_text(SECRET))


async def test_a_short_key_is_passed_over(api: Api, server: KeyServer) -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - that is the point.
    server.keys.append(jwk_of(short, "short"))
    head = f"{encoded({'alg': 'RS256', 'kid': 'short'})}.{encoded(claims())}"
    signature = base64.urlsafe_b64encode(short.sign(head.encode(), PKCS1v15(), SHA256())).decode().rstrip("=")
    await refuses(api, f"{head}.{signature}")


async def test_a_key_may_say_neither_what_it_is_for_nor_its_name(api: Api, server: KeyServer) -> None:
    server.keys = [jwk_of(RSA, None, use=None)]
    await accepts(api, provider_token(kid=None))


async def test_a_token_has_to_name_one_of_several_keys(api: Api, server: KeyServer) -> None:
    server.keys.append(jwk_of(OTHER_RSA, "k2"))
    await refuses(api, provider_token(kid=None))


async def test_two_kinds_of_keys_may_share_a_name(api: Api, server: KeyServer) -> None:
    server.keys.append(jwk_of(P256, "k1"))
    await accepts(api, provider_token())
    await accepts(api, provider_token(key=P256, algorithm="ES256"))


async def test_closing_gives_up_a_fetch(api: Api, server: KeyServer) -> None:
    release = asyncio.Event()

    async def hang() -> web.Response:
        await release.wait()
        return web.Response()

    server.answer = hang
    keys = issuer_of(api).keys
    waiting = asyncio.create_task(api.send("GET", RESERVATIONS, token=provider_token()))
    while not server.fetches:  # noqa: ASYNC110 - nobody sets an event.
        await asyncio.sleep(0)
    await keys.close()
    release.set()
    await failure_of(await waiting, status=503, code="unavailable")
