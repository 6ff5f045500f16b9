"""What happens before there is a request: bytes that are no valid HTTP fail in the same shape as everything else."""

import structlog
from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from aiohttp.web_server import Server

from actor_ticketing.domain.telling import told
from actor_ticketing.http.dispatch import find_quickly
from actor_ticketing.http.errors import INTERNAL, MALFORMED, failure_of_http, respond_failure
from actor_ticketing.http.middleware import around, name_request

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
            log.error("request_failed", error=exc and told(exc), exc_info=exc)
        if request.writer is not None and request.writer.output_size > 0:
            raise ConnectionError("an answer has begun already")
        response = respond_failure(request, INTERNAL if status >= 500 else MALFORMED)
        name_request(request, response)
        response.force_close()
        return response


class _Server(Server):
    def __call__(self) -> RequestHandler:
        return _Protocol(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """aiohttp's runner with what stands around every request, the malformed ones included."""

    async def _make_server(self) -> Server:
        server = await super()._make_server()
        server.__class__ = _Server
        server.request_handler = around(find_quickly(self.app))
        return server


async def refuse_expectation(request: web.Request) -> web.StreamResponse | None:
    """Meet ``100-continue``, and refuse any other expectation. aiohttp asks this before any middleware."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
        return None
    response = respond_failure(request, failure_of_http(web.HTTPExpectationFailed()))
    name_request(request, response)
    return response
