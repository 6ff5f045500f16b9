"""Tokens of an identity provider: a shared secret, a public key, or the keys that it publishes."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest

from support.provider import (
    AUDIENCE,
    ED25519,
    OTHER_RSA,
    P256,
    PROVIDER,
    RSA,
    jwk_of,
    pem_of,
    provider_token,
)
from support.web import RESERVATIONS, Api, configured, failure_of, make_token, purchase_of

SECRET = "a-secret-shared-with-the-provider-0123456789"
WITH_PEM = {"name": PROVIDER, "audience": AUDIENCE, "public_key": pem_of(RSA)}
WITH_SECRET = {"name": PROVIDER, "audience": AUDIENCE, "secret": SECRET, "algorithms": ["HS256"]}


async def accepts(api: Api, token: str) -> None:
    await api.call("GET", RESERVATIONS, token=token, status=200)


async def refuses(api: Api, token: str, what: str = "") -> None:
    response = await api.send("GET", RESERVATIONS, token=token)
    assert response.status == 401, what
    await failure_of(response, status=401, code="unauthenticated")
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


def encoded(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def claims(**changes: Any) -> dict[str, Any]:
    return {"sub": "user-1", "iss": PROVIDER, "aud": AUDIENCE, "exp": int(time.time()) + 86_400, **changes}


def signed_with_text(text: str, algorithm: str = "HS256", **changes: Any) -> str:
    """An HMAC over any text as the key, which PyJWT itself would not make."""
    head = f"{encoded({'alg': algorithm, 'typ': 'JWT', 'kid': 'k1'})}.{encoded(claims(**changes))}"
    digest = hmac.digest(text.encode(), head.encode(), hashlib.sha256)
    return f"{head}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def bad_tokens() -> dict[str, str]:
    now = int(time.time())
    return {
        "expired": provider_token(exp=now - 60),
        "not yet valid": provider_token(nbf=now + 86_400),
        "issued in the future": provider_token(iat=now + 86_400),
        "for another audience": provider_token(aud="another"),
        "for our own audience": provider_token(aud="actor-ticketing"),
        "of another issuer": provider_token(iss="https://elsewhere.example.com/"),
        "of an issuer that is no string": signed_with_text("x", iss=[PROVIDER]),
        "without exp": provider_token(exp=None),
        "without aud": provider_token(aud=None),
        "without iss": provider_token(iss=None),
        "without sub": provider_token(sub=None),
        "ending never": provider_token(exp=float("inf")),
        "ending at no number": provider_token(exp=float("nan")),
        "signed by somebody else": provider_token(key=OTHER_RSA),
        "signed with another algorithm": provider_token(algorithm="RS512"),
        "signed by our own secret": signed_with_text("jwt-secret-of-these-tests-0123456789"),
        "unsigned": jwt.encode(claims(), None, "none"),
        "unsigned, in other letters": f"{encoded({'alg': 'NONE'})}.{encoded(claims())}.",
        "signed with the public key as a secret": signed_with_text(pem_of(RSA)),
        "the same, trimmed": signed_with_text(pem_of(RSA).strip()),
        "bringing its own key": jwt.encode(
            claims(), OTHER_RSA, "RS256", headers={"kid": "k1", "jwk": jwk_of(OTHER_RSA)}
        ),
    }  # fmt: skip


BAD = bad_tokens()


class TestWithAPublicKey:
    pytestmark = configured(issuer=WITH_PEM)

    async def test_the_providers_users_sign_in(self, api: Api) -> None:
        await accepts(api, provider_token())
        await accepts(api, provider_token(aud=["another", AUDIENCE]))
        await accepts(api, provider_token(kid=None))

    async def test_our_own_tokens_count_beside_the_providers(self, api: Api) -> None:
        await accepts(api, make_token())
        held = await api.reserve()
        path, body = purchase_of(held)
        await api.call("POST", path, body, token=provider_token(), status=201)

    @pytest.mark.parametrize("what", BAD)
    async def test_a_bad_token_is_refused(self, api: Api, what: str) -> None:
        await refuses(api, BAD[what], what)

    async def test_a_token_with_other_claims_than_were_signed_is_refused(self, api: Api) -> None:
        header, _, signature = provider_token().split(".")
        await refuses(api, f"{header}.{encoded(claims(sub='user-2'))}.{signature}")
        await refuses(api, f"{header}.{encoded(claims())}.")

    async def test_nobody_signs_for_the_other_issuer(self, api: Api) -> None:
        await refuses(api, provider_token(iss="actor-ticketing", aud="actor-ticketing"))
        await refuses(api, make_token(iss=PROVIDER, aud=AUDIENCE))

    async def test_the_provider_does_not_speak_for_our_accounts(self, api: Api) -> None:
        await refuses(api, provider_token("acct_0123"))
        await accepts(api, make_token("acct_0123"))
        await accepts(api, provider_token("ACCT_0123"))

    async def test_the_provider_makes_admins(self, api: Api) -> None:
        await api.call("GET", "/api/admin/events", token=provider_token(role="admin"), status=200)
        await api.refused("GET", "/api/admin/events", token=provider_token(), status=403)

    async def test_clocks_may_differ_a_little(self, api: Api) -> None:
        now = int(time.time())
        await accepts(api, provider_token(exp=now - 2))
        await accepts(api, provider_token(nbf=now + 2))


@configured(issuer=WITH_SECRET)
async def test_a_shared_secret_checks_the_providers_tokens_and_no_others(api: Api) -> None:
    await accepts(api, provider_token(key=SECRET, algorithm="HS256"))
    await refuses(api, provider_token(key=SECRET + "x", algorithm="HS256"))
    await refuses(api, provider_token(key=SECRET + "0123", algorithm="HS384"))
    await refuses(api, provider_token())
    await refuses(api, make_token(key=SECRET))


async def test_without_a_provider_its_tokens_are_nothing(api: Api) -> None:
    await refuses(api, provider_token())


@configured(issuer={**WITH_PEM, "public_key": pem_of(P256), "algorithms": ["ES256"]})
async def test_an_elliptic_curve_serves_as_well(api: Api) -> None:
    await accepts(api, provider_token(key=P256, algorithm="ES256"))


@configured(issuer={**WITH_PEM, "public_key": pem_of(ED25519), "algorithms": ["EdDSA"]})
async def test_and_an_edwards_curve(api: Api) -> None:
    await accepts(api, provider_token(key=ED25519, algorithm="EdDSA"))
