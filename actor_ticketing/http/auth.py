"""Who is asking: bearer tokens, the admin token, the cron secret, and guest sessions."""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field

import jwt
from aiohttp import web

from actor_ticketing.domain.errors import Forbidden, Invalid, Unauthenticated
from actor_ticketing.domain.reservation import Owner

SESSION_ID = re.compile(r"[A-Za-z0-9._~-]{1,128}")
ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a valid bearer token says: ``user_id`` is its ``sub``. The configured admin token has no user."""

    user_id: str | None = field(repr=False)
    is_admin: bool = False

    @property
    def caller(self) -> str:
        """Whose Idempotency-Keys these are."""
        return f"user:{self.user_id}" if self.user_id is not None else "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPolicy:
    """What a bearer JWT has to be (RFC 7519). ``algorithms`` is the allow-list; ``leeway_seconds`` is for clocks."""

    secret: str = field(repr=False)
    issuer: str
    audience: str
    algorithms: Sequence[str]
    leeway_seconds: int


class Authenticator:
    """Checks credentials. Every secret is compared in constant time."""

    def __init__(self, policy: TokenPolicy, *, admin_token: str, cron_secret: str) -> None:
        self._policy = policy
        self._key = _prepared(policy)
        self._admin_token = admin_token.encode()
        self._cron_secret = cron_secret.encode()

    def user(self, request: web.Request) -> Identity | None:
        """The signed-in user, or None without an Authorization header.

        :raises Unauthenticated: when there is one and it is no good.
        """
        if "Authorization" not in request.headers:
            return None
        return self._identity_of(_bearer(request))

    def admin(self, request: web.Request) -> Identity:
        """The admin who asks.

        :raises Unauthenticated, Forbidden: no good credentials; good ones without the right.
        """
        token = _bearer(request)
        if hmac.compare_digest(token.encode(), self._admin_token):
            return Identity(user_id=None, is_admin=True)
        if hmac.compare_digest(token.encode(), self._cron_secret):
            raise Forbidden("The cron secret opens only the cron route.")
        identity = self._identity_of(token)
        if not identity.is_admin:
            raise Forbidden("This needs an admin.")
        return identity

    def cron(self, request: web.Request) -> None:
        """Check the cron secret.

        :raises Unauthenticated, Forbidden: no good credentials; good ones without the right.
        """
        token = _bearer(request)
        if hmac.compare_digest(token.encode(), self._cron_secret):
            return
        if not hmac.compare_digest(token.encode(), self._admin_token):
            self._identity_of(token)
        raise Forbidden("This needs the cron secret.")

    def _identity_of(self, token: str) -> Identity:
        policy = self._policy
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=policy.algorithms,
                audience=policy.audience,
                issuer=policy.issuer,
                leeway=policy.leeway_seconds,
                options={"require": ["exp", "aud", "iss", "sub"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("The bearer token has expired.", "invalid_token") from error
        except jwt.PyJWTError as error:
            raise Unauthenticated("The bearer token is not valid.", "invalid_token") from error
        subject = claims["sub"]
        if not 1 <= len(subject) <= 200 or not subject.isprintable():
            raise Unauthenticated("The bearer token names no usable subject.", "invalid_token")
        return Identity(user_id=subject, is_admin=claims.get("role") == ADMIN)


def _prepared(policy: TokenPolicy) -> jwt.PyJWK | str:
    """The key in the form that PyJWT does not have to look into again for each token, where only one algorithm fits."""
    if len(policy.algorithms) != 1:
        return policy.secret
    encoded = urlsafe_b64encode(policy.secret.encode()).rstrip(b"=").decode()
    return jwt.PyJWK({"kty": "oct", "k": encoded}, algorithm=policy.algorithms[0])


def _bearer(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("This needs an Authorization header with a bearer token.")
    if not token.isascii():
        raise Unauthenticated("The bearer token is not valid.", "invalid_token")
    return token


def owner_of(session_id: str | None, identity: Identity | None) -> Owner:
    """Put the proofs together.

    :raises Invalid: for a malformed session id.
    :raises Unauthenticated: when there is neither a session id nor a user.
    """
    if session_id is not None and not SESSION_ID.fullmatch(session_id):
        raise Invalid.field("sessionId", "must be 1 to 128 characters of A-Z a-z 0-9 . _ ~ -")
    user_id = None if identity is None else identity.user_id
    if session_id is None and user_id is None:
        raise Unauthenticated("This needs a sessionId or a bearer token.")
    return Owner(session_id=session_id, user_id=user_id)


def caller_of(owner: Owner) -> str:
    """Whose Idempotency-Keys these are: the user's, else the session's."""
    return f"user:{owner.user_id}" if owner.user_id is not None else f"session:{owner.session_id}"
