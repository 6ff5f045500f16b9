"""What happens around every request: its id, and the one shape of every failure."""

import re
import secrets
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from actor_ticketing.domain.errors import Refusal, Unavailable
from actor_ticketing.http.errors import INTERNAL, failure_of_http, failure_of_refusal, respond_failure
from actor_ticketing.http.responses import WholeResponse
from actor_ticketing.tickets.qr import QrOverloaded

log = structlog.get_logger(__name__)

REQUEST_ID = "X-Request-ID"
_SANE = re.compile(r"[A-Za-z0-9._:/+=~-]{1,128}")

_REQUEST_ID = web.RequestKey("request_id", str)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Handle the request, answer every failure in one shape, and name it."""
    try:
        response = await handler(request)
    except Refusal as refusal:
        response = respond_failure(request, failure_of_refusal(refusal))
    except QrOverloaded:
        response = respond_failure(request, failure_of_refusal(Unavailable("Too many codes are being drawn.")))
    except web.HTTPException as error:
        response = respond_failure(request, failure_of_http(error))
    except Exception:
        log.exception("request_failed", method=request.method, route=_route_of(request), request_id=_id_of(request))
        response = respond_failure(request, INTERNAL)
    name_request(request, response)
    return response


def name_request(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Let a response carry the id of its request."""
    if isinstance(response, WholeResponse):
        response.request_id = _id_of(request)


def _id_of(request: web.BaseRequest) -> str:
    """The request's own id if it sent a sane one; otherwise one is made, once."""
    request_id = request.get(_REQUEST_ID)
    if request_id is None:
        given = request.headers.get(REQUEST_ID, "")
        request_id = request[_REQUEST_ID] = given if _SANE.fullmatch(given) else secrets.token_urlsafe(12)
    return request_id


def _route_of(request: web.Request) -> str:
    # The pattern, not the path: ids in a path can be secrets.
    resource = request.match_info.route.resource
    return "unknown" if resource is None else resource.canonical
