"""For whoever runs the service."""

from aiohttp import web

from actor_ticketing.domain.errors import Draining
from actor_ticketing.http.answers import Document, respond
from actor_ticketing.http.context import backend_of, doors_of


async def livez(_: web.Request) -> web.Response:
    """``GET /livez``: the process answers."""
    return respond(Document({"status": "alive"}).answer())


async def readyz(request: web.Request) -> web.Response:
    """``GET /readyz``: 200 from the end of recovery until draining begins."""
    backend_of(request)
    if doors_of(request).draining:
        raise Draining
    return respond(Document({"status": "ready"}).answer())
