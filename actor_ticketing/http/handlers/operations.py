"""For whoever runs the service."""

from aiohttp import hdrs, web

from actor_ticketing.domain.errors import Draining
from actor_ticketing.http.answers import respond, success, to_json
from actor_ticketing.http.context import backend_of, doors_of
from actor_ticketing.http.metrics import METRICS
from actor_ticketing.http.responses import WholeResponse


async def livez(_: web.Request) -> WholeResponse:
    """``GET /livez``: the process answers."""
    return respond(success(to_json({"status": "alive"})))


async def metrics(request: web.Request) -> WholeResponse:
    """``GET /metrics``: the state of everything, as text for Prometheus. Also before recovery is done."""
    text, content_type = request.app[METRICS].exposition(request.headers.get(hdrs.ACCEPT, ""))
    return WholeResponse(status=200, body=text, content_type=content_type)


async def readyz(request: web.Request) -> WholeResponse:
    """``GET /readyz``: 200 from the end of recovery until draining begins."""
    backend_of(request)
    if doors_of(request).draining:
        raise Draining
    return respond(success(to_json({"status": "ready"})))
