"""What the OpenAPI document says of one route."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pydantic import BaseModel

from actor_ticketing.http.fields import Body
from actor_ticketing.http.openapi.failures import FAILURES

Requirements = Sequence[Mapping[str, list[str]]]


class Door(Enum):
    """What a request passes before its handler, as :mod:`actor_ticketing.http.throttling` has it."""

    OPEN = "open"
    LIMITED = "limited"
    GUARDED = "guarded"


# Which credentials open a route: names of security schemes, of which one set is enough.
ANYONE: Requirements = ()
SESSION: Requirements = ({"sessionId": []},)
HOLDER: Requirements = ({"sessionId": []}, {"userToken": []})
# With a session in the body, or where a guest is welcome, no header is needed.
GUEST_OR_USER: Requirements = ({}, {"userToken": []})
USER: Requirements = ({"userToken": []},)
ADMIN: Requirements = ({"adminToken": []},)
CRON: Requirements = ({"cronSecret": []},)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A parameter in the query, with an example if one is needed for a request to succeed."""

    name: str
    description: str
    schema: Mapping[str, Any]
    example: Any = None
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One route.

    :ivar id: its operationId, which is also what it is called in a generated client.
    :ivar answer: the shape of success, or its media types when it is no JSON of ours; ``()`` for no body.
    :ivar body: what the request has to be, if it has a body.
    :ivar bodies: examples of bodies, by what they show.
    :ivar path: an example for each parameter of the path.
    :ivar refusals: codes of failures beyond those that follow from what else stands here.
    :ivar keeps_answers: whether an Idempotency-Key counts.
    :ivar has_tag: whether the answer has an entity tag.
    :ivar needs_service: whether it is 503 before recovery is done.
    """

    id: str
    summary: str
    tag: str
    answer: type[BaseModel] | Sequence[str]
    status: int = 200
    door: Door = Door.LIMITED
    proof: Requirements = ANYONE
    body: type[Body] | None = None
    bodies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    body_is_optional: bool = False
    path: Mapping[str, str] = field(default_factory=dict)
    query: Sequence[Query] = ()
    refusals: Sequence[str] = ()
    keeps_answers: bool = False
    has_tag: bool = False
    needs_service: bool = True

    def failures(self) -> dict[int, list[str]]:
        """The codes of all its failures, by status."""
        codes = {"bad_request", "expectation_failed", "internal_error", *self.refusals}
        if self.door is not Door.OPEN:
            codes.add("rate_limited")
        if self.door is Door.GUARDED:
            codes |= {"unauthenticated", "forbidden"}
        if self.proof:
            codes.add("unauthenticated")
        if self.path:
            codes.add("route_not_found")
        if self.query or self.keeps_answers or self.body is not None:
            codes.add("validation_error")
        if self.body is not None:
            codes |= {"malformed_json", "request_timeout", "body_too_large", "unsupported_media_type", "draining"}
        if self.keeps_answers:
            codes.add("idempotency_key_reused")
        if self.needs_service:
            codes |= {"unavailable", "storage_unavailable", "overloaded", "draining"}
        found: dict[int, list[str]] = {}
        for code in sorted(codes):
            found.setdefault(FAILURES[code].status, []).append(code)
        return dict(sorted(found.items()))
