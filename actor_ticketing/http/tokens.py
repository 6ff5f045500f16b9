"""Bearer JWTs: whose they are, whether they are good, and making our own."""

import math
import secrets
import time
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Protocol

import jwt

from actor_ticketing.config.public_keys import PublicKey
from actor_ticketing.domain.accounts import ACCOUNT_PREFIX
from actor_ticketing.domain.errors import Unauthenticated

ADMIN = "admin"
REMEMBERED_MAX = 10_000
_REMEMBERED_LENGTH_MAX = 2_048

Now = Callable[[], float]
"""Seconds since the epoch. Tokens are judged by the system clock, as whoever issued them goes by theirs."""

Key = jwt.PyJWK | PublicKey | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a valid bearer token says: ``user_id`` is its ``sub``. The configured admin token has no user.

    ``email`` is the address that it vouches for, if it does; nobody has looked whether it is one.
    """

    user_id: str | None = field(repr=False)
    is_admin: bool = False
    email: str | None = field(default=None, repr=False)

    @property
    def caller(self) -> str:
        """Whose Idempotency-Keys these are."""
        return f"user:{self.user_id}" if self.user_id is not None else "admin"

    @property
    def name(self) -> str:
        """Who it was, as the ledger tells of what admins do."""
        return self.user_id if self.user_id is not None else "admin token"

    @property
    def alias(self) -> str:
        """Who it was, as the log tells: whoever knows all admins can find out, and nobody else."""
        return f"admin {sha256(self.caller.encode()).hexdigest()[:8]}"


class Keys(Protocol):
    """What an issuer's tokens are checked with."""

    @property
    def version(self) -> int:
        """It rises when the keys change."""

    def still_hold(self, version: int) -> bool:
        """Whether what was good under the keys of that version is to be believed without another look."""

    async def find(self, header: Mapping[str, Any]) -> Key:
        """Return the key for a token with this header, which nobody has checked yet.

        :raises Unauthenticated, Unavailable: there is none; nobody can tell at present.
        """

    async def close(self) -> None:
        """Give up what is being fetched."""


class FixedKey:
    """One key that never changes."""

    version = 0

    def __init__(self, key: Key) -> None:
        self._key = key

    def still_hold(self, version: int) -> bool:
        """It always does."""
        del version
        return True

    async def find(self, header: Mapping[str, Any]) -> Key:
        """Return it."""
        del header
        return self._key

    async def close(self) -> None:
        """There is nothing to give up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Whose tokens are accepted, and how they have to be (RFC 7519).

    :ivar name: the ``iss`` of its tokens.
    :ivar algorithms: the allow-list.
    :ivar is_ours: whether it may speak for our own accounts.
    """

    name: str
    audience: str
    algorithms: Sequence[str]
    keys: Keys = field(repr=False)
    is_ours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """A token that was good; the instants are seconds since the epoch."""

    identity: Identity
    begins: float
    ends: float
    keys: Keys
    version: int


class TokenChecker:
    """Tells whose a bearer token is.

    Tokens that were good are remembered, so that a buyer's next request does not pay for the signature again.
    """

    def __init__(self, issuers: Sequence[Issuer], *, leeway_seconds: float, now: Now = time.time) -> None:
        self._issuers = {issuer.name: issuer for issuer in issuers}
        self._leeway = leeway_seconds
        self._now = now
        self._remembered: OrderedDict[str, _Checked] = OrderedDict()

    async def identify(self, token: str) -> Identity:
        """Return who shows the token. One that was checked a moment ago is not waited for.

        :raises Unauthenticated, Unavailable: it is no good; the issuer's keys cannot be had.
        """
        checked = self._remembered.get(token)
        if checked is None or not checked.keys.still_hold(checked.version):
            checked = await self._check(token)
        now = self._now()
        if checked.ends <= now - self._leeway:
            raise Unauthenticated("The bearer token has expired.", "invalid_token")
        if checked.begins > now + self._leeway:
            raise _invalid()
        self._remember(token, checked)
        return checked.identity

    async def close(self) -> None:
        """Give up what is being fetched."""
        for issuer in self._issuers.values():
            await issuer.keys.close()

    def _remember(self, token: str, checked: _Checked) -> None:
        if len(token) > _REMEMBERED_LENGTH_MAX:
            return
        self._remembered[token] = checked
        self._remembered.move_to_end(token)
        if len(self._remembered) > REMEMBERED_MAX:
            self._remembered.popitem(last=False)

    async def _check(self, token: str) -> _Checked:
        """Check everything but the time. What is read before the signature is only used to find the key."""
        try:
            unverified = jwt.decode_complete(token, options={"verify_signature": False})
        except (jwt.PyJWTError, RecursionError) as error:
            raise _invalid() from error
        header, name = unverified["header"], unverified["payload"].get("iss")
        issuer = self._issuers.get(name) if isinstance(name, str) else None
        if issuer is None or header.get("alg") not in issuer.algorithms:
            raise _invalid()
        key, version = await issuer.keys.find(header), issuer.keys.version
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=issuer.algorithms,
                audience=issuer.audience,
                issuer=issuer.name,
                options={
                    "require": ["exp", "aud", "iss", "sub"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except jwt.PyJWTError as error:
            raise _invalid() from error
        return _Checked(
            identity=Identity(
                user_id=_subject(claims, issuer), is_admin=claims.get("role") == ADMIN, email=_email(claims)
            ),
            begins=max(_instant(claims.get("nbf", 0)), _instant(claims.get("iat", 0))),
            ends=_instant(claims["exp"]),
            keys=issuer.keys,
            version=version,
        )


def _invalid() -> Unauthenticated:
    return Unauthenticated("The bearer token is not valid.", "invalid_token")


def _subject(claims: Mapping[str, Any], issuer: Issuer) -> str:
    subject: str = claims["sub"]
    if not 1 <= len(subject) <= 200 or not subject.isprintable():
        raise Unauthenticated("The bearer token names no usable subject.", "invalid_token")
    if subject.startswith(ACCOUNT_PREFIX) and not issuer.is_ours:
        raise Unauthenticated("The bearer token names an account that is not its issuer's.", "invalid_token")
    return subject


def _email(claims: Mapping[str, Any]) -> str | None:
    # OpenID Connect Core, 5.1. Who says nothing of verification is trusted to have thought of it.
    email = claims.get("email")
    return email if isinstance(email, str) and claims.get("email_verified", True) is True else None


def _instant(claim: Any) -> float:
    # RFC 7519, 2, NumericDate. Python's JSON knows NaN and infinity, which would end never.
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        raise _invalid()
    if isinstance(claim, float) and not math.isfinite(claim):
        raise _invalid()
    return claim


class TokenMinter:
    """Makes tokens of our own.

    :param seconds: how long they are good for.
    """

    def __init__(
        self, *, secret: str, issuer: str, audience: str, algorithm: str, seconds: float, now: Now = time.time
    ) -> None:
        self._secret = secret
        self._issuer = issuer
        self._audience = audience
        self._algorithm = algorithm
        self._seconds = seconds
        self._now = now

    def mint(self, user_id: str, *, is_admin: bool) -> tuple[str, int]:
        """Return a token, and when it ends (ms since the epoch)."""
        now = int(self._now())
        ends = int(now + self._seconds)
        claims = {
            "sub": user_id,
            "iss": self._issuer,
            "aud": self._audience,
            "iat": now,
            "exp": ends,
            "jti": secrets.token_urlsafe(12),
            **({"role": ADMIN} if is_admin else {}),
        }
        return jwt.encode(claims, self._secret, algorithm=self._algorithm), ends * 1_000


def shared_key(secret: str, algorithms: Sequence[str]) -> Key:
    """An HMAC secret; where only one algorithm fits, so that PyJWT need not look into it again for each token."""
    if len(algorithms) != 1:
        return secret
    encoded = urlsafe_b64encode(secret.encode()).rstrip(b"=").decode()
    return jwt.PyJWK({"kty": "oct", "k": encoded}, algorithm=algorithms[0])
