"""The OpenAPI document: made of the routes that there are, the table of operations, and the models that validate."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from openapi_pydantic import OpenAPI

from actor_ticketing import __version__
from actor_ticketing.http.openapi.operation import Operation
from actor_ticketing.http.openapi.responses import HEADERS, responses_of, shared_responses
from actor_ticketing.http.openapi.schemas import Json, schemas_of
from actor_ticketing.http.openapi.table import OPERATIONS
from actor_ticketing.http.openapi.webhooks import TELLING
from actor_ticketing.wire.shapes import Failure, Problem
from actor_ticketing.wire.webhooks import WebhookMessage

PARAMETER = re.compile(r"\{(\w+):((?:[^{}]|\{[^}]*\})*)\}")
"""A parameter in the path of a route: its name and its pattern."""
_DESCRIPTION = """\
Every failure has one shape; decide by `error.code`. Ask for `application/problem+json` to get it as RFC 9457.
Times are RFC 3339 in UTC. Amounts are in the minor unit of their currency. `HEAD` works wherever `GET` does; another
method than those listed is 405, with `Allow`. A session id is a secret: who knows it owns what it holds."""
_TAGS = {
    "events": "What is on sale, and what is left.",
    "sessions": "Guests.",
    "accounts": "Signing in, for a shop without an identity provider.",
    "reservations": "Holding tickets for some minutes.",
    "purchases": "Turning holds into tickets.",
    "tickets": "What a buyer has then.",
    "live": "What happens, as it happens.",
    "catalogue": "What operators put on sale.",
    "desk": "Looking things up for a buyer.",
    "door": "Letting people in.",
    "figures": "How sales go.",
    "cleanup": "Holds that have ended.",
    "mail": "What buyers are written.",
    "webhooks": "Who else is told what happens.",
    "privacy": "What is known of people.",
    "health": "For whoever runs the service.",
    "documents": "What describes it.",
    "pages": "The storefront.",
}
_SECURITY = {
    "userToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A buyer's: from signing in, or from the identity provider.",
    },
    "adminToken": {
        "type": "http",
        "scheme": "bearer",
        "description": 'The admin token, or a JWT with `"role": "admin"`.',
    },
    "cronSecret": {"type": "http", "scheme": "bearer", "description": "The cron secret, which opens nothing else."},
    "sessionId": {
        "type": "apiKey",
        "in": "query",
        "name": "sessionId",
        "description": "A guest session. Where there is a body, the id is in it.",
    },
}
_SHARED_PARAMETERS = {
    "RequestId": {
        "name": "X-Request-ID",
        "in": "header",
        "description": "1 to 128 characters of `A-Z a-z 0-9 . _ : / + = ~ -` come back in the answer, and are logged "
        "with an internal error; of anything else another is made.",
        "schema": {"type": "string"},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same key with the same request gets the first answer again, for 24 hours.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of the answer that is known; unchanged, it is 304.",
        "schema": {"type": "string"},
    },
}


def template_of(path: str) -> str:
    """The path of a route without the patterns of its parameters."""
    return PARAMETER.sub(r"{\1}", path)


def openapi(routes: Iterable[tuple[str, str]]) -> str:
    """Make the document, as JSON.

    :param routes: method and path of each, as the router has them.
    :raises KeyError: when one of them is not in the table.
    """
    found = [(method, path, OPERATIONS[f"{method} {template_of(path)}"]) for method, path in routes]
    operations = [operation for _, _, operation in found]
    bodies = [operation.body for operation in operations if operation.body]
    answers = [operation.answer for operation in operations if isinstance(operation.answer, type)]
    references, schemas = schemas_of([*bodies, *answers, Failure, Problem, WebhookMessage])
    message = {"content": {"application/json": {"schema": references[WebhookMessage]}}, "required": True}
    paths: dict[str, Json] = {}
    for method, path, operation in found:
        paths.setdefault(template_of(path), {})[method.lower()] = _described(operation, path, references)
    document = OpenAPI.model_validate(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "actor_ticketing",
                "version": __version__,
                "summary": "Holds tickets for some minutes, and sells what was held.",
                "description": _DESCRIPTION,
            },
            "servers": [{"url": "/"}],
            "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
            "paths": paths,
            "webhooks": {"ledgerEntry": {"post": {**TELLING, "requestBody": message}}},
            "components": {
                "schemas": schemas,
                "responses": shared_responses(operations),
                "parameters": _SHARED_PARAMETERS,
                "headers": HEADERS,
                "securitySchemes": _SECURITY,
            },
        }
    )
    text = json.dumps(document.model_dump(mode="json", by_alias=True, exclude_unset=True), ensure_ascii=False, indent=1)
    # Docstrings quote as reStructuredText does, the document as Markdown does.
    return text.replace("``", "`") + "\n"


def _described(operation: Operation, path: str, references: Mapping[Any, Json]) -> Json:
    described: Json = {
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": _parameters_of(operation, path),
        "responses": responses_of(operation, references),
        "security": list(operation.proof),
    }
    if operation.body is not None:
        examples = {name: {"value": body} for name, body in operation.bodies.items()}
        content = {"application/json": {"schema": references[operation.body], "examples": examples}}
        described["requestBody"] = {"content": content, "required": not operation.body_is_optional}
    return described


def _parameters_of(operation: Operation, path: str) -> list[Json]:
    in_path = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": f"^{pattern}$"},
            "example": operation.path[name],
        }
        for name, pattern in PARAMETER.findall(path)
    ]
    in_query = [
        {
            "name": query.name,
            "in": "query",
            "description": query.description,
            "required": query.required,
            "schema": query.schema,
            **({} if query.example is None else {"example": query.example}),
        }
        for query in operation.query
    ]
    shared = ["RequestId"]
    shared += ["IdempotencyKey"] if operation.keeps_answers else []
    shared += ["IfNoneMatch"] if operation.has_tag else []
    return [*in_path, *in_query, *({"$ref": f"#/components/parameters/{name}"} for name in shared)]
