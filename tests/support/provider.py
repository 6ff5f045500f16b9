"""An identity provider: its keys, its tokens, and the server that publishes the keys."""

import json
import time
from collections.abc import Callable
from typing import Any

import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

PROVIDER = "https://login.example.com/"
AUDIENCE = "tickets"

# Made once: a key of 2048 bits takes a while.
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
P256 = ec.generate_private_key(ec.SECP256R1())
ED25519 = ed25519.Ed25519PrivateKey.generate()


def pem_of(key: Any) -> str:
    """The public half as an operator configures it."""
    text: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return text.decode()


def jwk_of(key: Any, kid: str | None = "k1", **members: Any) -> dict[str, Any]:
    """The public half as the provider publishes it."""
    kinds: list[tuple[type, Any]] = [
        (rsa.RSAPrivateKey, RSAAlgorithm),
        (ec.EllipticCurvePrivateKey, ECAlgorithm),
        (ed25519.Ed25519PrivateKey, OKPAlgorithm),
    ]
    [algorithm] = [algorithm for kind, algorithm in kinds if isinstance(key, kind)]
    document = {**json.loads(algorithm.to_jwk(key.public_key())), "use": "sig", "kid": kid, **members}
    document.pop("key_ops", None)
    return {name: value for name, value in {**document, **members}.items() if value is not None}


def provider_token(
    user: str = "user-1", *, key: Any = RSA, algorithm: str = "RS256", kid: str | None = "k1", **claims: Any
) -> str:
    """A token as the provider makes it; a claim of None is left out."""
    document = {"sub": user, "iss": PROVIDER, "aud": AUDIENCE, "exp": int(time.time()) + 600, **claims}
    given = {name: value for name, value in document.items() if value is not None}
    return jwt.encode(given, key, algorithm, headers=None if kid is None else {"kid": kid})


class KeyServer:
    """Publishes keys on a port of the loopback interface.

    :ivar keys: what it publishes.
    :ivar fetches: how often it was asked.
    :ivar answer: what it answers instead, while that is set.
    """

    def __init__(self) -> None:
        self.keys: list[Any] = [jwk_of(RSA)]
        self.fetches = 0
        self.answer: Callable[[], Any] | None = None
        app = web.Application()
        app.router.add_get("/jwks.json", self._publish)
        self._server = TestServer(app)

    @property
    def url(self) -> str:
        """Where the keys are."""
        return str(self._server.make_url("/jwks.json"))

    async def start(self) -> None:
        """Start on a free port."""
        await self._server.start_server()

    async def close(self) -> None:
        """Stop answering."""
        await self._server.close()

    async def _publish(self, _: web.Request) -> web.StreamResponse:
        self.fetches += 1
        if self.answer is not None:
            response: web.StreamResponse = await self.answer()
            return response
        return web.json_response({"keys": self.keys})
