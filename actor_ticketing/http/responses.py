"""The response that is complete when it is made: head and body leave in one write."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http import HttpVersion10, HttpVersion11

JSON_UTF8 = "application/json; charset=utf-8"
LEDGER_SEQ = "X-Ledger-Seq"

_REASONS = {status.value: status.phrase for status in HTTPStatus}
_NO_BODY = (204, 304)
# No page, whatever somebody makes a browser believe (OWASP REST Security Cheat Sheet).
NO_PAGE = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def in_every_head(content_security_policy: str) -> dict[str, str]:
    """The headers that every answer has, with the policy that browsers are to keep on it."""
    return {
        "Server": "actor-ticketing",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Content-Security-Policy": content_security_policy,
    }


def _lines(headers: Mapping[str, str]) -> str:
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items()])


class WholeResponse(web.StreamResponse):
    """A response without cookies, compression and chunks, which aiohttp's own would each ask for on the way.

    :cvar in_every_head: what all responses of a class have in their heads.
    :ivar request_id: set by the middleware, as is
    :ivar more_head: further lines of the head, each with its line end.

    :param seq: the ledger position that the answer stands for; None where there is none.
    :param headers: what stands in the head beside that which every response has. Neither names nor values may come
        from a client unchecked: they are written as they are.
    """

    in_every_head: ClassVar[str] = _lines(in_every_head(NO_PAGE))

    def __init__(
        self,
        *,
        status: int,
        body: bytes,
        content_type: str = JSON_UTF8,
        cache_control: str = "no-store",
        headers: Mapping[str, str] | None = None,
        seq: int | None = None,
    ) -> None:
        super().__init__(status=status, reason=_REASONS[status], headers=headers)
        self.request_id = ""
        self.more_head = ""
        self._whole_body = body
        self._describes = "" if status in _NO_BODY else _described(content_type, len(body))
        if seq is not None:
            self._describes += f"{LEDGER_SEQ}: {seq}\r\n"
        self._cache_control = cache_control

    @property
    def body(self) -> bytes:
        """What is sent to anything but a HEAD request."""
        return self._whole_body

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send all of it; aiohttp calls this once the handler has returned."""
        if self._eof_sent:
            return None
        if self._keep_alive is None:
            self._keep_alive = request.keep_alive
        head = self._head(request).encode("latin-1")
        body = b"" if request.method == "HEAD" or self._status in _NO_BODY else self._whole_body
        writer = request.writer
        await writer.write(head + body)
        self._eof_sent = True
        self._body_length = len(body)
        return writer

    async def write_eof(self, data: bytes = b"") -> None:
        """There is nothing left to send."""
        del data

    def _head(self, request: web.BaseRequest) -> str:
        more = "".join([f"{name}: {value}\r\n" for name, value in self._headers.items()]) if self._headers else ""
        version = request.version
        if version == HttpVersion11:
            connection = "" if self._keep_alive else "Connection: close\r\n"
        else:
            connection = "Connection: keep-alive\r\n" if self._keep_alive and version == HttpVersion10 else ""
        return (
            f"HTTP/{version.major}.{version.minor} {self._status} {self._reason}\r\n{self._describes}"
            f"Cache-Control: {self._cache_control}\r\nX-Request-ID: {self.request_id}\r\n{self.more_head}{more}"
            f"{connection}Date: {rfc822_formatted_time()}\r\n{self.in_every_head}\r\n"
        )


_PAGE = in_every_head(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class PageResponse(WholeResponse):
    """A part of a page that browsers show: it may load what we deliver, call us, and nothing and nobody else."""

    in_every_head: ClassVar[str] = _lines({**_PAGE, "Permissions-Policy": "camera=(), microphone=(), geolocation=()"})


class CameraPageResponse(PageResponse):
    """The page that may look through the camera, for itself."""

    in_every_head: ClassVar[str] = _lines(
        {**_PAGE, "Permissions-Policy": "camera=(self), microphone=(), geolocation=()"}
    )


def _described(content_type: str, length: int) -> str:
    return f"Content-Type: {content_type}\r\nContent-Length: {length}\r\n"
