"""Who is asking: bearer tokens, the admin token, the cron secret, and guest sessions."""

import hmac
import re

from aiohttp import hdrs, web

from actor_ticketing.domain.errors import Forbidden, Invalid, Unauthenticated
from actor_ticketing.domain.reservation import Owner
from actor_ticketing.http.tokens import Identity, TokenChecker

_SESSION_ID = re.compile(r"[A-Za-z0-9._~-]{1,128}")


class Authenticator:
    """Checks credentials. Every secret is compared in constant time."""

    def __init__(self, tokens: TokenChecker, *, admin_token: str, cron_secret: str) -> None:
        self._tokens = tokens
        self._admin_token = admin_token.encode()
        self._cron_secret = cron_secret.encode()

    async def user(self, request: web.Request) -> Identity | None:
        """The signed-in user, or None without an Authorization header.

        :raises Unauthenticated, Unavailable: when there is one and it is no good; when nobody can tell at present.
        """
        if hdrs.AUTHORIZATION not in request.headers:
            return None
        return await self._tokens.identify(_bearer(request))

    async def admin(self, request: web.Request) -> Identity:
        """The admin who asks.

        :raises Unauthenticated, Forbidden: no good credentials; good ones without the right.
        """
        token = _bearer(request)
        if hmac.compare_digest(token.encode(), self._admin_token):
            return Identity(user_id=None, is_admin=True)
        if hmac.compare_digest(token.encode(), self._cron_secret):
            raise Forbidden("The cron secret opens only the cron route.")
        identity = await self._tokens.identify(token)
        if not identity.is_admin:
            raise Forbidden("This needs an admin.")
        return identity

    async def cron(self, request: web.Request) -> None:
        """Check the cron secret.

        :raises Unauthenticated, Forbidden: no good credentials; good ones without the right.
        """
        token = _bearer(request)
        if hmac.compare_digest(token.encode(), self._cron_secret):
            return
        if not hmac.compare_digest(token.encode(), self._admin_token):
            await self._tokens.identify(token)
        raise Forbidden("This needs the cron secret.")

    async def close(self) -> None:
        """Give up what is being fetched."""
        await self._tokens.close()


def _bearer(request: web.Request) -> str:
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("This needs an Authorization header with a bearer token.")
    if not token.isascii():
        raise Unauthenticated("The bearer token is not valid.", "invalid_token")
    return token


def check_session_id(session_id: str) -> None:
    """Check the form of a session id.

    :raises Invalid: when it is malformed.
    """
    if not _SESSION_ID.fullmatch(session_id):
        raise Invalid.field("sessionId", "must be 1 to 128 characters of A-Z a-z 0-9 . _ ~ -")


def owner_of(session_id: str | None, identity: Identity | None) -> Owner:
    """Put the proofs together.

    :raises Invalid: for a malformed session id.
    :raises Unauthenticated: when there is neither a session id nor a user.
    """
    if session_id is not None:
        check_session_id(session_id)
    user_id = None if identity is None else identity.user_id
    if session_id is None and user_id is None:
        raise Unauthenticated("This needs a sessionId or a bearer token.")
    return Owner(session_id=session_id, user_id=user_id)


def caller_of(owner: Owner) -> str:
    """Whose Idempotency-Keys these are: the user's, else the session's."""
    return f"user:{owner.user_id}" if owner.user_id is not None else f"session:{owner.session_id}"
