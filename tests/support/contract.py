"""Whether what the service answers is what its documents say."""

import json
import re
from typing import Any

from aiohttp import ClientResponse

from actor_ticketing.http.application import all_routes
from actor_ticketing.http.errors import PROBLEM_JSON
from actor_ticketing.http.openapi.document import PARAMETER, template_of
from actor_ticketing.http.openapi.operation import Operation
from actor_ticketing.http.openapi.table import OPERATIONS
from actor_ticketing.wire.live import MESSAGES
from actor_ticketing.wire.shapes import Failure, Problem

_ADDRESSES = [
    (
        route.method,
        re.compile(PARAMETER.sub(r"(?:\2)", route.path)),
        OPERATIONS[f"{route.method} {template_of(route.path)}"],
    )
    for route in all_routes(has_accounts=True)
]


def operation_at(method: str, path: str) -> Operation | None:
    """What the document has at an address, if anything."""
    found = (each for verb, address, each in _ADDRESSES if verb == method and address.fullmatch(path))
    return next(found, None)


async def keeps_its_promise(response: ClientResponse) -> None:
    """Hold an answer against the document: status, kind, every member and, of a failure, the code."""
    operation = operation_at(response.method, response.url.path)
    if operation is None:
        return
    if response.status >= 400:
        _fails_as_promised(operation, response.status, response.content_type, await response.json(content_type=None))
        return
    if response.status == 304:
        assert operation.has_tag
        return
    assert response.status == operation.status
    assert not operation.has_tag or response.headers["ETag"]
    if isinstance(operation.answer, type):
        assert response.content_type == "application/json"
        operation.answer.model_validate_json(await response.read(), extra="forbid", by_name=False)
    elif operation.answer:
        assert response.content_type in operation.answer


def _fails_as_promised(operation: Operation, status: int, content_type: str, document: Any) -> None:
    text = json.dumps(document)
    if content_type == PROBLEM_JSON:
        code = Problem.model_validate_json(text, extra="forbid", by_name=False).code
    else:
        assert content_type == "application/json"
        code = Failure.model_validate_json(text, extra="forbid", by_name=False).error.code
    # Where the accounts are switched off, their addresses are none.
    assert code == "route_not_found" or code in operation.failures().get(status, ()), (operation.id, status, code)


def is_as_promised(message: Any) -> None:
    """Hold a message of the WebSocket against the document."""
    MESSAGES.validate_json(json.dumps(message), extra="forbid", by_name=False)
