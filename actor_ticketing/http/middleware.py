"""What happens around every request: its id, what else stands in every head, and the one shape of every failure."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
from aiohttp import web
from multidict import istr

from actor_ticketing.domain.errors import Kind, Refusal, Unavailable
from actor_ticketing.domain.telling import told
from actor_ticketing.http import limits
from actor_ticketing.http.budgets import OverBudget
from actor_ticketing.http.cors import Cors
from actor_ticketing.http.errors import INTERNAL, Failure, failure_of_http, failure_of_refusal, respond_failure
from actor_ticketing.http.request import known
from actor_ticketing.http.request_ids import id_of
from actor_ticketing.http.responses import WholeResponse
from actor_ticketing.http.traffic import Traffic
from actor_ticketing.tickets.drawing import DrawingOverloaded

log = structlog.get_logger(__name__)

_RATE_LIMIT = istr("RateLimit")

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def around(handler: Handler, traffic: Traffic, cors: Cors | None = None) -> Handler:
    """Wrap what handles all requests, routing included: every failure is answered in one shape, every answer named and
    counted.

    It stands where aiohttp has its middlewares, without what those cost each request.
    """

    def refuse(request: web.BaseRequest, failure: Failure) -> WholeResponse:
        traffic.refusals[failure.code] += 1
        return respond_failure(request, failure)

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        try:
            preflight = None if cors is None else cors.preflight(request)
            response = await handler(request) if preflight is None else preflight
        except Refusal as refusal:
            if refusal.__cause__ is not None and refusal.kind is Kind.UNAVAILABLE:
                # Where it failed, nobody knew for whom. What has no cause is a limit, or is logged with its commit.
                log.warning("request_unavailable", error=told(refusal.__cause__), **_about(request))
            if isinstance(refusal, OverBudget):
                known(request).standing = refusal.standing
            response = refuse(request, failure_of_refusal(refusal))
        except DrawingOverloaded:
            response = refuse(request, failure_of_refusal(Unavailable("Too many tickets are being drawn.")))
        except web.HTTPException as error:
            response = refuse(request, failure_of_http(error))
            if error.status == HTTPStatus.REQUEST_TIMEOUT:
                # Whoever sends that slowly is not listened to any longer.
                response.force_close()
        except Exception:
            log.exception("request_failed", **_about(request))
            response = refuse(request, INTERNAL)
        traffic.note(request, response.status)
        finish_head(request, response, cors)
        return response

    return handle


def finish_head(request: web.BaseRequest, response: web.StreamResponse, cors: Cors | None = None) -> None:
    """Let a response carry the id of its request, and what limits and other origins' pages make of it."""
    if isinstance(response, WholeResponse):
        response.request_id = id_of(request)
        # A refusal that is not about a budget says itself what it is about.
        lines = "" if _RATE_LIMIT in response.headers else limits.head_lines(request)
        response.more_head = lines if cors is None else lines + cors.head_lines(request)


def _about(request: web.BaseRequest) -> dict[str, str]:
    """What a log line says of a request."""
    return {"method": request.method, "route": _route_of(request), "request_id": id_of(request)}


def _route_of(request: web.BaseRequest) -> str:
    # The pattern, not the path: ids in a path can be secrets.
    resource = request.match_info.route.resource if isinstance(request, web.Request) else None
    return "unknown" if resource is None else resource.canonical
