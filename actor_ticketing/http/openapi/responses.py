"""The answers of an operation, as the document has them."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from actor_ticketing.http.errors import PROBLEM_JSON, document_of
from actor_ticketing.http.openapi.failures import FAILURES
from actor_ticketing.http.openapi.operation import Door, Operation
from actor_ticketing.http.openapi.schemas import Json

_TEXT = {"type": "string"}
HEADERS: Mapping[str, Json] = {
    "X-Request-ID": {"description": "What to quote in a report.", "schema": _TEXT, "required": True},
    "X-Ledger-Seq": {
        "description": "Where in the ledger an answer stands that changed something or shows stock.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "RateLimit": {
        "description": "What is left of the budget looked at last, and until when.",
        "schema": _TEXT,
    },
    "RateLimit-Policy": {"description": "That budget (draft-ietf-httpapi-ratelimit-headers).", "schema": _TEXT},
    "Retry-After": {"description": "Seconds to wait before trying again.", "schema": {"type": "integer"}},
    "ETag": {"description": "Send it as `If-None-Match` next time.", "schema": _TEXT, "required": True},
    "WWW-Authenticate": {"description": "RFC 6750.", "schema": _TEXT, "required": True},
}
_POSITION = "X-Ledger-Seq"
_BUDGET = ("RateLimit", "RateLimit-Policy")
_OF_STATUS = {401: ("WWW-Authenticate",), 409: (_POSITION,), 429: ("Retry-After", *_BUDGET), 503: ("Retry-After",)}


def responses_of(operation: Operation, references: Mapping[Any, Json]) -> Json:
    """Every answer of an operation, by its status."""
    named = ["X-Request-ID", *(_BUDGET if operation.door is Door.LIMITED else ())]
    named += [_POSITION] if operation.needs_service and isinstance(operation.answer, type) else []
    tagged = [*named, "ETag"] if operation.has_tag else named
    success: Json = {"description": HTTPStatus(operation.status).phrase, "headers": _headers(tagged)}
    if isinstance(operation.answer, type):
        success["content"] = {"application/json": {"schema": references[operation.answer]}}
    elif operation.answer:
        success["content"] = {media_type: {} for media_type in operation.answer}
    responses = {str(operation.status): success}
    if operation.has_tag:
        responses["304"] = {"description": "Not Modified", "headers": _headers(tagged)}
    for status, codes in operation.failures().items():
        responses[str(status)] = {"$ref": f"#/components/responses/{_name(status, codes)}"}
    return responses


def shared_responses(operations: Iterable[Operation]) -> Json:
    """The failures that these operations have, each once."""
    return {
        _name(status, codes): _failure(status, codes)
        for operation in operations
        for status, codes in operation.failures().items()
    }


def _name(status: int, codes: Sequence[str]) -> str:
    return ".".join([str(status), *codes])


def _failure(status: int, codes: Sequence[str]) -> Json:
    code = {"properties": {"code": {"enum": list(codes)}}}
    return {
        "description": f"{HTTPStatus(status).phrase}: {', '.join(f'`{code}`' for code in codes)}",
        "headers": _headers(["X-Request-ID", *_OF_STATUS.get(status, ())]),
        "content": {
            "application/json": {
                "schema": {"allOf": [{"$ref": "#/components/schemas/Failure"}, {"properties": {"error": code}}]},
                "examples": _examples(codes, as_problem=False),
            },
            PROBLEM_JSON: {
                "schema": {"allOf": [{"$ref": "#/components/schemas/Problem"}, code]},
                "examples": _examples(codes, as_problem=True),
            },
        },
    }


def _examples(codes: Sequence[str], *, as_problem: bool) -> Json:
    return {code: {"value": document_of(FAILURES[code], as_problem=as_problem)} for code in codes}


def _headers(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
