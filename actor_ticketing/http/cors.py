"""Pages of other origins: which may call, and what their browsers are told (https://fetch.spec.whatwg.org/#http-cors)."""

from collections.abc import Collection

from aiohttp import hdrs, web

from actor_ticketing.domain.errors import Forbidden
from actor_ticketing.http.responses import LEDGER_SEQ, WholeResponse

_METHODS = "GET, POST, PATCH, DELETE"
_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-None-Match, X-Request-ID"
_READABLE = f"ETag, RateLimit, RateLimit-Policy, Retry-After, {LEDGER_SEQ}, X-Request-ID"
_DAY_SECONDS = 86_400


class Cors:
    """Lets pages of the listed origins call, and read what they are answered.

    Nothing here goes by cookies, so no browser is asked to send any (``Access-Control-Allow-Credentials`` is never
    said), and a page of a foreign origin can do nothing in a visitor's name.
    """

    def __init__(self, origins: Collection[str]) -> None:
        self._origins = frozenset(origins)

    def allows(self, origin: str) -> bool:
        """Whether an origin is listed."""
        return origin in self._origins

    def preflight(self, request: web.BaseRequest) -> WholeResponse | None:
        """The answer to a browser that asks before it calls; None if this is nothing of the kind.

        :raises Forbidden: when it asks for a page of an origin that is not listed.
        """
        if request.method != hdrs.METH_OPTIONS or hdrs.ACCESS_CONTROL_REQUEST_METHOD not in request.headers:
            return None
        if request.headers.get(hdrs.ORIGIN) not in self._origins:
            raise Forbidden("Pages of this origin may not call this service.")
        allowed = {
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": _HEADERS,
            "Access-Control-Max-Age": str(_DAY_SECONDS),
        }
        return WholeResponse(status=204, body=b"", headers=allowed)

    def head_lines(self, request: web.BaseRequest) -> str:
        """What stands in every answer, as lines of a head."""
        origin = request.headers.get(hdrs.ORIGIN)
        if origin not in self._origins:
            return "Vary: Origin\r\n"
        # It is one of ours letter by letter, so nothing of a client's making gets into the head.
        return (
            f"Vary: Origin\r\nAccess-Control-Allow-Origin: {origin}\r\nAccess-Control-Expose-Headers: {_READABLE}\r\n"
        )
