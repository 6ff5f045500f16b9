"""What happens before there is a request: bytes that are no valid HTTP fail in the same shape as everything else."""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from aiohttp.web_server import Server

from actor_ticketing.domain.telling import told
from actor_ticketing.http import idle
from actor_ticketing.http.context import DOORS
from actor_ticketing.http.dispatch import find_quickly
from actor_ticketing.http.errors import INTERNAL, MALFORMED, failure_of_http, respond_failure
from actor_ticketing.http.middleware import Handler, around, finish_head
from actor_ticketing.http.request import ServiceRequest
from actor_ticketing.http.request_ids import id_of

LINGERING_SECONDS = 2.0

log = structlog.get_logger(__name__)


class _Protocol(RequestHandler):
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what aiohttp could not even hand to the application, and close the connection."""
        del message
        if status >= 500:
            log.error("request_failed", error=exc and told(exc), exc_info=exc, request_id=id_of(request))
        if request.writer is not None and request.writer.output_size > 0:
            raise ConnectionError("an answer has begun already")
        response = respond_failure(request, INTERNAL if status >= 500 else MALFORMED)
        finish_head(request, response)
        response.force_close()
        return response


class _Server(Server):
    def __call__(self) -> RequestHandler:
        return _Protocol(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """aiohttp's runner with what stands around every request, the malformed ones included.

    :param idle_seconds: how long a connection may wait for the head of its next request.
    :param around_requests: is put around the handler of all requests.
    """

    def __init__(
        self,
        app: web.Application,
        *,
        idle_seconds: float = 75.0,
        around_requests: Callable[[Handler], Handler] = lambda handler: handler,
        **options: Any,
    ) -> None:
        # A compressed body is refused (415), so nothing of it is unpacked: of a few kilobytes it would make megabytes.
        # Whoever is still sending when the answer has gone out is listened to for a moment only.
        super().__init__(app, auto_decompress=False, lingering_time=LINGERING_SECONDS, **options)
        self._idle_seconds = idle_seconds
        self._around_requests = around_requests
        self._watch: asyncio.Task[None] | None = None

    async def setup(self) -> None:
        """Begin, with an eye on idle connections."""
        await super().setup()
        assert self.server is not None  # noqa: S101 - it is what setup makes.
        self._watch = asyncio.create_task(idle.watch(self.server, self._idle_seconds), name="idle connections")

    async def cleanup(self) -> None:
        """End."""
        if self._watch is not None:
            self._watch.cancel()
        await super().cleanup()

    async def _make_server(self) -> Server:
        server = await super()._make_server()
        server.__class__ = _Server
        doors = self.app[DOORS]
        make_request: Any = self.app._make_request  # noqa: SLF001 - what it gives to servers.

        def make(*parts: Any) -> ServiceRequest:
            request: ServiceRequest = make_request(*parts, _cls=ServiceRequest)
            request.doors = doors
            return request

        server.request_factory = make
        handler = around(find_quickly(self.app), doors.traffic, doors.cors)
        server.request_handler = self._around_requests(handler)
        return server


async def refuse_expectation(request: web.Request) -> web.StreamResponse | None:
    """Meet ``100-continue``, and refuse any other expectation. aiohttp asks this before any middleware."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
        return None
    response = respond_failure(request, failure_of_http(web.HTTPExpectationFailed()))
    finish_head(request, response)
    return response
