"""From bytes to checked values."""

import asyncio
import re
from typing import TypeVar

from aiohttp import hdrs, web
from pydantic import BaseModel, ValidationError

from actor_ticketing.domain.errors import Draining, Invalid
from actor_ticketing.http.context import doors_of
from actor_ticketing.http.outline import DEPTH_MAX, has_more_members, is_too_deep

M = TypeVar("M", bound=BaseModel)

_PLAIN = {
    "missing": "is required",
    "extra_forbidden": "is not known here",
    "int_type": "must be an integer",
    "string_type": "must be a string",
    "string_pattern_mismatch": "has characters or a length that are not allowed here",
    "model_type": "must be an object",
    "dict_type": "must be an object",
    "list_type": "must be a list",
    "too_short": "has too few entries",
    "too_long": "has too many entries",
}
_NUMBER = re.compile(r"[0-9]{1,9}")
LIMIT_MAX = 100
PROBLEMS_MAX = 50
MEMBERS_MAX = 1_000


async def read_body(request: web.Request) -> bytes:
    """Return the whole body.

    :raises web.HTTPRequestTimeout: when it does not arrive in time.
    :raises Draining: when the service is stopping and the body does not arrive in the time left.
    :raises Invalid: when its framing is broken.
    """
    if request.content.is_eof():
        body = request.content.read_nowait()
        if len(body) > request.client_max_size:
            raise web.HTTPRequestEntityTooLarge(request.client_max_size)
        return body
    if (request.content_length or 0) > request.client_max_size:
        raise web.HTTPRequestEntityTooLarge(request.client_max_size)
    doors = doors_of(request)
    try:
        async with asyncio.timeout(doors.body_seconds) as timeout:
            doors.reading.add(timeout)
            try:
                return await request.read()
            finally:
                doors.reading.discard(timeout)
    except TimeoutError as error:
        raise (Draining() if doors.draining else web.HTTPRequestTimeout()) from error
    except web.RequestPayloadError as error:
        raise Invalid("The body did not arrive as its headers announce it.") from error


async def read_model(
    request: web.Request, model: type[M], *, may_be_empty: bool = False, members_max: int = MEMBERS_MAX
) -> tuple[M, bytes]:
    """Return the body as ``model``, and its bytes. An empty body stands for ``{}`` where that is allowed.

    :param members_max: how many members its objects may have in all. Saying what is wrong with each of ten thousand
        would take the loop a tenth of a second.
    :raises Invalid: naming every field that is wrong.
    :raises web.HTTPUnsupportedMediaType: for anything that is not said to be plain JSON.
    """
    if doors_of(request).draining:
        raise Draining
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise web.HTTPUnsupportedMediaType
    body = await read_body(request)
    if not body and may_be_empty:
        return model(), body
    if not _is_json(request):
        raise web.HTTPUnsupportedMediaType
    if is_too_deep(body):
        too_deep = Invalid(f"The body is nested deeper than {DEPTH_MAX} levels.")
        too_deep.code = "malformed_json"
        raise too_deep
    if has_more_members(body, members_max):
        raise Invalid.field("body", "has more members than anything that can be asked for here")
    try:
        return model.model_validate_json(body), body
    except ValidationError as error:
        raise invalid_of(error) from None


def _is_json(request: web.Request) -> bool:
    if request.headers.get(hdrs.CONTENT_TYPE) == "application/json":
        return True  # Nearly all say just this, which need not be taken apart.
    return request.content_type == "application/json" and (request.charset or "utf-8").lower() in {"utf-8", "utf8"}


def invalid_of(error: ValidationError) -> Invalid:
    """The refusal that names every field in which a body is wrong."""
    problems = []
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        if each["type"] == "json_invalid":
            malformed = Invalid(f"The body is not valid JSON: {each['msg'].removeprefix('Invalid JSON: ')}.")
            malformed.code = "malformed_json"
            return malformed
        field = ".".join(str(part) for part in each["loc"]) or "body"
        problem = _PLAIN.get(each["type"]) or each["msg"].replace("Input should", "must")
        problems.append({"field": field, "problem": problem})
        if len(problems) == PROBLEMS_MAX:
            break
    return Invalid("Some of what was sent is not valid.", problems)


def page_of(request: web.Request, *, default_limit: int = 10) -> tuple[int, int]:
    """Return ``page`` (from 1) and ``limit`` (1 to 100) of a query.

    :raises Invalid: when one of them is not such a number.
    """
    page = _number(request, "page", 1)
    limit = _number(request, "limit", default_limit)
    if page < 1:
        raise Invalid.field("page", "must be at least 1")
    if not 1 <= limit <= LIMIT_MAX:
        raise Invalid.field("limit", f"must be between 1 and {LIMIT_MAX}")
    return page, limit


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if not _NUMBER.fullmatch(text):
        raise Invalid.field(name, "must be an integer")
    return int(text)


def knows(request: web.Request, tag: str) -> bool:
    """Whether the client has what this entity tag stands for."""
    # RFC 9110, 13.1.2: If-None-Match compares weakly, and * matches whatever there is.
    known = request.headers.get("If-None-Match")
    if known is None:
        return False
    return known.strip() == "*" or tag in {each.strip().removeprefix("W/") for each in known.split(",")}
