"""The keys that an identity provider publishes as a JWK set (RFC 7517), fetched when they are needed."""

import asyncio
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import aiohttp
import jwt
import structlog
from cryptography.exceptions import UnsupportedAlgorithm

from actor_ticketing.config.public_keys import fits
from actor_ticketing.domain.errors import Unauthenticated, Unavailable
from actor_ticketing.domain.telling import told

log = structlog.get_logger(__name__)

FETCH_SECONDS = 5.0
PATIENCE_SECONDS = 1.0
"""How long a fetch is waited for while there are old keys."""
BYTES_MAX = 1024 * 1024
RETRY_SECONDS = 30.0
FIRST_RETRY_SECONDS = 1.0
"""While there are no keys at all, nobody can sign in."""

_KEY_TYPES = ("RSA", "EC", "OKP")


class _PublishedKey(NamedTuple):
    kid: str | None
    algorithm: str
    key: jwt.PyJWK


class JwksKeys:
    """The keys at ``url``, as :class:`Keys`.

    They are fetched when they are first needed, when they are older than ``cache_seconds``, and when a token names one
    that is not known; all who need them share one fetch. While it fails, the last keys stay in use.

    :ivar version: rises when a fetch brings other keys.

    :param algorithms: the allow-list; what is for none of them is ignored.
    :param monotonic: seconds from any origin, never going back.
    """

    def __init__(
        self,
        url: str,
        algorithms: Sequence[str],
        *,
        cache_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.version = 0
        self._url = url
        self._algorithms = algorithms
        self._cache_seconds = cache_seconds
        self._monotonic = monotonic
        self._document: list[Any] = []
        self._keys: list[_PublishedKey] = []
        self._fetched_at: float | None = None
        self._tried_at = -math.inf
        self._fetching: asyncio.Task[None] | None = None
        self._has_failed = False

    def still_hold(self, version: int) -> bool:
        """Whether they are the same, and were looked at not long ago."""
        return version == self.version and not self._are_old()

    async def find(self, header: Mapping[str, Any]) -> jwt.PyJWK:
        """Return the key for a token with this header.

        :raises Unauthenticated: when the provider has no such key.
        :raises Unavailable: when its keys cannot be fetched, so that nobody can tell.
        """
        is_first = self._fetched_at is None
        if self._are_old():
            await self._refresh(patience=None if is_first else PATIENCE_SECONDS)
        key = self._known(header)
        if key is None and not is_first:
            await self._refresh(patience=None)
            key = self._known(header)
        if key is not None:
            return key
        if self._has_failed or self._fetched_at is None:
            raise Unavailable("The identity provider's keys cannot be fetched. Please try again in a moment.")
        raise Unauthenticated("The bearer token is not valid.", "invalid_token")

    async def close(self) -> None:
        """Give up a fetch that is under way."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])

    def _are_old(self) -> bool:
        return self._fetched_at is None or self._monotonic() >= self._fetched_at + self._cache_seconds

    def _known(self, header: Mapping[str, Any]) -> jwt.PyJWK | None:
        kid = header.get("kid")
        found = [each.key for each in self._keys if each.algorithm == header["alg"] and kid in {None, each.kid}]
        # A token that names no key can only be of a provider that has no choice.
        return found[0] if len(found) == 1 else None

    async def _refresh(self, *, patience: float | None) -> None:
        """Fetch the keys, unless that was tried a moment ago; wait for it, ``patience`` seconds from its start."""
        if self._fetching is None:
            pause = FIRST_RETRY_SECONDS if self._fetched_at is None else min(RETRY_SECONDS, self._cache_seconds)
            if self._monotonic() < self._tried_at + pause:
                return
            self._tried_at = self._monotonic()
            self._fetching = asyncio.create_task(self._fetch())
        # A request that is cut off, or has no more patience, leaves the fetch to the others.
        timeout = None if patience is None else max(0.0, self._tried_at + patience - self._monotonic())
        await asyncio.wait([self._fetching], timeout=timeout)

    async def _fetch(self) -> None:
        try:
            document = _checked(json.loads(await self._download()))
            keys = list(_usable(document, self._algorithms))
        except (aiohttp.ClientError, OSError, ValueError, TypeError, LookupError, RecursionError) as error:
            self._has_failed = True
            log.warning("jwks_not_fetched", url=self._url, error=told(error))
        else:
            self._has_failed = False
            self._fetched_at = self._monotonic()
            if not keys:
                # A provider that has withdrawn its keys means it: nothing that they have signed counts any more.
                log.warning("jwks_has_no_key", url=self._url, algorithms=list(self._algorithms))
            if document["keys"] != self._document:
                self._document, self._keys = document["keys"], keys
                self.version += 1
        finally:
            self._fetching = None

    async def _download(self) -> bytes:
        body = bytearray()
        timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
        async with (
            aiohttp.ClientSession(timeout=timeout, headers={"Accept": "application/json"}) as session,
            # A redirect could lead anywhere, also to where nothing is encrypted.
            session.get(self._url, allow_redirects=False) as response,
        ):
            if response.status != 200:
                raise ValueError(f"it answers with status {response.status}")
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > BYTES_MAX:
                    raise ValueError("it is larger than 1 MiB")
        return bytes(body)


def _checked(document: Any) -> dict[str, Any]:
    """The document, if it is a set of keys.

    :raises ValueError: when it is none.
    """
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise ValueError("it is no JWK set")
    return {"keys": keys}


def _usable(document: Any, algorithms: Sequence[str]) -> Iterator[_PublishedKey]:
    """The keys that signatures of these algorithms can be checked with; all others are passed over."""
    for entry in document["keys"]:
        if not _is_for_signatures(entry):
            continue
        for algorithm in algorithms:
            if entry.get("alg", algorithm) != algorithm:
                continue
            try:
                key = jwt.PyJWK(entry, algorithm)
            except (jwt.PyJWTError, UnsupportedAlgorithm, ValueError, TypeError, LookupError):
                continue
            if fits(algorithm, key.key):
                yield _PublishedKey(entry.get("kid"), algorithm, key)


def _is_for_signatures(entry: Any) -> bool:
    # An "oct" key is a secret: one that is published is none, and a token signed with it could be anybody's.
    return (
        isinstance(entry, dict)
        and entry.get("kty") in _KEY_TYPES
        and isinstance(entry.get("kid"), str | None)
        and "d" not in entry
        and entry.get("use", "sig") == "sig"
        and "verify" in entry.get("key_ops", ["verify"])
    )
