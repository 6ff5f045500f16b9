"""The one table from a refusal's kind to a status, and the one shape of every failure."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import hdrs, web

from actor_ticketing.domain.errors import Draining, Kind, Refusal, TooManyConnections, TooManyRequests
from actor_ticketing.domain.values import value
from actor_ticketing.http.answers import to_json
from actor_ticketing.http.responses import JSON_UTF8, WholeResponse

STATUS = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.KEY_REUSED: 422,
    Kind.TOO_MANY: 429,
    Kind.UNAVAILABLE: 503,
}
_MAY_PASS = (429, 503)

PROBLEM_JSON = "application/problem+json"
REALM = 'Bearer realm="actor-ticketing"'

CODES = {
    404: ("route_not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take this method."),
    408: ("request_timeout", "The body did not arrive in time."),
    413: ("body_too_large", "The body is larger than this service takes."),
    415: ("unsupported_media_type", "The body has to be JSON, sent as application/json."),
    417: ("expectation_failed", "The only expectation met here is 100-continue."),
    426: ("upgrade_required", "This address speaks WebSocket, version 13, and nothing else."),
}
"""Code and message of what aiohttp itself turns down, by status."""

_KEPT_HEADERS = ("Allow", "Upgrade", "Connection", "Sec-WebSocket-Version")


@value
class Failure:
    """One failure, whatever caused it."""

    status: int
    code: str
    message: str
    details: Any = None
    headers: Mapping[str, str] | None = None
    seq: int | None = None


MALFORMED = Failure(status=400, code="bad_request", message="This is no valid HTTP request.")
INTERNAL = Failure(status=500, code="internal_error", message="Something went wrong on our side.")


def failure_of_refusal(refusal: Refusal) -> Failure:
    """The failure that a refusal becomes."""
    status = STATUS[refusal.kind]
    if status == 401:
        realm = f'{REALM}, error="{refusal.details}"' if refusal.details else REALM
        return Failure(status=401, code=refusal.code, message=refusal.message, headers={"WWW-Authenticate": realm})
    return Failure(
        status=status,
        code=refusal.code,
        message=refusal.message,
        details=refusal.details,
        headers=_headers_of(refusal) if status in _MAY_PASS else None,
        seq=refusal.seq,
    )


def _headers_of(refusal: Refusal) -> dict[str, str]:
    """When trying again can help."""
    if isinstance(refusal, TooManyConnections):
        name = f'"{refusal.details["scope"]}-connections"'
        return {
            "Retry-After": "10",
            "RateLimit-Policy": f"{name};q={refusal.details['limit']}",
            "RateLimit": f"{name};r=0;t=10",
        }
    if isinstance(refusal, TooManyRequests):
        return {"Retry-After": str(refusal.seconds)}
    return {"Retry-After": "5" if isinstance(refusal, Draining) else "1"}


def failure_of_http(error: web.HTTPException) -> Failure:
    """The failure that an exception of aiohttp's own becomes: unknown routes, wrong methods, bodies too large."""
    code, message = CODES.get(error.status, ("bad_request", HTTPStatus(error.status).phrase))
    headers = {name: error.headers[name] for name in _KEPT_HEADERS if name in error.headers}
    return Failure(status=error.status, code=code, message=message, headers=headers)


def document_of(failure: Failure, *, as_problem: bool) -> dict[str, Any]:
    """The one shape of every failure, or that of RFC 9457."""
    details = {} if failure.details is None else {"details": failure.details}
    if not as_problem:
        return {"success": False, "message": failure.message, "error": {"code": failure.code, **details}}
    return {
        "type": "about:blank",
        "title": HTTPStatus(failure.status).phrase,
        "status": failure.status,
        "detail": failure.message,
        "code": failure.code,
        **details,
    }


def respond_failure(request: web.BaseRequest, failure: Failure) -> WholeResponse:
    """Make the response, as RFC 9457 when the client asks for that."""
    as_problem = PROBLEM_JSON in request.headers.get(hdrs.ACCEPT, "")
    return WholeResponse(
        status=failure.status,
        body=to_json(document_of(failure, as_problem=as_problem)).encode(),
        content_type=PROBLEM_JSON if as_problem else JSON_UTF8,
        headers=failure.headers,
        seq=failure.seq,
    )
