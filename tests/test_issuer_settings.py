"""What an operator says about an identity provider is checked at the start, and named when it will not do."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import ValidationError

from actor_ticketing.config import Settings
from actor_ticketing.config.public_keys import fits, read_public_key
from support.provider import ED25519, P256, RSA, pem_of

P384 = ec.generate_private_key(ec.SECP384R1())
PROVIDER: dict[str, Any] = {"name": "https://login.example.com/", "public_key": pem_of(RSA)}


def problems_of(**issuer: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        Settings(issuer=issuer)
    return str(refused.value)


@pytest.mark.parametrize(
    ("key", "algorithms"),
    [
        (RSA, ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]),
        (P256, ["ES256"]),
        (P384, ["ES384"]),
        (ED25519, ["EdDSA"]),
        (ed448.Ed448PrivateKey.generate(), ["EdDSA"]),
    ],
    ids=lambda value: str(value) if isinstance(value, list) else type(value).__name__,
)
def test_a_key_that_fits_its_algorithms_is_accepted(key: Any, algorithms: list[str]) -> None:
    settings = Settings(issuer={**PROVIDER, "public_key": pem_of(key), "algorithms": algorithms})
    assert settings.issuer.algorithms == tuple(algorithms)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(RSA, "ES256"), (RSA, "EdDSA"), (P256, "RS256"), (P256, "ES384"), (P384, "ES256"), (ED25519, "PS256")],
)
def test_a_key_of_another_kind_is_refused(key: Any, algorithm: str) -> None:
    problems = problems_of(**{**PROVIDER, "public_key": pem_of(key), "algorithms": [algorithm]})
    assert f"issuer.algorithms: {algorithm} needs another kind of key" in problems


def test_a_short_rsa_key_is_refused() -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - that is the point.
    assert "RS256 needs another kind of key, or a longer one" in problems_of(
        **{**PROVIDER, "public_key": pem_of(short)}
    )


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----\n",
        pem_of(RSA)[:200],
        RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    ],
)
def test_what_is_no_public_key_is_refused_and_not_shown(text: str) -> None:
    problems = problems_of(**{**PROVIDER, "public_key": text})
    assert "issuer.public_key: should be a public key as PEM" in problems
    assert text not in problems


def test_a_key_that_signs_no_tokens_is_refused() -> None:
    key = dsa.generate_private_key(key_size=2048)
    assert "issuer.public_key: should be an RSA, EC or EdDSA key" in problems_of(
        **{**PROVIDER, "public_key": pem_of(key)}
    )


@pytest.mark.parametrize("algorithm", ["HS256", "none", "RS", "ES256K", ""])
def test_an_algorithm_without_public_keys_fits_none(algorithm: str) -> None:
    keys = [read_public_key(pem_of(key)) for key in (P256, ED25519)]
    assert not any(fits(algorithm, key) for key in [*keys, "a secret", None])
